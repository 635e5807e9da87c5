package merge

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Stored is what a Push is applied to: what the storage holds, all read inside the lock.
type Stored struct {
	// Records holds one record for each of Push.Keys, in their order; record.New of the key
	// stands for a record that is not stored. Collection.Lookup returns them so.
	Records []record.Record
	// Watermarks holds the greatest stamp accepted before from each client that pushed, as
	// an earlier Answer returned it. A zero time says that none was accepted; leave a
	// client out if that is not known, such as when the storage did not always keep
	// watermarks. For a client that is left out, neither rewound stamps nor edits lost on
	// arrival are reported. Their order does not matter.
	Watermarks []clock.Stamp
	// StorageFull says that the storage has no room. Items that would make a record
	// grow, or create one, are refused with StorageFull; others are accepted, as with
	// Engine.MaxRecord.
	StorageFull bool
}

// ErrNotLoaded is wrapped by the error of Push.Apply, a *record.Error whose path is the
// position in Stored.Records. It means that the records are not those of Push.Keys: a bug
// of the caller, which no client is to blame for.
var ErrNotLoaded = errors.New("not loaded")

// Apply decides about all items. It is a pure function: the same Push and the same Stored
// get the same Answer, byte for byte, and nothing else happens. So it can be called again
// with what is stored by then if the transaction failed, and calling it without storing
// what it returns is a dry run.
//
// Each item is accepted or refused by itself and as a whole. An item that was
// accepted before is accepted again, and changes nothing. What Apply answers about
// an item does not depend on the order of the items.
//
// The only error is a mistake of the caller: ErrNotLoaded. Then nothing is decided.
func (p *Push) Apply(s Stored) (Answer, error) {
	if err := p.checkLoaded(s.Records); err != nil {
		return Answer{}, err
	}
	a := application{
		Push:       p,
		answer:     Answer{Results: make([]Result, len(p.verdicts))},
		watermarks: newWatermarks(s.Watermarks),
		full:       s.StorageFull,
		decisions:  make([]Decision, 0, p.writes),
	}
	for i := range a.answer.Results {
		a.answer.Results[i] = Result{Key: p.key(i), Refusal: p.verdicts[i].refusal}
	}
	a.applyAll(s.Records)
	a.answer.Watermarks, a.answer.Greatest = a.watermarks.after()
	return a.answer, nil
}

// checkLoaded returns an error unless records are those of p.keys.
func (p *Push) checkLoaded(records []record.Record) error {
	for i, key := range p.keys {
		switch {
		case i == len(records):
			return notLoaded(i, "want the record of %s, and there are no more", key)
		case records[i].Key() == record.Key{}:
			return notLoaded(i, "want the record of %s, not one without a key; record.New(key) stands for an absent one", key)
		case records[i].Key() != key:
			return notLoaded(i, "want the record of %s, not of %s", key, records[i].Key())
		}
	}
	if n := len(p.keys); len(records) > n {
		return notLoaded(n, "want no more than %d records, one for each of Push.Keys", n)
	}
	return nil
}

// notLoaded returns the error about the record at position i.
func notLoaded(i int, format string, args ...any) error {
	return &record.Error{
		Path: fmt.Sprintf("records[%d]", i), Offset: -1,
		Err: fmt.Errorf("%w: "+format, append([]any{ErrNotLoaded}, args...)...),
	}
}

// application is a Push that is being applied.
type application struct {
	*Push
	answer     Answer
	watermarks watermarks
	full       bool // Stored.StorageFull
	builder    record.Builder
	// decisions holds those of all results, one after the other.
	decisions  []Decision
	itemWrites []itemWrite // scratch
}

// itemWrite is one write of one item.
type itemWrite struct {
	*Decision
	item int
}

// applyAll applies the admitted items, record by record.
func (a *application) applyAll(records []record.Record) {
	items := a.admitted
	if a.isBounded() {
		items = slices.Clone(items) // which refuseGrowth changes
	}
	for _, before := range records {
		n := 1
		for n < len(items) && a.key(items[n]) == before.Key() {
			n++
		}
		a.applyTo(before, items[:n])
		items = items[n:]
	}
}

// applyTo applies all items of one record.
func (a *application) applyTo(before record.Record, items []int) {
	if items = a.refuseGrowth(before, items); len(items) == 0 {
		return
	}
	key := before.Key()
	a.collectWrites(key, items)
	a.decideWrites(before)
	// Records of one key always have a join.
	after, changed, _ := a.builder.Join(before, a.incoming(key, items))
	if changed {
		a.answer.Updates = append(a.answer.Updates, Update{before, after})
	}
	for _, i := range items {
		a.addNotes(i, Update{before, after})
	}
}

// collectWrites collects the writes of the items, sorted by field, and those of a field in
// ascending order.
func (a *application) collectWrites(key record.Key, items []int) {
	a.itemWrites = a.itemWrites[:0]
	for _, i := range items {
		from := len(a.decisions)
		for name, w := range a.request.Items[i].Mutation.Data.All() {
			a.watermarks.accept(w.Stamp)
			a.decisions = append(a.decisions, Decision{Key: key, Field: name, Change: Change{Incoming: w}})
			a.itemWrites = append(a.itemWrites, itemWrite{&a.decisions[len(a.decisions)-1], i})
		}
		a.answer.Results[i].Fields = slices.Clip(a.decisions[from:])
	}
	if len(items) > 1 {
		slices.SortFunc(a.itemWrites, func(t, u itemWrite) int {
			return cmp.Or(strings.Compare(t.Field, u.Field), t.Incoming.Compare(u.Incoming))
		})
	}
}

// decideWrites decides between each write and the one that stands in its field by then. Of
// the writes 3 and 5 over a stored 4, the 3 is superseded by the 4, and the 5 replaces it.
func (a *application) decideWrites(before record.Record) {
	var standing record.FieldValue
	for n, t := range a.itemWrites {
		switch {
		case n == 0 || a.itemWrites[n-1].Field != t.Field:
			standing, _ = before.Get(t.Field)
			fallthrough
		case a.itemWrites[n-1].Incoming != t.Incoming:
			if t.Before = standing; t.decide() {
				standing = t.Incoming
			}
		default:
			// The same write in two items: what becomes of it is the same.
			t.Change = a.itemWrites[n-1].Change
		}
		a.markSeen(t)
	}
}

// incoming returns the join of the items of one record.
func (a *application) incoming(key record.Key, items []int) record.Record {
	if len(items) == 1 {
		return a.request.Items[items[0]].Mutation.Data
	}
	// What is in records was checked, so it makes a record.
	r, _ := a.builder.Record(key, func(yield func(string, record.FieldValue) bool) {
		for n, t := range a.itemWrites {
			last := n+1 == len(a.itemWrites) || a.itemWrites[n+1].Field != t.Field
			if last && !yield(t.Field, t.Incoming) {
				return
			}
		}
	})
	return r
}

// markSeen finds out whether the winner's author had seen the loser. Nothing is known
// about writes by one client, nor without a base. Say A stored 4, upon which B writes 5: a
// base of 4 means that B had seen it, and a base of 3 or none that it had not.
func (a *application) markSeen(t itemWrite) {
	base, known := a.request.Items[t.item].Mutation.Base[t.Field]
	switch {
	case !known || t.Before.IsZero() || t.Before.Stamp.Client == t.Incoming.Stamp.Client:
	case !t.Won():
		// Whoever wrote the winner cannot have seen what comes only now. The clients of a
		// gateway may have seen what it holds back.
		if a.watermarks.isNew(t.Incoming.Stamp) && t.Incoming.Stamp.Client == a.request.Actor {
			t.Seen = SeenNo
		}
	case base == t.Before.Stamp:
		t.Seen = SeenYes
	case base.Compare(t.Before.Stamp) < 0:
		// Authors see the greatest of the writes that reached them, so this one did not
		// reach this author. A base above it refers to a write not stored here (perhaps
		// refused), so it does not show which lower writes the author saw.
		t.Seen = SeenNo
	}
}
