package replica

import "github.com/fieldlww/fieldlww/record"

// reset forgets everything that came from the server, because a pull brings all of it again. Edits
// that wait are kept and sent, and the clock keeps its time. The reason is the server's, or "" if
// this Replica has not pulled in chunks before.
func (r *Replica) reset(why string) {
	if why != "" {
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
	r.forget()
	r.loading = true
}

// forget forgets the confirmed records and everything known about them.
func (r *Replica) forget() {
	for _, table := range r.tables {
		for _, h := range table {
			if h.confirmed.Len() == 0 && len(h.whys) == 0 && !h.created {
				continue
			}
			r.touch(h.key)
			for name := range h.whys {
				h.dropWhy(name)
			}
			h.confirmed, h.created = record.New(h.key), false
			r.unsaved.record(h)
		}
	}
	r.cursor, r.unsaved.state = "", true
}

// startOver forgets everything that belongs to another client, except edits that wait.
func (r *Replica) startOver() {
	for _, h := range r.overlaid {
		r.dropOverlays(h, all)
	}
	for _, it := range r.aside {
		r.entries.again.remove(it)
	}
	r.overlaid, r.aside = nil, nil
	r.fence, r.level, r.floor, r.mark, r.chunked, r.loading = 0, 0, 0, 0, false, false
	r.forget()
}
