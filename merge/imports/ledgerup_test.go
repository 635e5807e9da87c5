package imports_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/imports"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/lens"
)

// renames is a Lens with each kind of change of the table tasks.
func renames(t *testing.T) lens.Lens {
	t.Helper()
	same := func(v record.Value) (record.Value, error) { return v, nil }
	l, err := lens.New(lens.Table{
		Name: key.Table,
		Fields: []lens.Field{
			{Old: "deadline", New: "due"}, {Old: "until", New: "due", OneWay: true},
			{Old: "label", New: "tag"}, {Old: "status", New: "status", Up: same, Down: same},
		},
		Splits: []lens.Split{{
			Old: "text", New: []string{"title", "notes"},
			Up:   func(v record.Value) ([]record.Value, error) { return []record.Value{v, v}, nil },
			Down: func(v []record.Value) (record.Value, error) { return v[0], nil },
		}},
	})
	require.NoError(t, err)
	return l
}

// TestLedgerGoesWithRenamedFields: what was seen under an old name counts as seen under the new one, and a value that
// has another form counts as seen once.
func TestLedgerGoesWithRenamedFields(t *testing.T) {
	_, seen := plan(t, run(1), record.New(key), row(map[string]any{
		"deadline": "may", "label/x": true, "status": "open", "text": "a", "other": 1,
	}), imports.Ledger{})
	up := seen.Up(renames(t), key.Table)
	alive, err := record.New(key).Edit(clock.Stamp{Time: 9, Client: other}).Set("by people", true).Mutation()
	require.NoError(t, err)
	now := map[string]any{"due": "may", "tag/x": true, "status": "OPEN", "title": "a", "notes": "b", "other": 1}

	written := func(ledger imports.Ledger, field string, value any) []string {
		changed := map[string]any{field: value}
		for name, v := range now {
			if name != field {
				changed[name] = v
			}
		}
		p, err := run(2).Plan(alive.Data, row(changed), ledger)
		require.NoError(t, err)
		var names []string
		for name := range p.Mutation.Data.All() {
			names = append(names, name)
		}
		return names
	}
	require.Len(t, written(seen, "due", "may"), 5) // without Up, people's deletions do not last
	require.Empty(t, written(up, "due", "may"))
	require.Equal(t, []string{"due"}, written(up, "due", "june"))
	require.Equal(t, []string{"tag/x"}, written(up, "tag/x", false))
	require.Equal(t, []string{"new"}, written(up, "new", 7)) // a column that no run has seen
	for _, field := range []string{"status", "title", "notes"} {
		require.Empty(t, written(up, field, "another form"), field)
	}

	_, noted := plan(t, run(2), alive.Data, row(now), up)
	for field := range now {
		p, err := run(3).Plan(alive.Data, row(map[string]any{field: "changed since"}), noted)
		require.NoError(t, err)
		require.Equal(t, 1, p.Mutation.Data.Len(), field)
	}
}

// TestLedgerOfADeletedRecordGoesWithRenamedFields: only a value that differs from one that was seen in the same form brings
// a record back.
func TestLedgerOfADeletedRecordGoesWithRenamedFields(t *testing.T) {
	_, seen := plan(t, run(1), record.New(key), row(map[string]any{"deadline": "may", "status": "open"}), imports.Ledger{})
	up := seen.Up(renames(t), key.Table)
	for due, want := range map[string]int{"may": 0, "june": 2} {
		p, err := run(2).Plan(record.New(key), row(map[string]any{"due": due, "status": "OPEN"}), up)
		require.NoError(t, err)
		require.Equal(t, want, p.Mutation.Data.Len())
		require.Equal(t, want > 0, p.Mutation.New)
	}
}

// TestLedgerUp checks the text of what was translated: it can be stored and read again.
func TestLedgerUp(t *testing.T) {
	for before, after := range map[string]string{
		"":                "",
		`{"closed":true}`: `{"closed":true}`,
		`{"run":3,"hashes":{"deadline":"h","other":"o"}}`:                                                          `{"run":3,"hashes":{"due":"h","other":"o"}}`,
		`{"run":3,"hashes":{"deadline":"h","until":"h"}}`:                                                          `{"run":3,"hashes":{"due":"h"}}`,
		`{"run":3,"hashes":{"deadline":"h","until":"u"}}`:                                                          `{"run":3,"hashes":{"due":""}}`,
		`{"run":3,"hashes":{"due":"a name of the new version","label":"l","label/x":"x","status":"s","text":"t"}}`: `{"run":3,"hashes":{"notes":"","status":"","tag":"l","tag/x":"x","title":""}}`,
	} {
		var l imports.Ledger
		require.NoError(t, l.UnmarshalText([]byte(before)), before)
		up := l.Up(renames(t), key.Table)
		text, err := up.MarshalText()
		require.NoError(t, err)
		require.Equal(t, after, string(text))
		require.NoError(t, l.UnmarshalText(text), after)
		require.Equal(t, up, l)
		require.Equal(t, up, up.Up(renames(t), "another table"))
	}
}
