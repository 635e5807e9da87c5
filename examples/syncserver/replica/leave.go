package replica

import "github.com/fieldlww/fieldlww/record"

// Leave forgets everything that came from the server: the confirmed records, their Whys and the
// cursor. Edits that wait are kept and sent again, and the clock keeps its time. Call it when the
// server answers a pull with the code cursor_ahead or resync_required. With cursor_ahead, the server
// was restored from a backup, or another server replaced it, and it lacks changes that were
// confirmed before. With resync_required, the server has purged deletions since the
// last pull. Everything is pulled again. A Notice of kind Resync reports it.
//
// Edits that the old server accepted and the new one lacks are lost, including the user's own. An
// edit whose answer had not arrived still waits and is not lost.
func (r *Replica) Leave() {
	r.forget()
	r.notice(Notice{Kind: Resync})
}

// forget forgets everything that came from the server.
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
