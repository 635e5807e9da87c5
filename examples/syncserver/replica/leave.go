package replica

import "github.com/fieldlww/fieldlww/record"

// Leave forgets what came from the server: the confirmed records, why they are so, and the cursor.
// What waits is kept, and is sent again, and the clock goes on. It is for a server that was
// restored from a backup, or that another one took the place of, and that lacks what it had
// confirmed: its answer to a pull has the code cursor_ahead. All is pulled again. A Notice of the
// kind Resync tells it.
//
// Edits that the old server had accepted and the new one lacks are gone, own ones among them,
// unless the answer had not arrived: then they still wait.
func (r *Replica) Leave() {
	r.forget()
	r.notice(Notice{Kind: Resync})
}

// forget forgets what came from the server.
func (r *Replica) forget() {
	for _, table := range r.tables {
		for _, h := range table {
			if h.confirmed.Len() == 0 && len(h.whys) == 0 {
				continue
			}
			r.touch(h.key)
			for name := range h.whys {
				h.dropWhy(name)
			}
			h.confirmed = record.New(h.key)
			r.unsaved.record(h)
		}
	}
	r.cursor, r.mark = "", 0
	r.unsaved.state = true
}
