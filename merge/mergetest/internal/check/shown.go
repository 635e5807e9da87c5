package check

import (
	"errors"
	"maps"
	"os"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/record"
)

// Edited judges what a Client shows of a record after an edit. It returns a note for the story
// about the write that the user sees.
func (r *Replica) Edited(id string, before record.Record, fields map[string]record.Value, floor clock.Timestamp) (note string) {
	after := r.Shows(id)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		old, _ := before.Get(name)
		v, ok := after.Get(name)
		note = "shown as: " + r.long(WriteOf(v), ok)
		switch {
		case !ok || v == old || v.Value != fields[name] || v.Stamp.Client != r.id:
			r.Broken(law.ClientEdit, "%s edited %s of %s to %s\nshown     %s", r.name, name, r.place(id), fields[name], r.long(WriteOf(v), ok))
			return note
		case v.Stamp.Time <= floor:
			r.Broken(law.ClientObserves, "%s edited %s of %s\nstamped   %s\nseen      %s before the edit", r.name, name, r.place(id), r.long(WriteOf(v), ok), greatest(floor))
			return note
		}
		k := oracle.FieldKey{ID: id, Field: name}
		note = "stamped " + When(WriteOf(v).Time)
		r.Wants[k] = append(r.Wants[k], want{Write: WriteOf(v), base: stampOf(old.Stamp)})
	}
	return note
}

// BrokenEdit reports the law that a Client breaks by returning an error from Edit.
func (r *Replica) BrokenEdit(err error, floor clock.Timestamp) {
	if errors.Is(err, record.ErrStamp) {
		r.Broken(law.ClientObserves, "Edit by %s: %v\nseen      %s before the edit", r.name, err, greatest(floor))
	}
	r.BrokenCall("Edit", err)
}

// BrokenCall reports the law that a Client breaks by failing in a call.
func (r *Replica) BrokenCall(call string, err error) {
	l := law.ClientErrors
	if errors.Is(err, os.ErrDeadlineExceeded) {
		l = law.ClientAnswers
	}
	r.Broken(l, "%s by %s: %v", call, r.name, err)
}

func greatest(floor clock.Timestamp) string {
	if floor.IsZero() {
		return "nothing"
	}
	return floor.String()
}
