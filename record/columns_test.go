package record_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// randomRows returns rows in which all members of a chunk occur.
func randomRows(t require.TestingT, seed uint64) []record.Row {
	r := rand.New(rand.NewPCG(seed, 1))
	pick := func(list []string) string { return list[r.IntN(len(list))] }
	names := []string{"a", "b", "é", "\n\"", "due", "\U00010000", "\uffff", record.DeletedField, "tag/x", "z"}
	values := []string{"1", "null", "true", `"x"`, `"\n"`, `[1,{"a":[]}]`, "1e+22", "9223372036854775807", `""`, "{}", `"a,]\\\""`}
	client := func() clock.ClientID { return clock.ClientID{1, byte(r.IntN(1 + int(seed%40)))} }
	rows := make([]record.Row, r.IntN(40))
	for i := range rows {
		fields := map[string]record.FieldValue{}
		at := clock.Stamp{Time: clock.Timestamp(1_795_366_637_000_000_000 + r.Int64N(1e18)), Client: client()}
		for range r.IntN(1 + r.IntN(30)) {
			name := pick(names)
			if seed%3 == 0 {
				name = fmt.Sprint(name, r.IntN(9))
			}
			if r.IntN(3) == 0 {
				at = clock.Stamp{Time: 1 + clock.Timestamp(r.Int64N(2000)*int64(1+999_999*(seed%2))), Client: client()}
			}
			v, err := record.ParseValue([]byte(pick(values)))
			require.NoError(t, err)
			switch {
			case name == record.DeletedField:
				v = record.Bool(r.IntN(2) == 0)
			case r.IntN(9) == 0:
				v = record.Deletion()
			}
			fields[name] = record.FieldValue{Value: v, Stamp: at}
		}
		rows[i].Record = recordOf(t, fields).WithKey(record.Key{Table: pick(names[:3]), ID: pick(names) + fmt.Sprint(r.IntN(99))})
		if seed%5 > 1 {
			rows[i].Seq = int64(i) + r.Int64N(5)
		}
		if seed%7 > 3 {
			rows[i].In = [][]string{{""}, {"b", "project/1"}, nil}[i*3/len(rows)]
		}
	}
	return rows
}

// readColumns reads chunks, and checks that each of them has the only form that its rows have.
func readColumns(t require.TestingT, text []byte) (rows []record.Row) {
	var d record.Decoder
	for line := range bytes.Lines(text) {
		chunk, err := d.Columns(bytes.TrimSuffix(line, []byte("\n")))
		require.NoError(t, err, "%s", line)
		require.Equal(t, string(line), string(record.AppendColumns(nil, chunk)))
		rows = append(rows, chunk...)
	}
	return rows
}

func requireRows(t require.TestingT, want, got []record.Row) {
	require.Len(t, got, len(want))
	for i := range want {
		require.True(t, want[i].Record.Equal(got[i].Record), "%d: %v, not %v", i, got[i].Record, want[i].Record)
		require.Equal(t, want[i].Seq, got[i].Seq)
		require.Equal(t, want[i].In, got[i].In)
	}
}

func TestColumnsReadBack(t *testing.T) {
	for seed := range uint64(600) {
		rows := randomRows(t, seed)
		requireRows(t, rows, readColumns(t, record.AppendColumns(nil, rows)))
	}
}

// TestChunksEnd checks where a chunk ends: at the number of records, at the size, and where the buckets
// change.
func TestChunksEnd(t *testing.T) {
	row := func(id int, size int, in ...string) record.Row {
		v, _ := record.Text(strings.Repeat("x", size))
		w := record.FieldValue{Value: v, Stamp: clock.Stamp{Time: 1, Client: clock.ClientID{1}}}
		return record.Row{Record: recordOf(t, map[string]record.FieldValue{"f": w}).WithKey(record.Key{Table: "t", ID: fmt.Sprint(id)}), In: in}
	}
	var rows []record.Row
	for i := range 2500 {
		rows = append(rows, row(i, 1))
	}
	chunks := func(rows []record.Row) (sizes []int) {
		text := record.AppendColumns(nil, rows)
		requireRows(t, rows, readColumns(t, text))
		for line := range bytes.Lines(text) {
			chunk, err := new(record.Decoder).Columns(line[:len(line)-1])
			require.NoError(t, err)
			sizes = append(sizes, len(chunk))
		}
		return sizes
	}
	require.Equal(t, []int{1000, 1000, 500}, chunks(rows))
	require.Equal(t, []int{2, 1}, chunks([]record.Row{row(1, 1, "a"), row(2, 1, "a"), row(3, 1, "b")}))
	require.Equal(t, []int{1, 1, 1}, chunks([]record.Row{row(1, 1, "a"), row(2, 1, "b"), row(3, 1, "a")}))
	const most = 256<<10 - len(`"1"`) - len(`""`) - 2*16
	require.Equal(t, []int{1, 2}, chunks([]record.Row{row(1, most), row(2, 1), row(3, 1)}))
	require.Equal(t, []int{2, 1}, chunks([]record.Row{row(1, most-1), row(2, 1), row(3, 1)}))
	require.Equal(t, []int{1, 1}, chunks([]record.Row{row(1, 1<<19), row(2, 1<<19)}))
	// A chunk that goes on after it should have ended is refused.
	long := record.AppendColumns(nil, []record.Row{row(1, most-1), row(2, 1), row(3, 1)})
	long = bytes.Replace(long[:bytes.IndexByte(long, '\n')], []byte(`"x"]]`), []byte(`"xx"]]`), 1)
	_, err := new(record.Decoder).Columns(long)
	require.NoError(t, err)
	_, err = new(record.Decoder).Columns(bytes.Replace(long, []byte(`[["xx`), []byte(`[["xxx`), 1))
	require.ErrorIs(t, err, record.ErrColumns)
}

// TestRecordsMayHaveManyStamps checks records with more stamps than are compared one by one.
func TestRecordsMayHaveManyStamps(t *testing.T) {
	const fields = 50
	for stamps := 15; stamps <= fields; stamps++ {
		all := make(map[string]record.FieldValue)
		for i := range fields {
			at := clock.Timestamp(1e18) + clock.Timestamp(i%stamps)*1e6
			all[fmt.Sprintf("%02d", i)] = record.FieldValue{Value: record.Int(1), Stamp: clock.Stamp{Time: at, Client: clock.ClientID{1}}}
		}
		rows := []record.Row{{Record: recordOf(t, all)}}
		text := record.AppendColumns(nil, rows)
		requireRows(t, rows, readColumns(t, text))
		require.Contains(t, string(text), fmt.Sprintf(`"stamps":[%d]`, stamps))
		twice := bytes.Replace(bytes.TrimSuffix(text, []byte("\n")), []byte(`,1,1,1]`), []byte(`,1,1,0]`), 1)
		_, err := new(record.Decoder).Columns(twice)
		require.ErrorIs(t, err, record.ErrColumns)
	}
}

func TestColumnsHaveLimits(t *testing.T) {
	rows := randomRows(t, 28)
	require.Greater(t, len(rows), 3)
	line, _, _ := bytes.Cut(record.AppendColumns(nil, rows), []byte("\n"))
	for _, limits := range []record.Limits{{Bytes: len(line) - 1}, {Items: 1}, {Fields: 1}, {Value: 5}, {Name: 1}, {Depth: 1}} {
		d := record.Decoder{Limits: limits}
		_, err := d.Columns(line)
		require.ErrorIs(t, err, record.ErrLimit, "%+v", limits)
		d.Limits = record.Limits{}
		_, err = d.Columns(line)
		require.NoError(t, err)
	}
	late := strings.ReplaceAll(oneColumn, "1795366637000", "9223372036854")
	_, err := new(record.Decoder).Columns([]byte(late))
	require.ErrorIs(t, err, record.ErrStamp)
	_, err = (&record.Decoder{Trusted: true}).Columns([]byte(late))
	require.NoError(t, err)
	_, err = (&record.Decoder{Trusted: true}).Columns([]byte(strings.ReplaceAll(late, `"tick":[3]`, `"tick":[775808]`)))
	require.ErrorIs(t, err, record.ErrStamp)
}

const oneColumn = `{"packed":1,"names":["f"],"kinds":[["t",[0]]],"clients":["7f3c9a52-1d4e-4b6f-8a09-c2d5e6f71234"],"kind":[0],"id":["i"],"stamps":[1],"ms":[1795366637000],"tick":[3],"client":[0],"values":[[1]]}`

// TestDamagedColumnsAreRefused checks that a damaged chunk is refused unless it is the form of other
// rows.
func TestDamagedColumnsAreRefused(t *testing.T) {
	var d record.Decoder
	accepted, refused := 0, 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 2))
		line, _, _ := bytes.Cut(record.AppendColumns(nil, randomRows(t, seed)), []byte("\n"))
		if len(line) == 0 {
			continue
		}
		for range 1500 {
			bad := damaged(r, line)
			rows, err := d.Columns(bad)
			if err != nil {
				refused++
				continue
			}
			accepted++
			require.Equal(t, string(bad)+"\n", string(record.AppendColumns(nil, rows)))
		}
	}
	t.Log(accepted, refused)
	require.Greater(t, accepted, 1000)
	require.Greater(t, refused, 1000)
}

// damaged returns a line with small changes: of bytes, and of elements of lists.
func damaged(r *rand.Rand, line []byte) []byte {
	bad := slices.Clone(line)
	for range 1 + r.IntN(2) {
		at := r.IntN(len(bad))
		switch r.IntN(5) {
		case 0:
			bad[at] = "0123456789,[]\"{} -ea\\"[r.IntN(21)]
		case 1:
			bad = slices.Delete(bad, at, at+1)
		case 2:
			bad = slices.Insert(bad, at, "0123456789,[]\"{} -ea\\"[r.IntN(21)])
		default: // swaps or repeats elements
			parts := bytes.Split(bad, []byte(","))
			i, j := r.IntN(len(parts)), r.IntN(len(parts))
			if r.IntN(2) == 0 {
				parts[i], parts[j] = parts[j], parts[i]
			} else {
				parts[i] = parts[j]
			}
			bad = bytes.Join(parts, []byte(","))
		}
		if len(bad) == 0 {
			return line
		}
	}
	return bad
}

// FuzzColumns checks that each chunk that is accepted is what the encoder writes for its rows.
func FuzzColumns(f *testing.F) {
	for seed := range uint64(30) {
		line, _, _ := bytes.Cut(record.AppendColumns(nil, randomRows(f, seed)), []byte("\n"))
		f.Add(line)
	}
	f.Add([]byte(oneColumn))
	f.Fuzz(func(t *testing.T, line []byte) {
		rows, err := new(record.Decoder).Columns(line)
		if err != nil {
			checkRefusal(t, line, err)
			return
		}
		require.Equal(t, string(line)+"\n", string(record.AppendColumns(nil, rows)))
	})
}

// FuzzColumnsOfRows checks that columns hold what rows hold.
func FuzzColumnsOfRows(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		items, _ := new(record.Decoder).Batch(text)
		var rows []record.Row
		for _, item := range items {
			if item.Err == nil {
				rows = append(rows, record.Row{Record: item.Mutation.Data})
			}
		}
		requireRows(t, rows, readColumns(t, record.AppendColumns(nil, rows)))
	})
}
