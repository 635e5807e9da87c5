package replica

import (
	"cmp"
	"container/list"
	"slices"

	"github.com/fieldlww/fieldlww/examples/replay/clientlog"
)

// Batch returns a part of the outbox as JSON Lines. The batch has at most the given numbers of items
// and bytes, but at least one item if any may be sent. It is empty if no item waits. After the
// server was restored from a backup, it is also empty until a pull is settled, or if all items that
// wait were gone once and must wait for another pull. Items that the server refused temporarily are
// chosen last, and among these the most recently refused last. Save all edits before you send the
// batch. Answer takes the answer to the batch that was returned last.
func (r *Replica) Batch(items, size int) []byte {
	o := &r.outbox
	o.batch, r.asked = nil, r.reading()
	if len(r.aside) > 0 && !r.tentative {
		return nil // these writes are sent before the outbox
	}
	c := cut{items: max(items, 1), size: size}
	c.addFrom(&o.fresh)
	c.addFrom(&o.kept)
	o.batch = c.batch
	slices.SortFunc(o.batch, func(a, b *item) int { return cmp.Compare(a.number, b.number) })
	r.logItems(clientlog.Sent, "", o.batch...)
	var lines []byte
	for _, it := range o.batch {
		it.sent, it.renews = true, false
		lines = append(it.m.AppendJSON(lines), '\n')
	}
	return lines
}

// cut collects items for a batch while they fit.
type cut struct {
	items, size int
	batch       []*item
	line        []byte // reused between items
	full        bool
}

func (c *cut) addFrom(queue *list.List) {
	for e := queue.Front(); e != nil && !c.full && len(c.batch) < c.items; e = e.Next() {
		it := e.Value.(*item)
		c.line = append(it.m.AppendJSON(c.line[:0]), '\n')
		c.size -= len(c.line)
		if c.full = c.size < 0 && len(c.batch) > 0; !c.full {
			c.batch = append(c.batch, it)
		}
	}
}

// Sent returns the number of items that Batch returned last, or 0 once they are answered.
func (r *Replica) Sent() int { return len(r.outbox.batch) }
