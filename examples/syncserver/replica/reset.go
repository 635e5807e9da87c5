package replica

import "github.com/fieldlww/fieldlww/record"

// reset forgets everything that came from the server, because a pull brings all of it again. Edits
// that wait are kept and sent, and the clock keeps its time. The reason is the server's, or "" if
// this Replica has not pulled in chunks before. No Notice reports a reset before the first pull.
func (r *Replica) reset(why string) {
	if why != "" && r.cursor != "" {
		r.notice(Notice{Kind: Resync, Why: why, Items: r.NumWaiting()})
	}
	if why == WhyEpoch {
		r.setAside()
		for _, h := range r.overlaid {
			r.touch(h.key)
			r.dropOverlays(h, all)
		}
		r.overlaid = nil
	}
	r.forget(why == WhyFence)
	r.loading = true
}

// forget forgets the confirmed records and everything known about them. It may remember which of
// them this client created, until they have come back.
func (r *Replica) forget(keepsCreated bool) {
	for _, table := range r.tables {
		for _, h := range table {
			if h.confirmed.Len() == 0 && len(h.whys) == 0 && h.created == 0 {
				continue
			}
			r.touch(h.key)
			for name := range h.whys {
				h.dropWhy(name)
			}
			if h.confirmed = record.New(h.key); !keepsCreated {
				h.created = 0
			}
			r.unsaved.record(h)
		}
	}
	r.cursor, r.unsaved.state = "", true
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
	r.fence, r.level, r.floor, r.mark, r.chunked, r.loading = 0, 0, 0, 0, false, false
	r.forget(false)
}
