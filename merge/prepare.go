package merge

import (
	"cmp"
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Request is one push of a client, before anything is loaded.
type Request struct {
	// Actor is the authenticated ID of the client that pushes. A write with another client
	// ID is refused unless AnyClient is set, as for a gateway that collects the writes of many
	// clients.
	Actor     clock.ClientID
	AnyClient bool
	// WholeItems refuses an item as Gone if any of its writes is gone, or if one at or below the
	// fence differs from the stored write of its field. Set it for clients that join an accepted
	// item as a whole, without looking at the outcome of each field.
	WholeItems bool
	// Imports lists the IDs of imports: see package merge/imports. A write with such an ID has no
	// time at which a person made it. So in a pair with such a write no edit is reported as lost, and
	// the Decision says that the write is imported. Only the import itself pushes such writes, with
	// its ID as the Actor; from another Actor they are refused as OtherClient, also with AnyClient.
	// Pass the same IDs in every Request of a workspace.
	Imports []clock.ClientID
	// Wall is the time by the server's own clock, against which stamps are judged. The zero
	// time means that the clock is not set.
	Wall time.Time
	// Items are the pushed items, returned by Decode or made from mutations that arrived in
	// another way. Their order does not matter.
	Items []record.Item
}

// Push is a Request whose items have been judged, each on its own. It is immutable: it
// may be applied any number of times, from any number of goroutines. It shares memory with
// the Request, whose items must not be changed until the Push has been applied and journaled
// for the last time.
type Push struct {
	request   Request
	maxAhead  time.Duration // a setting of the Engine, as are the next two
	maxRecord int
	tableMax  map[string]int
	verdicts  []verdict    // one for each item
	admitted  []int        // positions of the items to apply, by key and then by position
	keys      []record.Key // the keys of the admitted items, each once
	writes    int          // the number of writes in the admitted items
}

// Prepare judges the items of a request by their names and IDs, the actor, the Guard and the
// wall time. It judges each item once, so it asks the Guard once for each item. Prepare is a
// pure function.
func (e *Engine) Prepare(r Request) *Push {
	p := &Push{
		request: r, maxAhead: e.MaxAhead, maxRecord: e.MaxRecord, tableMax: e.TableMaxRecord,
		verdicts: make([]verdict, len(r.Items)), admitted: make([]int, 0, len(r.Items)),
	}
	g := newGate(e, &p.request)
	for i := range r.Items {
		p.verdicts[i] = g.judge(&r.Items[i])
		if n := r.Items[i].Mutation.Data.Len(); p.verdicts[i].refusal == nil && n > 0 {
			p.admitted = append(p.admitted, i)
			p.writes += n
		}
	}
	byKey := func(i, j int) int { return cmp.Or(p.key(i).Compare(p.key(j)), cmp.Compare(i, j)) }
	if !slices.IsSortedFunc(p.admitted, byKey) {
		slices.SortFunc(p.admitted, byKey)
	}
	p.keys = make([]record.Key, 0, len(p.admitted))
	for _, i := range p.admitted {
		if n := len(p.keys); n == 0 || p.keys[n-1] != p.key(i) {
			p.keys = append(p.keys, p.key(i))
		}
	}
	return p
}

// Request returns the request that was prepared. Its items must not be changed.
func (p *Push) Request() Request { return p.request }

// isImport reports whether an ID is the ID of an import.
func (r *Request) isImport(c clock.ClientID) bool { return slices.Contains(r.Imports, c) }

// key returns the key of the item at position i, or the part of it that could be read.
func (p *Push) key(i int) record.Key { return p.request.Items[i].Mutation.Data.Key() }

// Keys returns the keys of the records to load and lock, sorted and each once. Lock them in
// this order, so that two pushes cannot wait for each other. Keys that occur only in items that
// Prepare refused are left out, so a client cannot lock records that the Guard keeps from it. It can
// lock records that only Stored.MayRead or Stored.MayWrite keep from it. The slice must not be
// changed.
func (p *Push) Keys() []record.Key { return p.keys }
