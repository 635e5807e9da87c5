package record_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/record"
)

// fakeDB is a driver with one row of one column: the value that was stored last, optionally
// rewritten as a database may do. Like real drivers, it returns text as bytes in its own
// memory and overwrites that memory with the next row.
type fakeDB struct {
	cell    driver.Value
	rewrite func(driver.Value) driver.Value
	buffer  []byte
}

func (f *fakeDB) Connect(context.Context) (driver.Conn, error) { return fakeConn{f}, nil }
func (f *fakeDB) Driver() driver.Driver                        { return nil }

type fakeConn struct{ db *fakeDB }

func (c fakeConn) Prepare(string) (driver.Stmt, error) { return fakeStmt(c), nil }
func (c fakeConn) Close() error                        { return nil }
func (c fakeConn) Begin() (driver.Tx, error)           { return nil, errors.New("no transactions") }

type fakeStmt struct{ db *fakeDB }

func (s fakeStmt) Close() error  { return nil }
func (s fakeStmt) NumInput() int { return -1 }

func (s fakeStmt) Exec(args []driver.Value) (driver.Result, error) {
	s.db.cell = args[0]
	if s.db.rewrite != nil {
		s.db.cell = s.db.rewrite(s.db.cell)
	}
	return driver.RowsAffected(1), nil
}

func (s fakeStmt) Query([]driver.Value) (driver.Rows, error) { return &fakeRows{db: s.db}, nil }

type fakeRows struct {
	db   *fakeDB
	read bool
}

func (r *fakeRows) Columns() []string { return []string{"c"} }
func (r *fakeRows) Close() error      { return nil }

func (r *fakeRows) Next(dest []driver.Value) error {
	for i := range r.db.buffer {
		r.db.buffer[i] = '!'
	}
	if r.read {
		return io.EOF
	}
	r.read = true
	dest[0] = r.db.cell
	if text, ok := r.db.cell.(string); ok {
		r.db.buffer = append(r.db.buffer[:0], text...)
		dest[0] = r.db.buffer
	}
	return nil
}

// open returns a database that holds one cell.
func (f *fakeDB) open(t *testing.T) *sql.DB {
	db := sql.OpenDB(f)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// roundTrip stores a value, and scans the column that holds it into a destination.
func (f *fakeDB) roundTrip(t *testing.T, in, out any) {
	db := f.open(t)
	_, err := db.Exec("store", in)
	require.NoError(t, err)
	rows, err := db.Query("read")
	require.NoError(t, err)
	require.True(t, rows.Next())
	require.NoError(t, rows.Scan(out))
	require.False(t, rows.Next(), "there must be only one row; this call lets the driver overwrite its memory")
	require.NoError(t, rows.Err())
}

func TestValueRoundTripsThroughSQL(t *testing.T) {
	for _, v := range []record.Value{
		{}, record.Bool(false), record.Int(1<<53 + 1), record.MustOf("<\u2028\x00>"), record.MustOf(""),
		record.MustOf("null"), record.MustOf(map[string]any{"b": []int{1}, "a": "x"}), record.Deletion(),
	} {
		db := &fakeDB{}
		got := record.MustOf("before")
		db.roundTrip(t, v, &got)
		require.True(t, v == got, "%s became %s", v, got)
		if v == record.Deletion() {
			require.Nil(t, db.cell)
		} else {
			require.Equal(t, driver.Value(v.JSON()), db.cell, "the column must hold text instead of bytes")
		}
	}
}

func TestRecordRoundTripsThroughSQL(t *testing.T) {
	r := taskOf(t, map[string]record.FieldValue{
		"title": write("Milk", 1), "due": write(nil, 2), "gone": write(record.Deletion(), 3), "\u2028<": write([]any{1, "x"}, 4),
	})
	for _, in := range []record.Record{r, record.New(milkKey)} {
		db := &fakeDB{}
		got := record.New(milkKey)
		db.roundTrip(t, in, &got)
		require.True(t, in.Equal(got))
		require.Equal(t, driver.Value(string(in.AppendJSON(nil))), db.cell)
	}
}

func TestNullScansAsADeletionOrNoFields(t *testing.T) {
	db := &fakeDB{}
	v := record.Int(1)
	db.roundTrip(t, (*record.Value)(nil), &v)
	require.Nil(t, db.cell)
	require.Equal(t, record.Deletion(), v)

	r := taskOf(t, map[string]record.FieldValue{"a": write(1, 1)})
	db.roundTrip(t, (*record.Record)(nil), &r)
	require.Nil(t, db.cell)
	require.True(t, r.Equal(record.New(milkKey)), "the key must not change")

	// A column that may be NULL can be read with sql.Null.
	var maybe sql.Null[record.Record]
	db.roundTrip(t, nil, &maybe)
	require.False(t, maybe.Valid)
	db.roundTrip(t, taskOf(t, map[string]record.FieldValue{"a": write(1, 1)}), &maybe)
	require.True(t, maybe.Valid)
	require.Equal(t, 1, maybe.V.Len())
}

// JSONB rewrites a text without changing its meaning: shorter names first, other spellings of
// numbers, spaces. Scan makes it canonical again.
func TestScanMakesRewrittenJSONCanonical(t *testing.T) {
	r := taskOf(t, map[string]record.FieldValue{"title": write(map[string]any{"aa": 1e21, "b": 100, "c": 5e-324}, 1), "z": write(1, 2)})
	db := &fakeDB{rewrite: func(driver.Value) driver.Value {
		const stamp = `"clientId": "0a3c1d52-88f4-4c36-9f0e-5d2b7b1e6a01", "updatedAt": "2026-11-22T16:00:00.00`
		return `{"z": {"value": 1.0, ` + stamp + `2000000Z"}, "title": {"value": {"b": 1e2, "c": 0.` + strings.Repeat("0", 323) + `5, "aa": 1` + strings.Repeat("0", 21) + `}, ` + stamp + `1000000Z"}}`
	}}
	got := record.New(milkKey)
	db.roundTrip(t, r, &got)
	require.True(t, r.Equal(got), "%s", got)

	v := record.MustOf(map[string]any{"aa": 1, "b": 2.5})
	db.rewrite = func(driver.Value) driver.Value { return []byte(`{"b": 2.50, "aa": 1}`) }
	var w record.Value
	db.roundTrip(t, v, &w)
	require.True(t, v == w)
}

// Stored data of any size can be read: limits are for admission.
func TestScanHasNoLimits(t *testing.T) {
	fields := make(map[string]record.FieldValue)
	for i := range 11_000 {
		fields["f"+string(rune('a'+i%26))+strings.Repeat("0", i/26)] = write(i, 1)
	}
	var deep any
	for range 900 {
		deep = []any{deep}
	}
	fields["deep"] = write(deep, 1)
	fields["long"] = write(strings.Repeat("0", 2<<20), 1)
	r := taskOf(t, fields)
	got := record.New(milkKey)
	require.NoError(t, got.Scan(r.AppendJSON(nil)))
	require.True(t, r.Equal(got))

	var v record.Value
	require.NoError(t, v.Scan(record.MustOf(strings.Repeat("0", 17<<20)).JSON()))
	require.Equal(t, record.KindString, v.Kind())
}

func TestScanRefusesInvalidColumns(t *testing.T) {
	for name, c := range map[string]struct {
		src  any
		want error
	}{
		"integer":       {int64(73641), record.ErrType},
		"float":         {73641.5, record.ErrType},
		"boolean":       {true, record.ErrType},
		"time":          {time.Unix(73641, 0), record.ErrType},
		"not JSON":      {"73641 73641", record.ErrSyntax},
		"empty":         {"", record.ErrTruncated},
		"invalid UTF-8": {[]byte("\"73641\xff\""), record.ErrUTF8},
		"duplicate":     {`{"a":{"73641":1,"73641":2}}`, record.ErrDuplicate},
	} {
		t.Run(name, func(t *testing.T) {
			v := record.Int(1)
			err := v.Scan(c.src)
			require.ErrorIs(t, err, c.want)
			require.NotContains(t, err.Error(), "73641")
			require.True(t, v == record.Int(1), "the value must not change")

			r := taskOf(t, map[string]record.FieldValue{"a": write(1, 1)})
			before := r
			err = r.Scan(c.src)
			errorPath(t, err)
			if errors.Is(c.want, record.ErrType) {
				require.ErrorIs(t, err, c.want)
			}
			require.True(t, r.Equal(before))
		})
	}
	var v record.Value
	require.EqualError(t, v.Scan(int64(1)), "record: wrong type: expected a column of text, not int64")
	var r record.Record
	require.ErrorIs(t, r.Scan(`[]`), record.ErrType)
	require.ErrorIs(t, r.Scan(`{"a":{"value":1}}`), record.ErrMissing)
}
