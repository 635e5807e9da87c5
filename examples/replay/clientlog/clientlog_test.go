package clientlog_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/replay/clientlog"
	"github.com/fieldlww/fieldlww/record"
)

var (
	ana  = clock.ClientID{1}
	noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
)

// edited returns an event with a value in each of the named fields.
func edited(value string, names ...string) clientlog.Event {
	stamp := clock.Stamp{Time: clock.TimestampOf(noon), Client: ana}
	r := clientlog.Record{Table: "tasks", ID: "42", Stamp: clientlog.Stamp(stamp)}
	for _, name := range names {
		r.Fields = append(r.Fields, clientlog.FieldOf(name, record.FieldValue{Value: record.MustOf(value), Stamp: stamp}))
	}
	return clientlog.Event{At: noon, Kind: clientlog.Edited, Seen: record.Seen{Epoch: "e", Seq: 7}, Records: []clientlog.Record{r}}
}

// exported returns the text of a log, and what is read from it.
func exported(t *testing.T, l *clientlog.Log) (string, clientlog.File) {
	t.Helper()
	var text bytes.Buffer
	n, err := l.WriteTo(&text)
	require.NoError(t, err)
	require.Equal(t, int64(text.Len()), n)
	f, err := clientlog.Read(bytes.NewReader(text.Bytes()))
	require.NoError(t, err)
	return text.String(), f
}

// TestExportedLogIsReadBack has all members of all types set, in one event.
func TestExportedLogIsReadBack(t *testing.T) {
	l := clientlog.Log{Values: func(string, string) bool { return true }}
	e := edited("x", "title")
	e.Client, e.Offset, e.Why, e.Code, e.By, e.Count, e.More, e.LeftOut = ana, -time.Hour, "w", "c", time.Second, 3, true, 1
	r := &e.Records[0]
	r.Was, r.Verdict, r.Code = r.Stamp, "accepted", "gone"
	r.Fields[0].Base, r.Fields[0].Outcome, r.Fields[0].Lost, r.Fields[0].Other = &clientlog.Stamp{}, "applied", true, r.Stamp
	r.Fields = append(r.Fields, clientlog.Field{Name: "due", Deleted: true, Stamp: r.Stamp})
	l.Add(e)
	_, f := exported(t, &l)
	require.Equal(t, clientlog.File{Client: ana, Events: []clientlog.Event{e}}, f)
}

// TestValuesAreKeptOnRequestOnly: none without a request. A request names the fields whose values are
// kept. The mark of a deletion is always kept.
func TestValuesAreKeptOnRequestOnly(t *testing.T) {
	for name, c := range map[string]struct {
		values func(table, field string) bool
		want   int
	}{
		"none":          {nil, 0},
		"all but notes": {func(table, field string) bool { return table == "tasks" && field != "notes" }, 1},
		"another table": {func(table, _ string) bool { return table == "users" }, 0},
	} {
		l := clientlog.Log{Values: c.values}
		l.Add(edited("private", "title", "notes"))
		e := edited("", "$deleted")
		e.Records[0].Fields[0].Value = []byte("true")
		l.Add(e)
		text, _ := exported(t, &l)
		require.Equal(t, c.want, strings.Count(text, "private"), name)
		require.Contains(t, text, `"field":"$deleted","stamp":{"updatedAt":"2026-03-02T12:00:00.000000000Z","clientId":"`+ana.String()+`"},"value":true`, name)
	}
}

// TestLogIsBounded: the oldest events go first, and the head tells how many. An event keeps 100 fields.
func TestLogIsBounded(t *testing.T) {
	l := clientlog.Log{MaxBytes: 2000}
	for i := range 100 {
		e := edited("x", "title")
		e.Count = i + 1
		l.Add(e)
	}
	text, f := exported(t, &l)
	require.Less(t, len(text), 2200)
	require.NotEmpty(t, f.Events)
	require.Equal(t, 100, f.Dropped+len(f.Events))
	require.Equal(t, 100, f.Events[len(f.Events)-1].Count)

	var many clientlog.Log
	e := edited("x", strings.Split(strings.Repeat("f ", 70)+"f", " ")...)
	e.Records = append(e.Records, e.Records[0], e.Records[0])
	many.Add(e)
	_, f = exported(t, &many)
	require.Len(t, f.Events[0].Records, 2)
	require.Len(t, f.Events[0].Records[1].Fields, 100-71)
	require.Equal(t, 3*71-100, f.Events[0].LeftOut)
}

// TestRowOfALostEditHasNoValues: its values are values of another field, whose values the log may leave out.
func TestRowOfALostEditHasNoValues(t *testing.T) {
	l := clientlog.Log{Values: func(_, field string) bool { return field != "notes" }}
	for _, table := range []string{"violations", "tasks"} {
		e := edited("private", "losing", "winning", "status", "notes")
		e.Records[0].Table = table
		l.Add(e)
	}
	_, f := exported(t, &l)
	for i, want := range [][]bool{{false, false, true, false}, {true, true, true, false}} {
		for k, field := range f.Events[i].Records[0].Fields {
			require.Equal(t, want[k], field.Value != nil, "%d %s", i, field.Name)
		}
	}
}

// TestEventWithLargeValuesIsReadBack: an event that would be too long for Read loses its values, and nothing else.
func TestEventWithLargeValuesIsReadBack(t *testing.T) {
	l := clientlog.Log{MaxBytes: 16 << 20, Values: func(string, string) bool { return true }}
	l.Add(edited("short", "title"))
	e := edited(strings.Repeat("é", 300_000), "a", "b", "$deleted")
	e.Records[0].Fields[2].Value = []byte("true")
	l.Add(e)
	text, f := exported(t, &l)
	require.Len(t, f.Events, 2)
	require.Len(t, f.Events[1].Records[0].Fields, 3)
	require.Contains(t, text, "short")
	require.NotContains(t, text, "é")
	require.Equal(t, "true", string(f.Events[1].Records[0].Fields[2].Value))
}

// TestUnreadableFileIsRefused: an error never repeats the text.
func TestUnreadableFileIsRefused(t *testing.T) {
	const head = `{"clientLog":1}` + "\n"
	for _, text := range []string{
		"", "427281", `{"wall":"427281"}`, `{"clientLog":2,"x":427281}`, head + "427281", head + `{"at":"427281"}`,
		head + `{"records":[{"table":"","id":"427281"}]}`, head + `{"records":[{"table":"t","id":"1","stamp":{"updatedAt":"427281"}}]}`,
		head + strings.Repeat(" ", 2<<20),
	} {
		f, err := clientlog.Read(strings.NewReader(text))
		require.Error(t, err)
		require.NotContains(t, err.Error(), "427281")
		require.Zero(t, f)
	}
	f, err := clientlog.Read(strings.NewReader(head + "\n" + `{"event":"later","unknown":1}`))
	require.NoError(t, err)
	require.Equal(t, clientlog.Kind("later"), f.Events[0].Kind)
}
