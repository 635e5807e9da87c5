package sim

import (
	"maps"
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/record"
)

// importOps are the runs of an import. Only a backend that imports has them, so the schedules of other backends do
// not depend on them.
func importOps() []family {
	often := func(d *schedule.Dice) int {
		if !d.Domain.Imports {
			return 0
		}
		return schedule.Pick(d, 0, 2, 4)
	}
	return []family{{often: often, ops: []op{{
		Kind: schedule.Kind{
			Name: "imports", Who: schedule.OfServer, Args: []schedule.Argument{schedule.OfRecord(), schedule.Assignments(0)},
			Draw: drawRow, Follow: afterImport, OneIn: 2,
		},
		run: (*world).imports, needs: backendCan(check.CanImport),
		covers: []string{"imports", "import writes an absent field", "import changes its own write", "import leaves an edit", "import has nothing new"},
		lacks:  "imports of rows without stamps: the backend is not an Importer",
	}}}, {ops: []op{{
		Kind: schedule.Kind{Name: "drops", Who: schedule.OfServer, Args: []schedule.Argument{schedule.OfRecord()}},
		run:  (*world).dropRow,
	}}}}
}

// drawRow draws what changes in a row of the source: one or two values, a column that is absent from now on, the buckets
// of the record, or nothing.
func drawRow(d *schedule.Dice, s *schedule.Step) {
	for range schedule.Pick(d, 0, 1, 1, 2) {
		s.Sets = append(s.Sets, drawCell(d))
	}
	if d.Domain.Grants && d.On() {
		s.Sets = append(s.Sets, d.Bucket())
	}
}

func drawCell(d *schedule.Dice) schedule.Assignment {
	name := schedule.Pick(d, d.Domain.Names...)
	if d.IntN(8) == 0 {
		return schedule.Assignment{Name: name, Value: "deleted"}
	}
	return schedule.Assignment{Name: name, Value: schedule.Pick(d, d.Domain.Fields[name]...)}
}

// imports changes a row of the source, and lets the server import all rows, if it can.
func (w *world) imports(s schedule.Step) {
	if w.backend.Import != nil && !w.ClockUnset {
		w.importAfter(s, w.changeRow)
	}
}

// dropRow takes a row away from the source, and lets the server import all other rows, if it can.
func (w *world) dropRow(s schedule.Step) {
	if w.source[s.ID] != nil && w.backend.Import != nil && !w.ClockUnset {
		w.Count("row leaves the source")
		w.importAfter(s, func(s schedule.Step) { delete(w.source, s.ID) })
	}
}

// importAfter changes the source, and lets the server import all rows.
func (w *world) importAfter(s schedule.Step, change func(schedule.Step)) {
	if w.Audit(); w.Breach != nil {
		return
	}
	before, cursor := w.freshFrom("")
	change(s)
	if err := w.backend.Import(w.rows()); err != nil {
		w.Tell(s.Clipped(), "error: "+err.Error())
		w.Broken(law.Answered, "Import: %v", err)
		return
	}
	w.Count("imports")
	found := w.Fresh()
	w.JudgeImport(s.Clipped(), w.source, found)
	if w.Breach == nil && maps.Equal(before, found) {
		again, _ := w.freshFrom(cursor)
		w.JudgeQuiet(again)
	}
	w.JudgeDerived()
	w.Changed()
}

// changeRow changes the values of a row of the source. The word deleted takes a column away.
func (w *world) changeRow(s schedule.Step) {
	row := maps.Clone(w.source[s.ID])
	if row == nil {
		row = map[string]string{}
	}
	for _, a := range s.Sets {
		if a.Value == "deleted" {
			delete(row, a.Name)
			continue
		}
		v, err := record.ParseValue([]byte(a.Value))
		w.Must(err)
		row[a.Name] = v.JSON()
	}
	w.source[s.ID] = row
}

// rows returns all rows of the source, in the order of their IDs.
func (w *world) rows() (rows []ImportRow) {
	for _, id := range slices.Sorted(maps.Keys(w.source)) {
		row := ImportRow{Key: w.Key(id), Fields: map[string]record.Value{}}
		for name, text := range w.source[id] {
			v, err := record.ParseValue([]byte(text))
			w.Must(err)
			row.Fields[name] = v
		}
		rows = append(rows, row)
	}
	return rows
}

// afterImport returns a story about the same row: an edit that was made before the run arrives after it, an edit that
// the next run finds, or a deletion that was purged.
func afterImport(f schedule.Follow) []schedule.Step {
	stories := []func(schedule.Follow) []schedule.Step{
		editBeforeImport, editBetweenImports, deletedThenImported, deletedThenImported, importOverUnread, importAfterRestore,
		sameValue, awayAndBack, newColumnOfDead, importLateDeletion, importAhead,
	}
	return stories[f.IntN(len(stories))](f)
}

// importing returns a run in which the row of the story has a value, or in which nothing changes.
func importing(f schedule.Follow, value string) schedule.Step {
	s := f.Does(schedule.Server, "imports")
	s.ID = f.ID
	if value != "" {
		s.Sets = []schedule.Assignment{{Name: f.Edit(f.A).Sets[0].Name, Value: value}}
	}
	return s
}

// other returns a value of the field of the story.
func other(f schedule.Follow) string { return schedule.Pick(f.Dice, f.Values...) }

// editBeforeImport lets an edit from before a run arrive after it.
func editBeforeImport(f schedule.Follow) []schedule.Step {
	return []schedule.Step{f.Edit(f.A), importing(f, other(f)), f.Pulls(f.B), f.Pushes(f.A), importing(f, other(f)), f.Pulls(f.B)}
}

// editBetweenImports lets a device edit what was imported, and the source change.
func editBetweenImports(f schedule.Follow) []schedule.Step {
	return []schedule.Step{
		importing(f, other(f)), f.Pulls(f.A), f.Edit(f.A), f.Pushes(f.A), importing(f, ""), f.Pulls(f.B), importing(f, other(f)), importing(f, ""), f.Pulls(f.B),
	}
}

// deletedThenImported lets a device delete what was imported, and a purge remove it, before the next runs.
func deletedThenImported(f schedule.Follow) []schedule.Step {
	deletes := alters(f, f.A, "deletes")
	if f.On() {
		deletes = f.Edit(f.A)
		deletes.Sets[0].Value = "deleted"
	}
	return []schedule.Step{
		importing(f, other(f)), f.Pulls(f.A), deletes, f.Pushes(f.A), importing(f, ""), purging(f), importing(f, ""), f.Pulls(f.B),
		importing(f, other(f)), f.Pulls(f.B), f.Edit(f.B), f.Pushes(f.B), f.Pulls(f.A),
	}
}

// importOverUnread lets an edit meet an imported write that its author has not seen.
func importOverUnread(f schedule.Follow) []schedule.Step {
	return []schedule.Step{
		f.Edit(f.C), f.Pushes(f.C), f.Pulls(f.A), importing(f, other(f)), f.Edit(f.A), importing(f, other(f)), f.Pushes(f.A), f.Pulls(f.B), purging(f), importing(f, other(f)),
	}
}

// sameValue lets a device write the value that was imported, so that only the stamp shows who wrote it.
func sameValue(f schedule.Follow) []schedule.Step {
	value := other(f)
	edit := f.Edit(f.A)
	edit.Sets[0].Value = value
	return []schedule.Step{importing(f, value), f.Pulls(f.A), edit, f.Pushes(f.A), importing(f, other(f)), f.Pulls(f.B)}
}

// awayAndBack takes a row or a column away from the source, and brings it back with the same value. In the meantime, a
// device may delete the field or the record, and a purge removes it.
func awayAndBack(f schedule.Follow) []schedule.Step {
	value := other(f)
	away := importing(f, "deleted")
	if f.On() {
		away = f.Does(schedule.Server, "drops")
		away.ID = f.ID
	}
	deletes := alters(f, f.A, "deletes")
	if f.On() {
		deletes = f.Edit(f.A)
		deletes.Sets[0].Value = "deleted"
	}
	gone := []schedule.Step{f.Pulls(f.A), deletes, f.Pushes(f.A), purging(f)}
	return slices.Concat([]schedule.Step{importing(f, value)}, gone, []schedule.Step{away, importing(f, value), f.Pulls(f.B), importing(f, other(f)), away, f.Pulls(f.A)})
}

// newColumnOfDead gives a row whose record was deleted and purged a column that it did not have, then other values.
func newColumnOfDead(f schedule.Follow) []schedule.Step {
	g := f.Elsewhere()
	g.ID = f.ID
	return []schedule.Step{
		importing(f, other(f)), f.Pulls(f.A), alters(f, f.A, "deletes"), f.Pushes(f.A), purging(f), importing(g, other(g)), f.Pulls(f.B),
		importing(f, other(f)), f.Pulls(f.B),
	}
}

// importLateDeletion brings a row over whose record was deleted below the fence, by a push that came after the purge.
func importLateDeletion(f schedule.Follow) []schedule.Step {
	g := f.Elsewhere()
	gone := alters(f, f.A, "deletes")
	if f.On() {
		gone = f.Edit(f.A)
		gone.Sets[0].Value = "deleted"
	}
	return []schedule.Step{
		f.Edit(f.A), f.Pushes(f.A), gone, f.Wait(time.Millisecond), g.Edit(f.B), f.Pushes(f.B), purging(f), f.Pushes(f.A), importing(f, other(f)), f.Pulls(f.B),
	}
}

// importAhead lets an import and the server write above a fence that is ahead of the time.
func importAhead(f schedule.Follow) []schedule.Step {
	bound := f.Domain.MaxAhead
	if !f.Domain.Bounded() {
		bound = time.Hour
	}
	write := f.Write()
	return []schedule.Step{
		f.Clock(f.A, bound), f.Edit(f.A), alters(f, f.A, "deletes"), f.Pushes(f.A), f.Clock(f.A, 0), purging(f), importing(f, other(f)), importing(f, other(f)),
		write, f.Pulls(f.B),
	}
}

// importAfterRestore lets the server be restored from a backup that lacks a run, and perhaps all runs.
func importAfterRestore(f schedule.Follow) []schedule.Step {
	before := schedule.Pick(f.Dice, importing(f, other(f)), f.Wait(time.Millisecond))
	return []schedule.Step{
		before, f.Does(schedule.Server, "backs-up"), importing(f, other(f)), f.Pulls(f.A), f.Does(schedule.Server, "is-restored"),
		importing(f, ""), f.Pulls(f.A), importing(f, other(f)), f.Pulls(f.A),
	}
}
