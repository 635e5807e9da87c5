package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/record"
)

// Rows are the rows of a source: by record ID, the values by field, as canonical JSON.
type Rows map[string]map[string]string

// JudgeImport compares what a new device finds after a run of the import with what the run must write, and records
// the writes.
func (j *Judge) JudgeImport(does string, rows Rows, found map[oracle.FieldKey]oracle.Write) {
	j.Lab.Tell(does, "writes "+j.imported(rows, found))
	for _, id := range slices.Sorted(maps.Keys(rows)) {
		row := rows[id]
		planned := j.Ledger.Planned(id, row, j.Level, schedule.Importer())
		doubt := j.Ledger.InDoubt(id, -1) || j.Ledger.MayBeClosed(id)
		if j.begunByImport(id, row, found) {
			j.Count("import begins a record again")
			j.Ledger.Begin(id)
		}
		for _, name := range slices.Sorted(maps.Keys(row)) {
			k := oracle.FieldKey{ID: id, Field: name}
			f, ok := found[k]
			if !doubt {
				j.judgeImported(k, planned[name], row[name], f, ok)
			}
			if j.isImported(k, f, ok) {
				j.judgeImportStamp(k, f)
				j.Ledger.Of(k).Set(f, oracle.Fate{State: oracle.Accepted, Since: j.Moment})
			}
		}
		j.Ledger.Brought(id, row)
	}
	j.JudgePull(Newcomer(), found, found)
}

// JudgeQuiet judges what a client that had pulled everything before a run pulls after it, if the run wrote nothing.
func (j *Judge) JudgeQuiet(again map[oracle.FieldKey]oracle.Write) {
	var ids []string
	for k := range again {
		if j.Ledger.Histories[k] == nil {
			return // a record of the server's own has changed as well
		}
		ids = append(ids, j.place(k.ID))
	}
	slices.Sort(ids)
	if ids = slices.Compact(ids); len(ids) > 0 {
		j.Broken(law.ImportRepeats, "the run wrote nothing, but a client that had pulled everything before it pulls again: %s", strings.Join(Elided(ids, 5), ", "))
	}
}

// begunByImport reports whether the last run wrote a dead record, and its deletion is gone.
func (j *Judge) begunByImport(id string, row map[string]string, found map[oracle.FieldKey]oracle.Write) bool {
	deletion := oracle.FieldKey{ID: id, Field: record.DeletedField}
	if !j.Ledger.Dead(id) || found[deletion] == j.Ledger.Histories[deletion].Best {
		return false
	}
	for name := range row {
		k := oracle.FieldKey{ID: id, Field: name}
		if f, ok := found[k]; j.isImported(k, f, ok) {
			return true
		}
	}
	return false
}

// isImported reports whether the last run of the import wrote what was found.
func (j *Judge) isImported(k oracle.FieldKey, f oracle.Write, ok bool) bool {
	p := j.Ledger.Histories[k]
	return ok && f.Client == schedule.Importer() && (p == nil || p.Writes[f] == nil || p.Writes[f].State == oracle.Refused)
}

// imported lists what a run wrote.
func (j *Judge) imported(rows Rows, found map[oracle.FieldKey]oracle.Write) string {
	var all []string
	for _, id := range slices.Sorted(maps.Keys(rows)) {
		for _, name := range slices.Sorted(maps.Keys(rows[id])) {
			k := oracle.FieldKey{ID: id, Field: name}
			if f, ok := found[k]; j.isImported(k, f, ok) {
				all = append(all, schedule.Clipped(id)+" "+short(oracle.Written{FieldKey: k, Write: f}))
			}
		}
	}
	if len(all) == 0 {
		return "nothing"
	}
	return strings.Join(Elided(all, 20), "\n")
}

// judgeImported judges what was found in a field after a run.
func (j *Judge) judgeImported(k oracle.FieldKey, why oracle.Reason, value string, f oracle.Write, ok bool) {
	j.Count(map[oracle.Reason]string{
		oracle.Differs: "import changes its own write", oracle.IsNew: "import writes an absent field", oracle.OfPerson: "import leaves an edit",
		oracle.Unchanged: "import has nothing new", oracle.Removed: "import brings nothing back", oracle.Either: "import meets the last tombstone",
	}[why])
	wrote := j.isImported(k, f, ok)
	p := j.Ledger.Of(k)
	switch {
	case why.Writes() && !wrote && (!ok || f == p.Best || f.Client != schedule.Importer()):
		j.brokenImport(law.ImportWrites, k, value+", which the import wrote: "+inReason(why), f, ok)
	case (why.Writes() || why == oracle.Either) && wrote:
		if f.Deleted || f.Value != value {
			j.brokenImport(law.Exact, k, value+", which the source has", f, ok)
		}
	case wrote && why == oracle.OfPerson && !p.Best.Deleted:
		j.brokenImport(law.ImportYields, k, j.long(p.Best, p.Some)+": "+inReason(why), f, ok)
	case wrote && why == oracle.Unchanged:
		j.brokenImport(law.ImportRepeats, k, j.long(p.Best, p.Some)+": "+inReason(why), f, ok)
	case wrote && !why.Writes():
		j.brokenImport(law.ImportBrings, k, "no write of the import: "+inReason(why), f, ok)
	}
}

// inReason says why a run must write a field, or must leave it.
func inReason(why oracle.Reason) string {
	return map[oracle.Reason]string{
		oracle.Differs: "the source has changed since the run before", oracle.IsNew: "the field is absent, and the source has a new value",
		oracle.OfPerson: "a person wrote the field last", oracle.Unchanged: "the source has not changed",
		oracle.Removed: "the field or its record was removed, and the source has not changed since",
	}[why]
}

// judgeImportStamp judges the stamp of a write of an import: it lies above the fence, and below every edit that
// a person may have made above the fence.
func (j *Judge) judgeImportStamp(k oracle.FieldKey, f oracle.Write) {
	if above := f.Time - j.Ledger.Fence; above <= 0 || above >= int64(time.Millisecond) {
		fence := "no fence, so the stamp lies less than a millisecond after 1970"
		if j.Ledger.Fence > 0 {
			fence = fmt.Sprintf("the fence is at %s, so the stamp lies above it by less than a millisecond", When(j.Ledger.Fence))
		}
		j.brokenImport(law.ImportYields, k, "a stamp that each edit beats: "+fence, f, true)
	}
}

func (j *Judge) brokenImport(l law.Law, k oracle.FieldKey, expected string, f oracle.Write, ok bool) {
	j.Broken(l, "field     %s %s\nexpected  %s\nfound     %s", j.place(k.ID), k.Field, expected, j.long(f, ok))
}
