package sim

import (
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// openBuckets gives the client that reads everything the rights to do so, if the backend has buckets.
func (w *world) openBuckets() {
	if w.backend.Grant == nil {
		return
	}
	w.Sight = check.NewSight()
	for _, bucket := range schedule.Buckets() {
		w.grant(schedule.Newcomer(), bucket, true)
	}
}

// grant grants a bucket to a client, or revokes it. Within another request it may fail.
func (w *world) grant(client clock.ClientID, bucket string, granted bool) (done bool) {
	what, call := "Grant", w.backend.Grant
	if !granted {
		what, call = "Revoke", w.backend.Revoke
	}
	if err := call(client, bucket); err != nil {
		if w.serving == nil {
			w.Broken(law.Answered, "%s(%s, %q): %v", what, client, bucket, err)
		}
		return false
	}
	w.Grant(client, bucket, granted)
	return true
}

// admit grants all buckets to a device with a new ID, or those that it had under its last ID.
func (w *world) admit(d *device) {
	if w.Sight == nil || w.Sight.Rights[d.id] != nil {
		return
	}
	buckets := schedule.Buckets()
	if d.installed > 0 {
		buckets = w.Sight.Rights[schedule.ClientID(d.index, d.installed-1)].Names()
	}
	w.Sight.Rights[d.id] = oracle.Rights{}
	for _, bucket := range buckets {
		w.grant(d.id, bucket, true)
	}
}

// rights returns a copy of the rights of all clients.
func (w *world) rights() map[[16]byte]oracle.Rights {
	if w.Sight == nil {
		return nil
	}
	all := maps.Clone(w.Sight.Rights)
	for client, rights := range all {
		all[client] = maps.Clone(rights)
	}
	return all
}

// restoreRights notes that the server has the rights of its backup. Clients that are newer are granted
// what they had.
func (w *world) restoreRights() {
	if w.Sight == nil {
		return
	}
	lost := w.Sight.Rights
	w.Sight.Rights = w.backup.rights
	w.Sight.Rights = w.rights() // the backup may be restored again
	for _, d := range w.devices {
		if d == nil || w.Sight.Rights[d.id] != nil {
			continue
		}
		for _, bucket := range lost[d.id].Names() {
			w.grant(d.id, bucket, true)
		}
	}
	w.Changed()
}

// reader returns the device as a client that pulls.
func (d *device) reader() check.Reader { return d.as(d.id) }

// as returns a client as one that pulls, with the name of the device.
func (d *device) as(client clock.ClientID) check.Reader {
	if d.name == "" {
		return check.Newcomer()
	}
	return check.Reader{Name: d.name, ID: client}
}

// judgePage judges what a page tells its client.
func (w *world) judgePage(by check.Reader, text []byte, lines []line, since int) {
	if w.Sight == nil {
		return
	}
	for _, l := range lines {
		switch id, ok := w.IDOf(l.record.Key()); {
		case l.told != nil && l.told.buckets != nil:
			w.JudgeTold(by, l.told.buckets, since)
		case !l.reset && l.told == nil && ok && slices.Contains(w.IDs, id):
			w.JudgeLine(by, check.Line{ID: id, In: l.in, Left: l.left}, since)
		}
	}
	w.JudgeBytes(by, text, since)
}

// auditEviction checks that a pull which took records away from its device changed nothing.
func (w *world) auditEviction() {
	if w.Unread || w.Breach != nil || w.IsServing() {
		return
	}
	w.Last.Evicted = w.Moment
	w.Audit()
	w.Last.Evicted = -1
}

// doWithin runs a step within a pull.
func (w *world) doWithin(r *request, s schedule.Step) {
	if s.Kind.Request && w.device(s.Who) == r.pull {
		return
	}
	if !r.met {
		w.addEvent(r.does, "is still running")
	}
	r.met = true
	w.do(s)
	w.Count("within a pull")
}

// markLeft marks the items on records that left, which the device does not show until a line brings the
// record again.
func (d *device) markLeft(left []string, came string) {
	if d.w.Sight == nil {
		return
	}
	for _, id := range append(left, came) {
		if d.client != nil {
			d.client.Hide(id, d.overlay, id != came)
		}
		for _, items := range [][]*check.Item{d.outbox, d.overlay} {
			for _, it := range items {
				if it.ID == id {
					it.Left = id != came
				}
			}
		}
	}
}

// isLeft reports whether an item is hidden, because its record left after it was made.
func (d *device) isLeft(it *check.Item) bool {
	if d.client != nil && !it.Left {
		return d.client.IsHidden(it)
	}
	return it.Left
}
