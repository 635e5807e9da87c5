package lawtest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/merge/imports"
)

// TestCreationThatIsLateIsGoneAfterAnImport shows the case that the scopes leave out: at level 1, a
// creation from below the fence is accepted, because its record never existed. If an import has
// created the record in the meantime, the fields of the import are superseded and the others gone.
func TestCreationThatIsLateIsGoneAfterAnImport(t *testing.T) {
	item := lateItem{writes: importRecord{0: {value: 2, at: 10}, 1: {value: 2, at: 10}}, isNew: true}
	for _, c := range []struct {
		level    int8
		imported bool
		want     importRecord
	}{
		{1, false, item.writes},
		{1, true, importRecord{0: {value: 1, at: 21, imported: true}}},
		{2, false, importRecord{}},
		{2, true, importRecord{0: {value: 1, at: 21, imported: true}}},
	} {
		w := importWorld{level: c.level, fence: 20, source: [2]int8{1, 0}}
		if c.imported {
			w.run(imports.Run.Plan)
			w.note()
		}
		require.Empty(t, w.arrive(item))
		require.Equal(t, c.want, w.stored, "level %d, imported %v", c.level, c.imported)
	}
}

// TestEditBetweenFenceAndImportLoses shows the other case: an edit that is stamped above the fence by at
// most the number of the run loses, and is not reported as lost.
func TestEditBetweenFenceAndImportLoses(t *testing.T) {
	for at, wins := range map[int8]bool{21: false, 22: false, 23: true} {
		w := importWorld{level: 1, fence: 20, source: [2]int8{1, 0}}
		w.run(imports.Run.Plan)
		w.source[0] = 2
		w.run(imports.Run.Plan)
		require.Equal(t, importCell{2, 22, true}, w.stored[0])
		item := importMutation(importRecord{0: {value: 1, at: at}}.record(), true)
		r := w.push(person, item).Results[0]
		require.True(t, r.Accepted())
		require.Equal(t, wins, !w.stored[0].imported, "%d", at)
		require.Empty(t, r.Notes)
	}
}
