package buckets

import (
	"maps"
	"slices"
)

// Cursor is the position of a client in the log of a workspace. The zero Cursor belongs to a client
// that has pulled nothing. Clients store its text and do not interpret it. A cursor is not a secret
// and gives no rights: a forged one shows nothing that its user may not read.
//
// A client that holds everything up to a sequence needs only that number. A client that loads a
// bucket gets old rows first. They lie below the grant of the bucket and below the fence, like the
// position of a client that was away for long. So the cursor also has the sequence at which the
// load began: the client never held what had departed by then.
//
// The cursor does not name the buckets that it loads. A load begins because a bucket was granted
// after the client's position. So the grants of the loading buckets have greater sequences than all
// others.
type Cursor struct {
	epoch string // "" in the zero Cursor
	seq   int64  // for buckets that are not loading: the client has all rows up to here
	loads []load // ascending by from
	told  string // the fingerprint of the buckets that the client was told
	first bool   // whether it was zero before, and nothing was reset since
}

// load is the position in the buckets whose grants have a sequence of at least from, and less than
// the from of the next load. If from is 0, these are all buckets before the next load.
type load struct {
	from  int64
	after int64 // the client has all rows up to here
	begun int64 // the last sequence when the load began, and at least after
}

// maxLoads is the greatest number of loads. If a client is given new buckets again and again before
// it has loaded the earlier ones, it begins again with all of them.
const maxLoads = 20

// Epoch returns the epoch of the snapshots from which the client pulled, or "" if it has pulled
// nothing.
func (c Cursor) Epoch() string { return c.epoch }

// Divided reports whether the client was told another list of buckets than the one bucket "". It
// was told no list before its first pull.
func (c Cursor) Divided() bool { return c.told != "" }

// IsFirst reports whether this is the first load of a client: it holds nothing but the rows that the load has
// brought, and was never reset. Such a client needs no record that was dead when the load began: one that has a
// sequence up to the begun of Range, and is dead at the fence. A client that loads again needs it, to judge the edits
// that it has made since; see merge.Purge.
func (c Cursor) IsFirst() bool { return c.first && c.loadsAll() && len(c.loads) == 1 }

// Reached returns a sequence that the workspace must have reached, or it was restored from a
// backup.
func (c Cursor) Reached() int64 {
	reached := c.seq
	for _, l := range c.loads {
		reached = max(reached, l.begun)
	}
	return reached
}

// Begin begins a chunk. It returns the buckets that the client loads again, with one Reset for each
// reason, and whether the client must be told the names of its buckets.
func (c *Cursor) Begin(s Snapshot) (resets []Reset, tells bool) {
	told := s.told()
	tells = told == "" || told != c.told
	switch {
	case c.epoch == "":
		*c = loading(s)
		c.first = true
		if s.Fence > 0 {
			resets = []Reset{{s.Buckets(), WhyFence}}
		}
	case c.epoch != s.Epoch || c.Reached() > s.Seq:
		*c = loading(s)
		resets = []Reset{{s.Buckets(), WhyEpoch}}
	default:
		resets = c.reload(s)
		c.first = c.first && len(resets) == 0
	}
	c.told = told
	return resets, tells
}

// loading returns the cursor of a client that begins to load all buckets.
func loading(s Snapshot) Cursor {
	return Cursor{epoch: s.Epoch, loads: []load{{0, 0, s.Seq}}}
}

// reload begins to load the buckets that have a grant or a fence above the position of the client.
func (c *Cursor) reload(s Snapshot) []Reset {
	before, now := *c, s.Seq
	c.loads = slices.Clone(c.loads)
	for i := range c.loads {
		if l := &c.loads[i]; l.begun < s.Fence {
			l.after, l.begun = 0, now
		}
	}
	if c.seq < s.Fence && !c.loadsAll() {
		c.loads = slices.Insert(c.loads, 0, load{0, 0, now})
	}
	if before.isBelowGrant(s) {
		// All grants since the last chunk have sequences above each position in the cursor.
		c.loads = append(c.loads, load{before.Reached() + 1, 0, now})
	}
	c.tidy()
	if n := len(c.loads); n > maxLoads || n > 0 && c.loads[n-1].from > now || len(c.resets(s)) > 0 {
		*c = loading(s) // it has too many loads, or was not made by Begin
		return []Reset{{s.Buckets(), WhyFence}}
	}
	return before.resets(s)
}

// resets returns the buckets whose grant or fence is above the position of the client.
func (c Cursor) resets(s Snapshot) []Reset {
	fence, grant := Reset{Why: WhyFence}, Reset{Why: WhyGrant}
	for name, g := range s.Granted {
		switch at := c.position(g); {
		case at < g:
			grant.Buckets = append(grant.Buckets, name)
		case at < s.Fence:
			fence.Buckets = append(fence.Buckets, name)
		}
	}
	slices.Sort(fence.Buckets)
	slices.Sort(grant.Buckets)
	return slices.DeleteFunc([]Reset{fence, grant}, func(r Reset) bool { return r.Buckets == nil })
}

// isBelowGrant reports whether a bucket was granted after the position of the client in it.
func (c Cursor) isBelowGrant(s Snapshot) bool {
	for g := range maps.Values(s.Granted) {
		if c.position(g) < g {
			return true
		}
	}
	return false
}

func (c Cursor) loadsAll() bool { return len(c.loads) > 0 && c.loads[0].from == 0 }

// find returns the load of the buckets with a grant.
func (c Cursor) find(granted int64) (l load, loads bool) {
	for i := len(c.loads) - 1; i >= 0; i-- {
		if granted >= c.loads[i].from {
			return c.loads[i], true
		}
	}
	return l, false
}

// position returns a sequence up to which the client lacks no departures in a bucket.
func (c Cursor) position(granted int64) int64 {
	if l, loads := c.find(granted); loads {
		return l.begun
	}
	return c.seq
}

// Range returns which rows of a bucket a client needs, given the sequence of the grant: the rows
// with a sequence above after, except for departures up to begun.
func (c Cursor) Range(granted int64) (after, begun int64) {
	if l, loads := c.find(granted); loads {
		return l.after, l.begun
	}
	return c.seq, 0
}

// Reach ends a chunk whose last row has the given sequence. More rows may follow.
func (c *Cursor) Reach(seq int64) {
	c.seq = max(c.seq, seq)
	c.loads = slices.Clone(c.loads)
	for i := range c.loads {
		l := &c.loads[i]
		l.after = max(l.after, seq)
		l.begun = max(l.begun, l.after)
	}
	c.tidy()
}

// Settle ends the last chunk, after which the client has everything up to the sequence of the
// snapshot.
func (c *Cursor) Settle(seq int64) { c.seq, c.loads, c.first = seq, nil, false }

// tidy removes what makes no difference, so that cursors stay short.
func (c *Cursor) tidy() {
	c.loads = slices.CompactFunc(c.loads, func(a, b load) bool { return a.after == b.after && a.begun == b.begun })
	if c.loadsAll() { // no bucket is without a load
		c.seq = c.loads[0].after
	}
	if len(c.loads) > 0 && c.loads[0].after == c.seq && c.loads[0].begun == c.seq { // it has caught up
		c.loads = c.loads[1:]
	}
}
