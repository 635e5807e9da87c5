package sim

import (
	"errors"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/record"
)

// restart restarts the server, if that is possible.
func (w *world) restart() {
	if w.backend.Restart == nil {
		return
	}
	next, err := w.backend.Restart()
	if err != nil {
		w.Broken(law.Answered, "restart: %v", err)
		return
	}
	w.backend, w.Last.Restart = next, w.Moment
	w.Count("restarts")
	if w.Unread {
		w.Count("restarts before a pull")
	}
	w.Tell("the server is restarted", "")
	w.Audit()
}

// write lets the server write the fields of a step.
func (w *world) write(s schedule.Step) {
	if w.backend.Write == nil || w.ClockUnset || w.Ledger.Fence > 0 && w.Ledger.Deleted(s.ID) || w.Ledger.IsErased(s.ID) {
		return
	}
	for _, a := range s.Sets {
		v, err := record.ParseValue([]byte(a.Value))
		w.Must(err)
		if err := w.backend.Write(w.Key(s.ID), a.Name, v); err != nil {
			w.brokenWrite(s, err)
			return
		}
		w.Count("writes")
		w.JudgeWrite(oracle.FieldKey{ID: s.ID, Field: a.Name}, v)
		w.JudgeDerived()
		w.Changed()
	}
}

// brokenWrite reports the law that an error from Write breaks.
func (w *world) brokenWrite(s schedule.Step, err error) {
	w.Tell(s.String(), "error: "+err.Error())
	l := law.Answered
	if errors.Is(err, record.ErrStamp) {
		l = law.ServerClock
	}
	w.Broken(l, "Write: %v", err)
}

// serverCopy is a backup of the server, and the ledger at the moment of the backup.
type serverCopy struct {
	restore  func() (Process, error)
	ledger   *oracle.Ledger
	fenceSeq int64
	erasures int // the number of erasures before it
	rights   map[[16]byte]oracle.Rights
}

// backUp makes a backup of the server, if that is possible. Only a server that purges tells
// Clients of a restore, so runs with Clients of another server have no backups.
func (w *world) backUp() {
	if w.backend.Backup == nil || w.o.NewApp != nil && w.backend.Purge == nil {
		return
	}
	restore, err := w.backend.Backup()
	if err != nil {
		w.Broken(law.Answered, "Backup: %v", err)
		return
	}
	w.backup = &serverCopy{restore, w.Ledger.Clone(), w.fenceSeq, len(w.erasures), w.rights()}
	w.Tell("the server is backed up", "")
}

// restore replaces the server with its backup. All devices of the kit know of the restore, and send
// their own writes again. They keep everything else, including their cursors. A Client learns of the
// restore when it pulls.
func (w *world) restore() {
	if w.backup == nil {
		return
	}
	next, err := w.backup.restore()
	if err != nil {
		w.Broken(law.Answered, "restore: %v", err)
		return
	}
	w.backend, w.Last.Restore = next, w.Moment
	w.Ledger, w.fenceSeq = w.backup.ledger.Clone().Without(w.Ledger), w.backup.fenceSeq
	for _, d := range w.devices {
		if d == nil {
			continue
		}
		if d.outdated = d.cursor != ""; d.client == nil {
			d.resendOwn()
		} else {
			d.client.mustPull = true
		}
	}
	w.Count("server is restored")
	w.Tell("the server is restored from its backup", "all devices send their own writes again")
	w.restoreRights()
	w.eraseAgain(w.backup.erasures)
	w.Audit()
}

// resendOwn puts the device's own confirmed writes into its outbox again.
func (d *device) resendOwn() {
	var again []*check.Item
	for _, id := range slices.Sorted(maps.Keys(d.confirmed)) {
		var b record.Builder
		mine, err := b.Record(d.w.Key(id), func(yield func(string, record.FieldValue) bool) {
			for name, v := range d.confirmed[id] {
				if v.Stamp.Client == d.id && !yield(name, v) {
					return
				}
			}
		})
		d.w.Must(err)
		if mine.Len() > 0 {
			again = append(again, check.NewItem(id, record.Mutation{Data: mine}))
		}
	}
	for _, it := range d.overlay {
		again = append(again, check.NewItem(it.ID, it.M))
		again[len(again)-1].Left = it.Left
	}
	d.outbox, d.overlay = append(again, d.outbox...), nil
}

// Held returns the writes that the backend holds next to its records.
func (w *world) Held() []record.Record {
	if w.backend.Held == nil { // a restart returned a backend that is not a Keeper
		return nil
	}
	all, err := w.backend.Held()
	if err != nil {
		w.Broken(law.Answered, "Held: %v", err)
	}
	return all
}

// Derived lets the backend derive everything again from its records, and returns what changed.
func (w *world) Derived() []record.Key {
	if w.backend.Audit == nil { // a restart returned a backend that is not an Auditor
		return nil
	}
	changed, err := w.backend.Audit()
	if err != nil {
		w.Broken(law.Answered, "Audit: %v", err)
	}
	return changed
}

// setClockUnset sets whether the server's clock is unset.
func (w *world) setClockUnset(unset bool) {
	if unset == w.ClockUnset {
		return
	}
	w.ClockUnset = unset
	w.Tell("the clock of the server is "+map[bool]string{true: "not set", false: "set"}[unset], "")
}
