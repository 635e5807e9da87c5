package memory_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/imports"
	"github.com/fieldlww/fieldlww/record"
)

var importer = clock.ClientID{0x1d, 0xea}

// newImporting returns an office whose server has an import.
func newImporting(t *testing.T, level int) *office {
	o := newOffice(t, level)
	o.Imports = []clock.ClientID{importer}
	return o
}

// imported is a row of task 1 with one column.
func imported(name, value string) imports.Row {
	return imports.Row{Key: named("1").Key(), Fields: map[string]record.Value{name: record.MustOf(value)}}
}

// imports runs the import, and returns the answer.
func (o *office) imports(rows ...imports.Row) merge.Answer {
	a, err := o.Import(importer, rows)
	require.NoError(o, err)
	return a
}

// title returns the title of task 1, or nil if it is absent.
func (o *office) title() any {
	w, ok := o.stored("1").Get("title")
	if !ok || w.Deleted() {
		return nil
	}
	return w.Value.Any()
}

// TestSecondRunChangesNothing: neither a record nor a sequence changes, and a changed source wins over
// the run before.
func TestSecondRunChangesNothing(t *testing.T) {
	o := newImporting(t, 2)
	require.Len(t, o.imports(imported("title", "a")).Updates, 1)
	_, cursor := o.pulls("")
	require.Empty(t, o.imports(imported("title", "a")).Updates)
	_, next := o.pulls(cursor)
	require.Equal(t, cursor, next)
	require.Len(t, o.imports(imported("title", "b")).Updates, 1)
	require.Equal(t, "b", o.title())
	require.Equal(t, clock.Stamp{Time: 3, Client: importer}, stampOf(o.stored("1"), "title"))
}

// TestEditWinsOverImport: an edit that was made before the import and arrives after it wins, and a
// changed source does not win over it. No lost edit is reported.
func TestEditWinsOverImport(t *testing.T) {
	o := newImporting(t, 2)
	o.edits(named("2"), 0, sets("title")) // so that the server has a watermark
	o.imports(imported("title", "a"))
	r := o.edits(named("1"), 1, sets("title"))
	require.Empty(t, r.Notes)
	require.True(t, r.Fields[0].BeforeImported)
	require.Equal(t, "x", o.title())
	require.Empty(t, o.imports(imported("title", "b")).Updates)
	require.Equal(t, "x", o.title())
}

// TestImportBringsNothingBack: what people deleted and purging removed stays away, until the source
// changes. The whole record then returns.
func TestImportBringsNothingBack(t *testing.T) {
	for _, level := range []int{1, 2} {
		o := newImporting(t, level)
		o.imports(imported("title", "a"))
		o.edits(o.stored("1"), 1, deletes)
		o.Purge(0)
		require.Equal(t, 2-level, o.stored("1").Len())
		require.Empty(t, o.imports(imported("title", "a")).Updates)
		require.Empty(t, o.imports(imported("new column", "a")).Updates)
		row := imported("title", "b")
		row.Fields["note"] = record.Value{}
		require.Len(t, o.imports(row).Updates, 1)
		require.Equal(t, "b", o.title())
		require.Equal(t, 2, o.stored("1").Len())
		require.Equal(t, at(1).Time+4, stampOf(o.stored("1"), "note").Time, "the stamp lies above the fence by the number of the run")
	}
}

// TestErasedRecordIsNotImported: the ledger of an erased record has no hashes, and no run brings the
// record back.
func TestErasedRecordIsNotImported(t *testing.T) {
	for _, imported1 := range []bool{false, true} {
		o := newImporting(t, 2)
		if imported1 {
			o.imports(imported("title", "a"))
		}
		o.edits(o.stored("1").WithKey(named("1").Key()), 1, sets("note"))
		o.erases("1", clock.Stamp{Client: house})
		require.Empty(t, o.imports(imported("title", "b")).Updates)
		o.Purge(0)
		require.Zero(t, o.stored("1").Len())
		require.Empty(t, o.imports(imported("title", "c")).Updates)
	}
}

// TestErasedRecordIsNotImportedAfterItsPurge: a record that was erased before the first run of the import is not
// imported, even if nothing of it is left, and neither is one that was purged before it was erased.
func TestErasedRecordIsNotImportedAfterItsPurge(t *testing.T) {
	for _, level := range []int{1, 2} {
		o := newImporting(t, level)
		o.edits(named("1"), 1, sets("title"))
		o.erases("1", clock.Stamp{Client: house})
		o.Purge(0)
		require.Empty(t, o.imports(imported("title", "a")).Updates)
		require.Empty(t, o.imports(imported("title", "b")).Updates)

		o = newImporting(t, level)
		o.imports(imported("title", "a"))
		o.edits(o.stored("1"), 1, deletes)
		o.Purge(0)
		o.erases("1", clock.Stamp{Client: house})
		require.Empty(t, o.imports(imported("title", "b")).Updates)
	}
}

// TestRefusedRowIsTriedAgain: the ledger has only rows that were accepted.
func TestRefusedRowIsTriedAgain(t *testing.T) {
	o := newImporting(t, 1)
	o.Engine.Guard = func(actor clock.ClientID, m record.Mutation) error {
		require.Equal(t, importer, actor)
		return errors.New("not today")
	}
	a := o.imports(imported("title", "a"), imports.Row{Key: named("2").Key()})
	require.Len(t, a.Results, 1, "a row without fields has no item")
	require.Equal(t, merge.Forbidden, a.Results[0].Refusal.Code)
	o.Engine.Guard = nil
	require.Len(t, o.imports(imported("title", "a")).Updates, 1)
}

// TestOnlyTheImportWritesUnderItsID: a client that has the ID of an import gets all its items refused.
func TestOnlyTheImportWritesUnderItsID(t *testing.T) {
	o := newImporting(t, 1)
	_, err := o.Import(ana, nil)
	require.ErrorIs(t, err, imports.ErrRun)
	m, err := named("1").Edit(clock.Stamp{Time: noon, Client: importer}).Set("title", "x").Mutation()
	require.NoError(t, err)
	answer, err := o.Push(importer, m.AppendJSON(nil))
	require.NoError(t, err)
	require.Contains(t, string(answer), `"code":"other_client"`)
	a, err := o.Apply(merge.Request{Actor: ben, AnyClient: true, Wall: o.now, Items: []record.Item{{Mutation: m}}})
	require.NoError(t, err)
	require.Equal(t, merge.OtherClient, a.Results[0].Refusal.Code)
}

// TestRunsAndLedgersAreRestored: a restored server has the ledgers and the number of the last run.
func TestRunsAndLedgersAreRestored(t *testing.T) {
	o := newImporting(t, 1)
	o.imports(imported("title", "a"))
	o.edits(o.stored("1"), 1, deletes)
	backup := o.Server
	o.Server = o.Restored()
	backup.Imports = nil
	require.Empty(t, o.imports(imported("title", "a")).Updates)
	require.Len(t, o.imports(imported("title", "b")).Updates, 1)
	require.EqualValues(t, 3, stampOf(o.stored("1"), "title").Time)
	_, err := o.Import(importer, []imports.Row{imported("title", "c"), imported("title", "c")})
	require.ErrorIs(t, err, imports.ErrDuplicate)
}

// stampOf returns the stamp of a field.
func stampOf(r record.Record, name string) clock.Stamp {
	w, _ := r.Get(name)
	return w.Stamp
}
