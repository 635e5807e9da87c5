package merge

import (
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Engine is what a backend puts at its sync boundary: it decides about each item
// that a client pushes, joins what is accepted, and says what to store and what to
// answer. It stores nothing and reads no clock. The zero Engine is safe to use. An
// Engine may be used from any number of goroutines.
type Engine struct {
	// MaxAhead is how far a stamp may lie ahead of the wall time, as in
	// clock.Options: 0 means clock.DefaultMaxAhead, 5 minutes; a negative value
	// means no bound, which no server should have against its clients. Give the clock
	// of the server the same, or it refuses to observe what was accepted.
	MaxAhead time.Duration
	// Limits bound what Decode reads.
	Limits record.Limits
	// MaxRecord is the greatest size that a stored record may grow to, in bytes of its
	// JSON; 0 means no limit. The field $deleted does not count, and a value that is
	// shorter than a deletion counts as one. An item that would make a record larger is
	// refused with RecordFull. One that does not make it grow is accepted even if the
	// record is too large already: a retry, a deletion of the record or of stored fields,
	// a value that is no longer than the one it replaces.
	MaxRecord int
	// Guard says who may write what; nil permits everything that an actor
	// writes under its own client ID.
	Guard Guard
}

// Input is all that an answer depends on.
type Input struct {
	// Actor is the client that pushes, as it was authenticated. What it pushes
	// under another client ID is refused, unless AnyClient permits it, as for a
	// gateway that collects from many clients.
	Actor     clock.ClientID
	AnyClient bool
	// Wall is the time by the server's own clock. It is what stamps are judged
	// by; the zero time is taken to be a clock that is not set.
	Wall time.Time
	// Items is what was pushed, as Decode returns it, or made of mutations that
	// came another way. Their order does not matter.
	Items []record.Item
	// Keys are the keys of the records that were looked up: what Engine.Keys returned
	// for this Input. An item about another record is refused with NotLoaded, for to
	// take its record to be new would overwrite the one that is stored.
	Keys []record.Key
	// Current holds the stored records of these keys. One that is missing does not
	// exist yet; others are not looked at.
	Current Collection
	// Marks holds for each client of which it is known the greatest stamp that
	// was accepted from it before, as an earlier Answer returned it. A zero time
	// says that nothing was. Of a client that is not here, it is not reported that
	// its stamps run backwards, nor that an edit of it is lost as it comes. Their order
	// does not matter.
	Marks []clock.Stamp
	// StorageFull says that the storage has no room. Items that would make a record
	// grow, or create one, are refused with StorageFull; others are accepted, as with
	// Engine.MaxRecord.
	StorageFull bool
}

// Update is a record to store.
type Update struct {
	// Before is the record as it was in Input.Current, or one without fields.
	Before record.Record
	// After is the record as it is to be stored, with all its fields.
	After record.Record
}

// Answer is what becomes of an Input. It shares memory with the Input, and none
// of it changes later.
type Answer struct {
	// Results has one Result for each item, in the order of the items. The client gets
	// them by AppendJSON.
	Results []Result
	// Updates are the records whose stored bytes change, sorted by key. Each gets a
	// new sequence, all in the transaction in which Current was read.
	Updates []Update
	// Marks holds, for each client from which a write was accepted, sorted by
	// client, its greatest accepted stamp, those of Input.Marks included. The caller
	// stores them in the same transaction.
	Marks []clock.Stamp
	// Greatest is the greatest accepted time, or zero. A server that stamps writes of
	// its own lets its clock observe it after the transaction has committed, and not
	// before.
	Greatest clock.Timestamp
}

// Decode reads a batch, an array of mutations or JSON Lines, within the limits.
// An error, which is a *record.Error, means that the batch as a whole cannot be
// understood, and that nothing of it was applied. Otherwise each mutation is an
// item, and one that is refused does not touch the others. It keeps no reference
// to body.
func (e *Engine) Decode(body []byte) ([]record.Item, error) {
	d := record.Decoder{Limits: e.Limits}
	return d.Batch(body)
}

// Keys returns the keys of the records that Apply will look up, sorted and each
// once: what to load and lock, in this order, so that two batches cannot wait for
// each other. Keys of items that will be refused are not among them, so nobody can
// lock what they may not write. Put what it returns into Input.Keys.
func (e *Engine) Keys(in Input) []record.Key {
	g := newGate(e, &in)
	keys := make([]record.Key, 0, len(in.Items))
	for i := range in.Items {
		if data := in.Items[i].Mutation.Data; g.admit(&in.Items[i]) == nil && data.Len() > 0 {
			keys = append(keys, data.Key())
		}
	}
	slices.SortFunc(keys, record.Key.Compare)
	return slices.Compact(keys)
}

// Apply decides about all items of the input. It is a pure function: the same
// Input gets the same Answer, byte for byte, and nothing else happens, so calling
// it without storing what it returns is a dry run.
//
// Each item is accepted or refused by itself and as a whole. An item that was
// accepted before is accepted again, and changes nothing. What Apply answers about
// an item does not depend on the order of the items.
func (e *Engine) Apply(in Input) Answer {
	a := application{
		Input:     &in,
		maxRecord: e.MaxRecord,
		answer:    Answer{Results: make([]Result, len(in.Items))},
		marks:     newMarks(in.Marks),
	}
	g := newGate(e, &in)
	keys := newLoaded(in.Keys)
	writes := 0
	accepted := make([]int, 0, len(in.Items))
	for i := range in.Items {
		r := &a.answer.Results[i]
		data := in.Items[i].Mutation.Data
		r.Key = data.Key()
		if r.Refusal = g.refusal(&in.Items[i], keys); r.Refusal == nil && data.Len() > 0 {
			accepted = append(accepted, i)
			writes += data.Len()
		}
	}
	a.decisions = make([]Decision, 0, writes)
	a.all(accepted)
	a.answer.Marks, a.answer.Greatest = a.marks.after()
	return a.answer
}
