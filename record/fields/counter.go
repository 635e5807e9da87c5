package fields

import (
	"errors"
	"math/bits"

	"github.com/fieldlww/fieldlww/record"
)

// The errors of counters.
var (
	// ErrOverflow: the sum is outside int64.
	ErrOverflow = errors.New("the sum of the counter overflows")
	// ErrFull: the counter has too many live additions. A reset makes room, and the sum begins at 0 again. Do not add the
	// old sum after it: two clients that do so at the same time add it twice.
	ErrFull = errors.New("the counter has too many additions: reset it")
	// ErrID: the ID of an addition has less than 16 bytes, so it cannot be random, or the counter has had an addition with
	// this ID.
	ErrID = errors.New("the ID of an addition needs 16 random characters or more, and is used once")
	// ErrReadOnly: a struct member that holds a sum is not the sum that the author of the edit saw: it was changed, or
	// the struct was read from another state of the record.
	ErrReadOnly = errors.New("a sum is read-only: use Counter.Add")
)

// Counter is the name of a counter, such as the quantity of an article. Each addition is a field of its own, with
// a random name: name/ID holds n. The counter is the sum of the additions that are not deleted. A reset deletes the
// additions that its author saw. So additions of different clients never conflict, and an addition counts once however
// often and wherever it arrives. It is cancelled exactly if the author of a reset had seen it, where the server refuses
// the writes that Admit refuses: otherwise, an addition that is stamped again after a reset counts again.
//
// An addition costs a field, with about 140 bytes of JSON, until a reset deletes it, and a tombstone until that is
// purged. So a counter suits what people count, and not what programs measure.
//
// The name is not empty, has no slash and does not begin with $; all methods refuse others with record.ErrName.
// The zero Counter is refused.
type Counter struct {
	Name string
	// Most is the greatest number of additions that are not deleted. Less than 1 means 1,000.
	Most int
}

// shortestID is the least length of an ID, in bytes.
const shortestID = 16

// Addition is one addition to a counter.
type Addition struct {
	// ID is random, and has at least 16 bytes: for example rand.Text() of package crypto/rand. Mutation refuses an ID that
	// no field name can hold. To send an addition again, send its mutation again.
	ID string
	N  int64
}

// Add adds to the counter. It refuses an addition with ErrID, ErrOverflow or ErrFull; then the edit is as before. Earlier
// additions and resets in the same edit count. It costs as much as reading the record.
func (c Counter) Add(e *record.Edit, a Addition) error {
	after, err := e.After()
	if err != nil {
		return err
	}
	sum, err := c.sum(after)
	_, used := after.Get(c.Name + "/" + a.ID)
	switch {
	case err != nil:
		return err
	case used || len(a.ID) < shortestID:
		return ErrID
	case c.live(after) >= c.most():
		return ErrFull
	}
	if sum.add(a.N); !sum.isInt64() {
		return ErrOverflow
	}
	e.Set(c.Name+"/"+a.ID, a.N)
	return nil
}

// Reset deletes all additions that the author of the edit saw, even those that hold no integer. Additions that the
// author had not seen still count, and additions in the same edit count too.
func (c Counter) Reset(e *record.Edit) error {
	if err := checkName(c.Name); err != nil {
		return err
	}
	for id := range elements(e.Seen(), c.Name) {
		e.Delete(c.Name + "/" + id)
	}
	return nil
}

// Sum returns the sum of a counter. It returns ErrOverflow if the sum is outside int64. An addition that holds no
// integer is refused with a *record.Error that names it and wraps record.ErrType.
func (c Counter) Sum(r record.Record) (int64, error) {
	sum, err := c.sum(r)
	if err == nil && !sum.isInt64() {
		err = ErrOverflow
	}
	if err != nil {
		return 0, err
	}
	return int64(sum.low), nil
}

// Admit returns nil if a server may accept a write that turns the first record into the second one. It is for the
// MayWrite of a merge.Stored. It refuses a write that adds something else than an integer under a new ID, with
// a *record.Error for record.ErrType, or with ErrID; it refuses additions with ErrOverflow if the sum overflows,
// and with ErrFull if there are more than Most then. It never refuses a write that only deletes additions.
//
// An ID is new if the counter never had it. An addition may be stamped again by another client at its time, as a client
// does that gets a new ID. At a later time it is refused, because it would win over a reset whose author saw it.
// That loses nothing: the addition is there.
func (c Counter) Admit(before, after record.Record) error {
	if err := checkName(c.Name); err != nil {
		return err
	}
	added := false
	for id, value := range elements(after, c.Name) {
		was, known := before.Get(c.Name + "/" + id)
		now, _ := after.Get(c.Name + "/" + id)
		if known && was.Value == value && was.Stamp.Time == now.Stamp.Time {
			continue
		}
		added = true
		if _, ok := value.Int(); !ok {
			return wrong(c.Name, id, "an integer")
		}
		if known || len(id) < shortestID {
			return ErrID
		}
	}
	if !added {
		return nil
	}
	if _, err := c.Sum(after); errors.Is(err, ErrOverflow) {
		return err
	}
	if n := c.live(after); n > c.most() && n > c.live(before) {
		return ErrFull
	}
	return nil
}

// live returns the number of additions that are not deleted.
func (c Counter) live(r record.Record) (n int) {
	for range elements(r, c.Name) {
		n++
	}
	return n
}

// sum returns the sum of the live additions.
func (c Counter) sum(r record.Record) (sum wide, err error) {
	if err := checkName(c.Name); err != nil {
		return sum, err
	}
	for id, value := range elements(r, c.Name) {
		i, ok := value.Int()
		if !ok {
			return sum, wrong(c.Name, id, "an integer")
		}
		sum.add(i)
	}
	return sum, nil
}

// wide is an integer of 128 bits in two's complement: a sum may leave int64 and come back. Package math/big would make a
// program for js/wasm larger by 6 KB.
type wide struct {
	high int64
	low  uint64
}

func (w *wide) add(n int64) {
	low, carry := bits.Add64(w.low, uint64(n), 0)
	w.low = low
	w.high += n>>63 + int64(carry)
}

func (w wide) isInt64() bool { return w.high == int64(w.low)>>63 }

func (c Counter) most() int {
	if c.Most < 1 {
		return 1000
	}
	return c.Most
}

// Total is a struct member that holds the sum of a counter. Its tag is the name of the counter:
//
//	type Article struct {
//		Quantity fields.Total `lww:"qty"`
//	}
//
// Record.Struct stores what Counter.Sum returns. It is read-only: Edit.SetStruct refuses a changed value with
// ErrReadOnly.
type Total int64

// ReadFields is called by Record.Struct.
func (n *Total) ReadFields(r record.Record, name string) error {
	sum, err := Counter{Name: name}.Sum(r)
	*n = Total(sum)
	return err
}

// WriteFields is called by Edit.SetStruct.
func (n *Total) WriteFields(e *record.Edit, name string) error {
	sum, err := Counter{Name: name}.Sum(e.Seen())
	if err != nil {
		return err
	}
	if int64(*n) != sum {
		return ErrReadOnly
	}
	return nil
}
