package merge

import (
	"cmp"
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Request is what a client asks for: one push, before anything is loaded.
type Request struct {
	// Actor is the client that pushes, as it was authenticated. A write with another
	// client ID is refused, unless AnyClient permits it, as for a gateway that collects
	// from many clients.
	Actor     clock.ClientID
	AnyClient bool
	// Wall is the time by the server's own clock. Stamps are judged by it. The zero time
	// means that the clock is not set.
	Wall time.Time
	// Items is what was pushed, as Decode returns it, or made of mutations that
	// came another way. Their order does not matter.
	Items []record.Item
}

// Push is a Request whose items have been judged, each by itself. It does not change: it
// may be applied any number of times, from any number of goroutines. It shares memory with
// the Request, whose items must not be changed before it was applied and journaled for the
// last time.
type Push struct {
	request   Request
	maxAhead  time.Duration // of the Engine, as are the next two
	maxRecord int
	tableMax  map[string]int
	verdicts  []verdict    // one for each item
	admitted  []int        // positions of the items to apply, by key and then by position
	keys      []record.Key // of these, each once
	writes    int          // in these
}

// Prepare judges the items of a request: names, IDs, the actor, the Guard and the wall
// time. Each item is judged once, here, so the Guard is asked once for each. It is a pure
// function.
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

// Request returns what was prepared. Its items must not be changed.
func (p *Push) Request() Request { return p.request }

// key returns the key of the item at position i, as far as it could be read.
func (p *Push) key(i int) record.Key { return p.request.Items[i].Mutation.Data.Key() }

// Keys returns the keys of the records to load and lock, sorted and each once. Lock them in
// this order, so that two pushes cannot wait for each other. Records that only refused
// items name are not among them, so a client cannot lock what it may not write. The slice
// must not be changed.
func (p *Push) Keys() []record.Key { return p.keys }
