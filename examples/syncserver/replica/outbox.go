package replica

import (
	"cmp"
	"container/list"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/replay/clientlog"
	"github.com/fieldlww/fieldlww/record"
)

// item is a mutation that waits in the outbox. Numbers ascend in the order of the edits.
type item struct {
	number uint64
	m      record.Mutation
	wall   time.Time       // reading of the device's clock at the edit, real or computed
	floor  clock.Timestamp // the Replica's floor at the edit
	sent   bool            // whether a server may have it
	renews bool            // whether it was never sent, and no server was known to have the record at the edit
	told   bool            // whether the user was told that it waits for a repair
	again  bool            // whether it is sent again, because a restored server lacks it
	later  int             // how many settled pulls it waits for, unless one brings its record
	hidden bool            // whether it is not shown, because its record has left
	// Of an item that is set aside: whether it is sent again only if the server is restored.
	tentative bool
	writes    []write // in the order of the fields
	queue     *list.List
	place     *list.Element // in the queue

	answered uint64 // of an overlay or a postponed item: the position of its answer among all answers
}

// stamp returns the stamp that all writes of an item share.
func (it *item) stamp() (s clock.Stamp) {
	for _, v := range it.m.Data.All() {
		s = v.Stamp
	}
	return s
}

// links returns the item's fields with their writes.
func (it *item) links() iter.Seq2[string, *write] {
	return func(yield func(string, *write) bool) {
		i := 0
		for name := range it.m.Data.All() {
			if !yield(name, &it.writes[i]) {
				return
			}
			i++
		}
	}
}

// outbox holds the items that wait. Items that the server refused temporarily wait in a separate
// queue, "kept", so that they cannot hold up the rest. Each refused item goes to the end of that
// queue. Items in the queue "later" are sent after one or two more pulls.
type outbox struct {
	fresh, kept, later list.List
	last               uint64  // the greatest item number since the outbox was last empty
	batch              []*item // the items that Batch returned last, until they are answered
}

// len returns how many items wait.
func (o *outbox) len() int { return o.fresh.Len() + o.kept.Len() + o.later.Len() }

// items returns the items in the order in which they were edited.
func (o *outbox) items() []*item {
	all := make([]*item, 0, o.len())
	for _, queue := range []*list.List{&o.fresh, &o.kept, &o.later} {
		for e := queue.Front(); e != nil; e = e.Next() {
			all = append(all, e.Value.(*item))
		}
	}
	slices.SortFunc(all, func(a, b *item) int { return cmp.Compare(a.number, b.number) })
	return all
}

// number returns the number of the next item.
func (o *outbox) number() uint64 {
	if o.len() == 0 {
		o.last = 0
	}
	o.last++
	return o.last
}

// put moves an item to the end of a queue.
func (it *item) put(queue *list.List) {
	it.leave()
	it.queue, it.place = queue, queue.PushBack(it)
}

// putFirst moves an item to the front of a queue.
func (it *item) putFirst(queue *list.List) {
	it.leave()
	it.queue, it.place = queue, queue.PushFront(it)
}

// leave removes an item from its queue.
func (it *item) leave() {
	if it.queue != nil {
		it.queue.Remove(it.place)
		it.queue = nil
	}
}

// enqueue adds a mutation to the outbox.
func (r *Replica) enqueue(m record.Mutation) *item {
	it := &item{number: r.outbox.number(), m: m, wall: r.reading(), floor: r.floor}
	h := r.touch(m.Data.Key())
	it.renews = !r.lives(r.known(h))
	h.add(it)
	it.put(&r.outbox.fresh)
	r.entries.outbox.put(it)
	r.unsaved.state = true // saves the clock's last stamp, so that it is not issued again
	for i := range it.writes {
		if w := it.writes[i].before; w != nil {
			r.coalesce(h, w.it)
		}
	}
	return it
}

// coalesce drops an item that no server has, if each of its fields is written again by a later item
// that no server has either. The later items take over its base, and create the record if the
// dropped item did. So a user who types for a day offline has one waiting edit of the field and not
// one for each key press. An item that is sent again is kept, because it has no base to take over: the
// later items were made on it.
func (r *Replica) coalesce(h *held, it *item) {
	if it.sent || it.hidden || it.again {
		return
	}
	for i := range it.writes {
		if w := it.writes[i].after; w == nil || w.it.sent {
			return
		}
	}
	for name, w := range it.links() {
		r.rebase(w.after.it, func(base map[string]clock.Stamp) {
			if first, ok := it.m.Base[name]; ok {
				base[name] = first
			} else {
				delete(base, name)
			}
		})
		w.after.it.m.New = w.after.it.m.New || it.m.New
	}
	h.drop(it)
	it.leave()
	r.entries.outbox.remove(it)
	r.logItems(clientlog.Dropped, clientlog.Replaced, it)
}

// putBefore puts items before all others. The others get greater numbers.
func (r *Replica) putBefore(items []*item) {
	if len(items) == 0 {
		return
	}
	waiting := r.outbox.items()
	for _, it := range waiting {
		r.touch(it.m.Data.Key()).tops = nil
		r.entries.outbox.remove(it)
	}
	for _, it := range slices.Backward(items) {
		it.putFirst(&r.outbox.fresh)
	}
	for _, it := range append(items[:len(items):len(items)], waiting...) {
		it.number = r.outbox.number()
		r.touch(it.m.Data.Key()).add(it)
		r.entries.outbox.put(it)
	}
	r.unsaved.state = true
}

// rebase applies a change to the base of an item.
func (r *Replica) rebase(it *item, change func(map[string]clock.Stamp)) {
	base := maps.Clone(it.m.Base) // a caller may hold the old map
	if base == nil {
		base = make(map[string]clock.Stamp)
	}
	if change(base); len(base) == 0 {
		base = nil // an item without a base is read back with nil
	}
	it.m.Base = base
	r.entries.outbox.put(it)
}

// NumWaiting returns the number of items in the outbox.
func (r *Replica) NumWaiting() int { return r.outbox.len() }

// Waiting returns the mutations in the outbox, in the order of the edits.
func (r *Replica) Waiting() []record.Mutation {
	all := make([]record.Mutation, 0, r.outbox.len())
	for _, it := range r.outbox.items() {
		all = append(all, it.m)
	}
	return all
}

// WaitingFields returns the names of a record's fields that have a write in the outbox, sorted.
func (r *Replica) WaitingFields(key record.Key) []string {
	h := r.find(key)
	if h == nil {
		return nil
	}
	return h.waitingFields()
}
