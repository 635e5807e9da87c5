package replica

import (
	"slices"

	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
)

// takeAway applies the resets of a chunk, and takes the buckets away that its trailer does not name any
// longer. It reports whether there are any.
func (r *Replica) takeAway(c *chunk) bool {
	now := c.trailer.Buckets
	told := now.present && (!slices.Equal(now.names, r.buckets) || (now.names == nil) != (r.buckets == nil))
	r.divided = r.buckets != nil || now.present // the one bucket "" is named in each trailer
	why := c.why()
	if why != "" || !r.chunked {
		r.loading = true
		r.noticeResync(why)
		if why != WhyGrant { // a grant concerns no record that is held
			r.setAside(why)
		}
	}
	switch {
	case why == WhyEpoch, !r.chunked:
		r.reset(why)
	case why != "", told:
		r.lose(buckets.LossOf(c.lost(), now.has()))
	}
	if told {
		r.buckets = now.names
	}
	return told || why != ""
}

// why returns why buckets are reset, or "" if none is. If there are several reasons, it is the one that
// concerns the most.
func (c *chunk) why() (why string) {
	for _, l := range c.resets {
		if why == "" || why == WhyGrant || l.Why == WhyEpoch {
			why = l.Why
		}
	}
	return why
}

// lost returns the buckets that are reset.
func (c *chunk) lost() (names []string) {
	for _, l := range c.resets {
		names = append(names, l.Reset...)
	}
	return names
}

// noticeResync reports a reset, but not before the first pull, nor if buckets are new.
func (r *Replica) noticeResync(why string) {
	if why != "" && why != WhyGrant && r.cursor != "" {
		r.notice(Notice{Kind: Resync, Why: why, Items: r.NumWaiting()})
	}
}

// reset forgets everything that came from the server, because a pull brings all of it again. Edits
// that wait are kept and sent, and the clock keeps its time. The reason is the server's, or "" if
// this Replica has not pulled in chunks before.
func (r *Replica) reset(why string) {
	if why == WhyEpoch {
		for _, h := range r.overlaid {
			r.touch(h.key)
			r.dropOverlays(h, all)
		}
		r.overlaid = nil
	}
	r.forgetAll()
}

// forgetAll forgets the confirmed records and everything known about them.
func (r *Replica) forgetAll() {
	for _, table := range r.tables {
		for _, h := range table {
			if h.confirmed.Len() == 0 && len(h.whys) == 0 && h.created == 0 {
				continue
			}
			r.touch(h.key)
			r.forgetLost(h)
			h.created = 0
			r.unsaved.record(h)
		}
	}
	r.cursor, r.seen, r.unsaved.state = "", record.Seen{}, true
}

// forgetCreations forgets that this client created records that have not come back after a reset.
func (r *Replica) forgetCreations() {
	for _, table := range r.tables {
		for _, h := range table {
			if h.created > 0 && h.confirmed.Len() == 0 {
				h.created = 0
				r.unsaved.record(h)
			}
		}
	}
}

// startOver forgets everything that belongs to another client, except edits that wait or may have to
// be sent again.
func (r *Replica) startOver() {
	for _, h := range r.overlaid {
		r.dropOverlays(h, all)
	}
	r.overlaid = nil
	r.divided = r.buckets != nil
	r.forgetAll()
	r.fence, r.level, r.floor, r.mark, r.chunked, r.loading, r.buckets = 0, 0, 0, 0, false, false, nil
}
