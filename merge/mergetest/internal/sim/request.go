package sim

import (
	"cmp"
	"slices"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/record"
)

// request is a push or a pull that is being served, and what happens within it.
type request struct {
	schedule.Manner
	check.Batch
	does           string  // its text in the story
	pull           *device // the device that pulls; nil for a push
	outer          *request
	pauses, points int
	met            bool
	failed         bool // whether Env.Crash returned an error
}

// serve runs a request, within which other things may happen.
func (w *world) serve(r *request, call func()) {
	r.outer = w.serving
	w.serving = r
	call()
	w.serving = r.outer
}

// IsServing reports whether a request is being served.
func (w *world) IsServing() bool { return w.serving != nil }

// meetsPush reports whether a push is being served, perhaps with other requests nested in it.
func (r *request) meetsPush() bool {
	for ; r != nil; r = r.outer {
		if r.pull == nil {
			return true
		}
	}
	return false
}

// maxPauses is how many pauses a storm lasts, so that a server that retries forever succeeds in
// the end.
const maxPauses = 20

// pause lets another device sync, if a sync is due in this pause.
func (w *world) pause() {
	r := w.serving
	switch {
	case r == nil || w.Breach != nil:
		return
	case r.pull != nil:
		w.Able |= check.CanPausePull
		w.letInBetween(r)
		return
	}
	w.Able |= check.CanPause
	r.pauses++
	w.pauses = max(w.pauses, r.pauses)
	if r.pauses > 1 {
		w.Able |= check.CanRetry
	}
	switch {
	case r.Storms && r.pauses <= maxPauses:
		w.letEditAndPush(r)
	case r.pauses == r.At:
		w.letPush(r)
		w.pull(w.device(r.Whom), schedule.Manner{})
	}
}

// letInBetween lets another device sync during a pull, if a sync is due here: in a pause of the
// pull, or between two pages.
func (w *world) letInBetween(r *request) {
	if r.pauses++; r.pauses == r.At && w.device(r.Whom) != r.pull {
		w.letPush(r)
		w.pull(w.device(r.Whom), schedule.Manner{})
	}
	for _, e := range r.Within {
		if e.At == r.pauses {
			w.doWithin(r, e.Step)
		}
	}
}

// letPush lets another device push.
func (w *world) letPush(r *request) {
	if !r.met {
		w.addEvent(r.does, "is still running")
	}
	before := w.Sendings
	w.push(w.device(r.Whom), schedule.Manner{})
	if !r.met && w.Sendings > before {
		w.Count(map[bool]string{true: "pushes within a pull", false: "meets"}[r.pull != nil])
	}
	r.met = true
}

// letEditAndPush lets another device edit a record that is being pushed, and push the edit.
func (w *world) letEditAndPush(r *request) {
	d, it := w.device(r.Whom), r.Items[0]
	if r.pauses == 2 {
		w.Count("storms")
	}
	a := d.contrary(it)
	d.edit(it.ID, []schedule.Assignment{a})
	w.Tell(d.name+" "+schedule.Editing(it.ID, a), "")
	w.letPush(r)
}

// contrary returns an edit of a field that an item writes, to a value that differs from the
// shown one.
func (d *device) contrary(it *check.Item) schedule.Assignment {
	a := schedule.Assignment{Name: d.w.o.Names[0]}
	for _, x := range it.Writes {
		if slices.Contains(d.w.o.Names, x.Field) {
			a.Name = x.Field
		}
	}
	a.Value = "deleted"
	if v, _ := d.seenBy(it.ID).Get(a.Name); v.Deleted() {
		a.Value = cmp.Or(slices.Concat(d.w.o.Fields[a.Name], []string{"null"})...)
	}
	return a
}

// seenBy returns a record as the user of the device sees it.
func (d *device) seenBy(id string) record.Record {
	if d.client != nil {
		return d.client.Shown(d.w.Key(id))
	}
	return d.shown(id)
}

// crash tells the server to die, or its commit to fail, if a crash is due at this point.
func (w *world) crash() error {
	w.Able |= check.CanCrash
	r := w.serving
	if r == nil || r.pull != nil {
		return nil
	}
	r.points++
	w.points = max(w.points, r.points)
	at := max(r.Dies, r.Fails)
	if at == 0 || r.points < at {
		return nil
	}
	if !r.failed {
		r.failed = true
		w.Count(map[bool]string{true: "crashes", false: check.FailedCommit}[r.Dies > 0])
	}
	return errCrash
}
