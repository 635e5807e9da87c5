package imports_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/imports"
	"github.com/fieldlww/fieldlww/record"
)

var (
	importer = clock.ClientID{0x1d}
	other    = clock.ClientID{0x1e}
	key      = record.Key{Table: "tasks", ID: "1"}
)

func row(values map[string]any) imports.Row {
	r := imports.Row{Key: key, Fields: make(map[string]record.Value)}
	for name, v := range values {
		r.Fields[name] = record.MustOf(v)
	}
	return r
}

// stampOf returns the stamp of a field.
func stampOf(r record.Record, name string) clock.Stamp {
	w, _ := r.Get(name)
	return w.Stamp
}

func run(number int64) imports.Run { return imports.Run{ID: importer, Number: number} }

// plan plans a row, joins it to the record, and returns the join and the ledger.
func plan(t *testing.T, r imports.Run, stored record.Record, row imports.Row, seen imports.Ledger) (record.Record, imports.Ledger) {
	t.Helper()
	p, err := r.Plan(stored, row, seen)
	require.NoError(t, err)
	require.Nil(t, p.Mutation.Base)
	joined, err := merge.Records(stored, p.Mutation.Data)
	require.NoError(t, err)
	return joined, p.Ledger
}

// TestValuesComeOverAsTheyAre: NULL is null, the zero values of each kind are values, and an absent
// column writes nothing.
func TestValuesComeOverAsTheyAre(t *testing.T) {
	source := row(map[string]any{"null": nil, "zero": 0, "false": false, "empty": "", "list": []any{}, "object": map[string]any{}})
	got, ledger := plan(t, run(1), record.New(key), source, imports.Ledger{})
	require.Equal(t, len(source.Fields), got.Len())
	for name, v := range source.Fields {
		w, ok := got.Get(name)
		require.True(t, ok)
		require.Equal(t, v, w.Value, name)
		require.Equal(t, clock.Stamp{Time: 1, Client: importer}, w.Stamp)
	}
	again, same := plan(t, run(2), got, source, ledger)
	require.True(t, again.Equal(got))
	require.Equal(t, ledger, same)
	fewer, same := plan(t, run(3), got, row(nil), ledger)
	require.True(t, fewer.Equal(got))
	require.Equal(t, ledger, same, "an absent column is not forgotten")
}

// TestOtherImportsAreLikePeople: an import writes over its own writes only.
func TestOtherImportsAreLikePeople(t *testing.T) {
	first, _ := plan(t, run(1), record.New(key), row(map[string]any{"f": 1}), imports.Ledger{})
	r := imports.Run{ID: other, Number: 9}
	second, _ := plan(t, r, first, row(map[string]any{"f": 2, "g": 2}), imports.Ledger{})
	require.Equal(t, stampOf(first, "f"), stampOf(second, "f"))
	require.Equal(t, r.Stamp(), stampOf(second, "g"))
}

// TestWriteThatTheLedgerLacksIsRepaired: the import's own write is compared with the source itself.
func TestWriteThatTheLedgerLacksIsRepaired(t *testing.T) {
	_, ledger := plan(t, run(1), record.New(key), row(map[string]any{"f": 2}), imports.Ledger{})
	old, _ := plan(t, run(1), record.New(key), row(map[string]any{"f": 1}), imports.Ledger{})
	got, _ := plan(t, run(2), old, row(map[string]any{"f": 2}), ledger)
	require.Equal(t, run(2).Stamp(), stampOf(got, "f"))
}

// TestRecordThatIsKnownAsDeletedIsNotImported: at level 1, the first run finds the deletion.
func TestRecordThatIsKnownAsDeletedIsNotImported(t *testing.T) {
	m, err := record.New(key).Edit(clock.Stamp{Time: 5, Client: other}).DeleteRecord().Mutation()
	require.NoError(t, err)
	for level, begins := range []bool{1: false, 2: true} {
		r := imports.Run{ID: importer, Number: 1, Fence: 5, Level: level}
		p, err := r.Plan(m.Data, row(map[string]any{"f": 1}), imports.Ledger{})
		require.NoError(t, err)
		require.Equal(t, begins, p.Mutation.Data.Len() > 0, "level %d", level)
		require.Equal(t, begins, p.Mutation.New)
		require.NotZero(t, p.Ledger)
	}
}

func TestRowsThatCannotBeImported(t *testing.T) {
	valid := row(map[string]any{"f": 1})
	for _, c := range []struct {
		name, path string
		row        imports.Row
		want       error
	}{
		{"the same key", "[1]", valid, imports.ErrDuplicate},
		{"a deletion", "[1].data.f", imports.Row{Key: record.Key{Table: "tasks", ID: "2"}, Fields: map[string]record.Value{"f": record.Deletion()}}, imports.ErrDeletion},
		{"a reserved name", "[1].data.$deleted", imports.Row{Key: record.Key{Table: "tasks", ID: "2"}, Fields: map[string]record.Value{"$deleted": record.Bool(true)}}, record.ErrReserved},
		{"no name", `[1].data.""`, imports.Row{Key: record.Key{Table: "tasks", ID: "2"}, Fields: map[string]record.Value{"": {}}}, record.ErrName},
		{"no ID", "[1].id", imports.Row{Key: record.Key{Table: "tasks"}}, record.ErrName},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := imports.CheckRows([]imports.Row{valid, c.row})
			var e *record.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, c.path, e.Path)
			require.Equal(t, -1, e.Offset, "a row has no text")
			require.ErrorIs(t, err, c.want)
			if c.want != imports.ErrDuplicate {
				_, err = run(1).Plan(record.New(c.row.Key), c.row, imports.Ledger{})
				require.ErrorIs(t, err, c.want)
			}
		})
	}
	require.NoError(t, imports.CheckRows([]imports.Row{valid, {Key: record.Key{Table: "tasks", ID: "2"}}}))
}

// TestRunsThatCannotWrite: numbers begin with 1 and rise, and a run writes each row once.
func TestRunsThatCannotWrite(t *testing.T) {
	stored, ledger := plan(t, run(2), record.New(key), row(map[string]any{"f": 1}), imports.Ledger{})
	changed, none := row(map[string]any{"f": 2}), record.New(key)
	for _, c := range []struct {
		name, path string
		run        imports.Run
		stored     record.Record
		seen       imports.Ledger
		want       error
	}{
		{"no ID", "id", imports.Run{Number: 3}, none, imports.Ledger{}, imports.ErrRun},
		{"no number", "number", imports.Run{ID: importer}, none, imports.Ledger{}, imports.ErrRun},
		{"no number, above a fence", "number", imports.Run{ID: importer, Fence: 5}, none, imports.Ledger{}, imports.ErrRun},
		{"a number beyond the last stamp", "number", imports.Run{ID: importer, Number: 1, Fence: clock.MaxTimestamp}, none, imports.Ledger{}, imports.ErrRun},
		{"another record", "stored", run(3), record.New(record.Key{Table: "tasks", ID: "2"}), ledger, merge.ErrNotLoaded},
		{"an earlier run", "number", run(1), stored, ledger, imports.ErrRun},
		{"an earlier run, without the ledger", "number", run(1), stored, imports.Ledger{}, imports.ErrRun},
		{"the same run, without the ledger", "number", run(2), stored, imports.Ledger{}, imports.ErrRun},
		{"the same run, with another value", "", run(2), stored, ledger, imports.ErrDuplicate},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := c.run.Plan(c.stored, changed, c.seen)
			var e *record.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, c.path, e.Path)
			require.ErrorIs(t, err, c.want)
		})
	}
	again, _ := plan(t, run(2), stored, row(map[string]any{"f": 1}), ledger)
	require.True(t, again.Equal(stored), "the same run may see the same row again")
}

// TestLedgerHasOneText: the text is stable, and only texts of ledgers are read.
func TestLedgerHasOneText(t *testing.T) {
	_, ledger := plan(t, run(3), record.New(key), row(map[string]any{"title": "Paint the fence", "a<b": nil}), imports.Ledger{})
	text, err := ledger.MarshalText()
	require.NoError(t, err)
	require.Equal(t, `{"run":3,"hashes":{"a\u003cb":"dCNOmK_nSY-12vHzasLXig","title":"83Ayr7KRyXxI5YfLtJRRnQ"}}`, string(text))
	_, first := plan(t, run(1), record.New(key), row(map[string]any{"title": "Paint the fence"}), imports.Ledger{})
	for _, l := range []imports.Ledger{{}, first, ledger, imports.Closed()} {
		v, err := l.Value()
		require.NoError(t, err)
		for _, src := range []any{v, []byte(v.(string))} {
			var read imports.Ledger
			require.NoError(t, read.Scan(src))
			require.Equal(t, l, read)
		}
	}
	read := ledger
	require.NoError(t, read.Scan(nil))
	require.Zero(t, read)
	for _, wrong := range []any{"x", `{}`, `{"run":0}`, `{"run":1,"hashes":{"b":"x","a":"y"}}`, `{"run":1,"closed":true}`, ` {"run":1}`, `null`, 7} {
		read = ledger
		require.ErrorIs(t, read.Scan(wrong), imports.ErrLedger, "%v", wrong)
		require.Equal(t, ledger, read)
	}
}

// TestErasedRecordClosesItsRow: the engine would refuse an item, and the hashes would give values away. An import that
// has never seen the row is closed as well.
func TestErasedRecordClosesItsRow(t *testing.T) {
	source := row(map[string]any{"f": 1})
	stored, ledger := plan(t, run(1), record.New(key), source, imports.Ledger{})
	erased, err := merge.Erase(stored, clock.Stamp{Time: 9, Client: other})
	require.NoError(t, err)
	for _, seen := range []imports.Ledger{ledger, {}} {
		p, err := run(2).Plan(erased, row(map[string]any{"f": 2}), seen)
		require.NoError(t, err)
		require.Zero(t, p.Mutation.Data.Len())
		require.Equal(t, key, p.Mutation.Data.Key())
		require.Equal(t, imports.Closed(), p.Ledger)
	}
}

// TestPurgedRowReturnsOnlyIfItsSourceChanged: a column that is new in the source does not bring it back.
func TestPurgedRowReturnsOnlyIfItsSourceChanged(t *testing.T) {
	_, seen := plan(t, run(1), record.New(key), row(map[string]any{"f": 1, "g": 1}), imports.Ledger{})
	for _, c := range []struct {
		name    string
		row     imports.Row
		returns bool
	}{
		{"as it was", row(map[string]any{"f": 1, "g": 1}), false},
		{"with a new column", row(map[string]any{"f": 1, "g": 1, "h": 1}), false},
		{"with a changed value", row(map[string]any{"f": 1, "g": 2}), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := run(2).Plan(record.New(key), c.row, seen)
			require.NoError(t, err)
			require.Equal(t, c.returns, p.Mutation.New)
			written := 0
			if c.returns {
				written = len(c.row.Fields)
			}
			require.Equal(t, written, p.Mutation.Data.Len(), "the row returns as a whole")
		})
	}
}

// TestOnlyTheFirstWriteIsNew: the mutation of a live record says nothing about its creation, so it cannot revive
// a record that people delete in the meantime.
func TestOnlyTheFirstWriteIsNew(t *testing.T) {
	stored, seen := plan(t, run(1), record.New(key), row(map[string]any{"f": 1}), imports.Ledger{})
	p, err := run(2).Plan(stored, row(map[string]any{"f": 2}), seen)
	require.NoError(t, err)
	require.Equal(t, 1, p.Mutation.Data.Len())
	require.False(t, p.Mutation.New)
}

// TestClosedRowIsNeverWritten: neither a new value nor a new column is written.
func TestClosedRowIsNeverWritten(t *testing.T) {
	got, ledger := plan(t, run(3), record.New(key), row(map[string]any{"f": 1}), imports.Closed())
	require.Zero(t, got.Len())
	require.Equal(t, imports.Closed(), ledger)
}

// TestStampDoesNotOverflow: the greatest stamp is a stamp.
func TestStampDoesNotOverflow(t *testing.T) {
	r := imports.Run{ID: importer, Number: 1, Fence: clock.MaxTimestamp - 1}
	got, _ := plan(t, r, record.New(key), row(map[string]any{"f": 1}), imports.Ledger{})
	require.Equal(t, clock.MaxTimestamp, stampOf(got, "f").Time)
	r.Fence = -5
	require.EqualValues(t, 1, r.Stamp().Time)
	got, _ = plan(t, run(int64(clock.MaxTimestamp)), record.New(key), row(map[string]any{"f": 1}), imports.Ledger{})
	require.Equal(t, clock.MaxTimestamp, stampOf(got, "f").Time)
}
