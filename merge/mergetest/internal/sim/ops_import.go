package sim

import (
	"maps"
	"slices"

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
			Draw: drawRow, Begin: firstImports, Follow: afterImport, OneIn: 2,
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
