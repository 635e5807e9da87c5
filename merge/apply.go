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

// Stored is the state of the storage to which a Push is applied, all read inside the lock.
type Stored struct {
	// Records holds one record for each of Push.Keys, in the same order: the stored record, or
	// record.New of the key if there is none. Collection.Lookup returns such a slice.
	Records []record.Record
	// Watermarks holds the greatest stamp accepted before from each client that pushed, as
	// an earlier Answer returned it. A zero time means that no stamp was accepted. With a
	// fence, it means that no stamp above the fence was accepted, so the storage may drop
	// watermarks at or below the fence: no edit at or below the fence is reported as lost on
	// arrival, with or without a watermark. Leave a client out if its watermark is not known, for
	// example because the storage did not always keep watermarks: then neither rewound stamps
	// nor edits lost on arrival are reported for it. The order of the watermarks does not matter.
	Watermarks []clock.Stamp
	// StorageFull reports whether the storage is full. If it is, items that would make
	// a record grow, or create one, are refused with the code StorageFull; others are accepted,
	// as with Engine.MaxRecord.
	StorageFull bool
	// Fence is the stamp up to which deleted data may have been purged, and Level says how
	// much of dead records is kept: see Purge. The zero Fence means that nothing was ever
	// purged. Read both inside the lock: both only grow.
	Fence clock.Timestamp
	Level int
	// MayRead reports whether the actor may read a record. Nil means that it may read all records.
	//
	// If the actor may not read the record of an item, the item is refused as Forbidden, without a
	// path and a detail, unless every write in it is stored and has the actor's own client ID. Such
	// an item was accepted before, perhaps before the actor lost the right to read the record. It is
	// accepted again, without outcomes of fields, notes and watermarks. Apply asks about records that
	// exist: not about an absent, dead or erased one.
	MayRead func(r record.Record) bool
	// MayWrite decides like a Guard, but may look at the stored record. Nil permits everything that
	// the Guard permits. It returns nil to permit the mutation, or the reason for refusing it, which
	// becomes a Refusal like the error of a Guard.
	//
	// The record seen is what stands: the normal form of the stored record, joined with the items
	// of the same push that were accepted before. It has no fields if the record is absent or dead.
	// The record after is seen joined with m. The mutation m holds only the writes of the item that
	// are above seen, with the Base and New of the whole item; MayWrite must not change it. If no
	// write is above, Apply does not ask: the item is accepted and changes nothing. So sending an
	// item again stays safe after a hand-over.
	//
	// Both functions are pure, like a Guard: what they know, such as the roles of the actor, was
	// read inside the lock. Apply asks about the items of one record in ascending order of the
	// greatest stamp in each, and with the same greatest stamp in the order of their canonical JSON.
	// If the record is dead, the items that begin a new life come before the others. So the order in
	// the request does not matter. An item is refused by MayRead, then as Gone, then by MayWrite, and
	// then because the record would grow.
	MayWrite func(seen, after record.Record, m record.Mutation) error
}

// ErrNotLoaded is the error that Push.Apply wraps in a *record.Error, whose path is the
// position in Stored.Records. It means that the records do not match Push.Keys: a bug in the
// caller, not in a client.
var ErrNotLoaded = errors.New("not loaded")

// Apply decides about all items. It is a pure function: the same Push and the same Stored
// get the same Answer, byte for byte, without side effects. If the transaction failed, call
// Apply again with the state that is stored at that time. A call whose Answer is not stored
// is a dry run.
//
// Each item is accepted or refused on its own and as a whole. An item that was
// accepted before is accepted again, and changes nothing; see MayRead and Purge for the
// exceptions. The answer to an item does not depend on the order of the items.
//
// The only error is ErrNotLoaded, a mistake of the caller. Apply then returns no decisions.
func (p *Push) Apply(s Stored) (Answer, error) {
	if err := p.checkLoaded(s.Records); err != nil {
		return Answer{}, err
	}
	a := application{
		Push:       p,
		answer:     Answer{Results: make([]Result, len(p.verdicts))},
		watermarks: newWatermarks(s),
		full:       s.StorageFull,
		fence:      fence{at: s.Fence, level: s.Level, whole: p.request.WholeItems},
		rights:     rights{mayRead: s.MayRead, mayWrite: s.MayWrite},
		decisions:  make([]Decision, 0, p.writes),
	}
	for i := range a.answer.Results {
		a.answer.Results[i] = Result{Key: p.key(i), Refusal: p.verdicts[i].refusal}
	}
	a.applyAll(s.Records)
	a.answer.Watermarks, a.answer.Greatest = a.watermarks.after()
	return a.answer, nil
}

// checkLoaded returns an error unless records match p.keys.
func (p *Push) checkLoaded(records []record.Record) error {
	for i, key := range p.keys {
		switch {
		case i == len(records):
			return notLoaded(i, "want the record of %s, but the slice ends here", key)
		case records[i].Key() == record.Key{}:
			return notLoaded(i, "want the record of %s, not one without a key; pass record.New(key) for an absent record", key)
		case records[i].Key() != key:
			return notLoaded(i, "want the record of %s, not of %s", key, records[i].Key())
		}
	}
	if n := len(p.keys); len(records) > n {
		return notLoaded(n, "want no more than %d records, one for each of Push.Keys", n)
	}
	return nil
}

// notLoaded returns an ErrNotLoaded for position i of the records.
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
	fence      fence
	rights     rights
	builder    record.Builder
	// decisions holds the decisions of all results, one result after the other.
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
	if a.isBounded() || a.fence.at > 0 || a.rights.isLimited() {
		items = slices.Clone(items) // refuseSome changes them
	}
	for _, before := range records {
		n := 1
		for n < len(items) && a.key(items[n]) == before.Key() {
			n++
		}
		switch {
		case isErased(before, a.fence.at):
			a.refuseAsGone(items[:n])
		case a.fence.at > 0:
			a.applyFenced(before, items[:n])
		default:
			r := a.newRoom(before)
			a.applyTo(before, a.refuseSome(&r, items[:n]))
		}
		items = items[n:]
	}
}

// applyTo applies items of one record.
func (a *application) applyTo(before record.Record, items []int) {
	if len(items) == 0 {
		return
	}
	after, changed := a.joinTo(before, items)
	u := Update{before, after}
	if changed {
		a.answer.Updates = append(a.answer.Updates, u)
	}
	a.addRemarks(u, items)
}

// joinTo decides about the writes of items of one record, returns their join with the record, and
// reports whether the join differs from the record.
func (a *application) joinTo(r record.Record, items []int) (after record.Record, changed bool) {
	a.collectWrites(r.Key(), items)
	a.decideWrites(r)
	// Records of one key always have a join.
	after, changed, _ = a.builder.Join(r, a.incoming(r.Key(), items))
	return after, changed
}

// addRemarks adds notes and gone fields to the results of the items that made an update.
func (a *application) addRemarks(u Update, items []int) {
	for _, i := range items {
		a.addNotes(i, u)
		a.addGone(i)
	}
}

// collectWrites collects the writes of the items, sorted by field, and within a field in
// ascending order.
func (a *application) collectWrites(key record.Key, items []int) {
	a.itemWrites = a.itemWrites[:0]
	for _, i := range items {
		from := len(a.decisions)
		for name, w := range a.data(i).All() {
			a.watermarks.accept(w.Stamp)
			a.decisions = append(a.decisions, Decision{Key: key, Field: name, Change: Change{Incoming: w}})
			a.itemWrites = append(a.itemWrites, itemWrite{&a.decisions[len(a.decisions)-1], i})
		}
		a.answer.Results[i].Fields = slices.Clip(a.decisions[from:])
	}
	if len(items) > 1 {
		a.itemWrites = sorted(a.itemWrites)
	}
}

// sorted returns writes sorted by field, and within a field in ascending order. It sorts their
// positions, because a program needs less code to sort numbers only.
func sorted(writes []itemWrite) []itemWrite {
	order := make([]int, len(writes))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		t, u := writes[i], writes[j]
		return cmp.Or(strings.Compare(t.Field, u.Field), t.Incoming.Compare(u.Incoming))
	})
	ordered := make([]itemWrite, len(writes))
	for to, from := range order {
		ordered[to] = writes[from]
	}
	return ordered
}

// decideWrites decides between each write and the winner in its field so far. If the writes
// 3 and 5 meet a stored 4, the 4 supersedes the 3, and the 5 replaces the 4.
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
			// Two items hold the same write: both get the same Change.
			t.Change = a.itemWrites[n-1].Change
		}
		a.markImported(t)
		a.markSeen(t)
	}
}

// incoming returns the join of the items of one record.
func (a *application) incoming(key record.Key, items []int) record.Record {
	if len(items) == 1 {
		return a.data(items[0])
	}
	// Fields of records were checked before, so Record returns no error.
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
