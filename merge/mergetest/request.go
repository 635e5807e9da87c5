package mergetest

import (
	"cmp"
	"slices"

	"github.com/fieldlww/fieldlww/record"
)

// request is a push or a pull that is being served, and what is to happen within it.
type request struct {
	manner
	batch
	does           string  // how it is told
	pull           *device // that pulls; nil if this is a push
	outer          *request
	pauses, points int
	met, dead      bool
}

// serve lets a request run within which something may happen.
func (w *world) serve(r *request, call func()) {
	r.outer = w.serving
	w.serving = r
	call()
	w.serving = r.outer
}

// meetsPush reports whether a push is being served, perhaps with other requests within it.
func (r *request) meetsPush() bool {
	for ; r != nil; r = r.outer {
		if r.pull == nil {
			return true
		}
	}
	return false
}

// maxPauses is how many pauses a storm lasts. A server that tries again for ever is served in
// the end.
const maxPauses = 20

// pause lets another device in, if now is the time.
func (w *world) pause() {
	r := w.serving
	switch {
	case r == nil || w.breach != nil:
		return
	case r.pull != nil:
		w.able |= canPausePull
		w.between(r)
		return
	}
	w.able |= canPause
	r.pauses++
	w.pauses = max(w.pauses, r.pauses)
	if r.pauses > 1 {
		w.able |= canRetry
	}
	switch {
	case r.storms && r.pauses <= maxPauses:
		w.storm(r)
	case r.pauses == r.at:
		w.meet(r)
		w.pull(w.device(r.whom), manner{})
	}
}

// between lets another device in within a pull, if now is the time: where the pull pauses, or
// between two pages.
func (w *world) between(r *request) {
	if r.pauses++; r.pauses == r.at && w.device(r.whom) != r.pull {
		w.meet(r)
		w.pull(w.device(r.whom), manner{})
	}
}

// meet lets another device push.
func (w *world) meet(r *request) {
	if !r.met {
		w.told(r.does, "does not end yet")
	}
	before := w.sendings
	w.push(w.device(r.whom), manner{})
	if !r.met && w.sendings > before {
		w.count(map[bool]string{true: "pushes within a pull", false: "meets"}[r.pull != nil])
	}
	r.met = true
}

// storm lets another device edit what is being pushed, and push that.
func (w *world) storm(r *request) {
	d, it := w.device(r.whom), r.items[0]
	if r.pauses == 2 {
		w.count("storms")
	}
	a := d.contrary(it)
	d.edit(it.id, []assignment{a})
	w.tell(d.name+" "+editing(it.id, a), "")
	w.meet(r)
}

// contrary returns an edit of what an item writes, to something else than is shown.
func (d *device) contrary(it *item) assignment {
	a := assignment{name: d.w.o.names[0]}
	for _, x := range it.writes {
		if slices.Contains(d.w.o.names, x.Field) {
			a.name = x.Field
		}
	}
	shown := d.shown
	if d.client != nil {
		shown = func(id string) record.Record { return d.client.Shown(d.w.key(id)) }
	}
	a.value = "deleted"
	if v, _ := shown(it.id).Get(a.name); v.Deleted() {
		a.value = cmp.Or(slices.Concat(d.w.o.fields[a.name], []string{"null"})...)
	}
	return a
}

// crash tells the server to die, if now is the time.
func (w *world) crash() error {
	w.able |= canCrash
	r := w.serving
	if r == nil || r.pull != nil {
		return nil
	}
	r.points++
	w.points = max(w.points, r.points)
	if r.dies == 0 || r.points < r.dies {
		return nil
	}
	if !r.dead {
		r.dead = true
		w.count("crashes")
	}
	return errCrash
}
