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
			Draw: drawRow, Follow: afterImport,
		},
		run: (*world).imports, needs: backendCan(check.CanImport),
		covers: []string{"imports", "import writes an absent field", "import changes its own write", "import leaves an edit", "import has nothing new"},
		lacks:  "imports of rows without stamps: the backend is not an Importer",
	}}}}
}

// drawRow draws what changes in a row of the source: one or two values, a column that is absent from now on, or
// nothing.
func drawRow(d *schedule.Dice, s *schedule.Step) {
	for range schedule.Pick(d, 0, 1, 1, 2) {
		s.Sets = append(s.Sets, drawCell(d))
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
	if w.backend.Import == nil || w.ClockUnset {
		return
	}
	if w.Audit(); w.Breach != nil {
		return
	}
	w.changeRow(s)
	if err := w.backend.Import(w.rows()); err != nil {
		w.Tell(s.Clipped(), "error: "+err.Error())
		w.Broken(law.Answered, "Import: %v", err)
		return
	}
	w.Count("imports")
	w.JudgeImport(s.Clipped(), w.source, w.Fresh())
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
	stories := []func(schedule.Follow) []schedule.Step{editBeforeImport, editBetweenImports, deletedThenImported, deletedThenImported, importOverUnread, importAfterRestore}
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

// importAfterRestore lets the server be restored from a backup that lacks a run, and perhaps all runs.
func importAfterRestore(f schedule.Follow) []schedule.Step {
	before := schedule.Pick(f.Dice, importing(f, other(f)), f.Wait(time.Millisecond))
	return []schedule.Step{
		before, f.Does(schedule.Server, "backs-up"), importing(f, other(f)), f.Pulls(f.A), f.Does(schedule.Server, "is-restored"),
		importing(f, ""), f.Pulls(f.A), importing(f, other(f)), f.Pulls(f.A),
	}
}
