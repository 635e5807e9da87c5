package timeline

import (
	"strings"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/replay/fieldlog"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/stretchr/testify/require"
)

// tb is the common part of *testing.T, *testing.B and *rapid.T.
type tb interface {
	Helper()
	Errorf(format string, args ...any)
	FailNow()
}

// world is a server with a journal, and what its journal says about one field.
type world struct {
	t         tb
	engine    merge.Engine
	fence     clock.Timestamp
	state     merge.Collection
	marks     map[clock.ClientID]clock.Timestamp
	collector *fieldlog.Collector
	line      int
}

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func newWorld(t tb, path string) *world {
	return &world{t: t, marks: make(map[clock.ClientID]clock.Timestamp), collector: fieldlog.NewCollector(path)}
}

// client returns the client with a number.
func client(n int) clock.ClientID { return clock.ClientID{byte(n + 1), byte(n >> 8), 1} }

// edit is an edit of the record t/1 and its way to the server. The times are distances from noon.
type edit struct {
	by         int
	at, pushed time.Duration
	field      string
	value      any   // nil deletes the field; a bool writes the field $deleted
	saw        *edit // the edit that its author had seen; nil if the author had seen none
	blind      bool  // whether the item has no base
}

// stamp returns the stamp of an edit.
func (e edit) stamp() clock.Stamp {
	return clock.Stamp{Time: clock.TimestampOf(noon.Add(e.at)), Client: client(e.by)}
}

// write returns the write of an edit.
func (e edit) write(t tb) record.FieldValue {
	if e.value == nil {
		return record.FieldValue{Value: record.Deletion(), Stamp: e.stamp()}
	}
	return record.FieldValue{Value: record.MustOf(e.value), Stamp: e.stamp()}
}

// item returns the item with an edit.
func (e edit) item(t tb) record.Item {
	var b record.Builder
	field := e.field
	if _, mark := e.value.(bool); mark {
		field = record.DeletedField
	}
	r, err := b.Record(record.Key{Table: "t", ID: "1"}, func(yield func(string, record.FieldValue) bool) { yield(field, e.write(t)) })
	require.NoError(t, err)
	m := record.Mutation{Data: r}
	if !e.blind {
		m.Base = map[string]clock.Stamp{field: {}}
		if e.saw != nil {
			m.Base[field] = e.saw.stamp()
		}
	}
	return record.Item{Mutation: m}
}

// push pushes items at a time of the server's clock.
func (w *world) push(actor int, at time.Duration, items ...record.Item) {
	w.t.Helper()
	p := w.engine.Prepare(merge.Request{Actor: client(actor), Wall: noon.Add(at), Items: items})
	stored := merge.Stored{Records: w.state.Lookup(p.Keys()), Fence: w.fence, Level: 1,
		Watermarks: []clock.Stamp{{Time: w.marks[client(actor)], Client: client(actor)}}}
	a, err := p.Apply(stored)
	require.NoError(w.t, err)
	line, err := merge.ParseJournalLine(p.AppendJournal(nil, stored, a))
	require.NoError(w.t, err)
	replayed, err := line.Replay()
	require.NoError(w.t, err)
	require.Equal(w.t, a.Digest(), replayed.Digest())
	w.line++
	w.collector.Add(fieldlog.Push{Line: w.line, JournalLine: line, Answer: replayed})
	for _, u := range a.Updates {
		w.store(u.After)
	}
	for _, m := range a.Watermarks {
		w.marks[m.Client] = m.Time
	}
}

// store replaces a stored record.
func (w *world) store(r record.Record) {
	all := []record.Record{r}
	for other := range w.state.All() {
		if other.Key() != r.Key() {
			all = append(all, other)
		}
	}
	w.state = merge.Collect(all...)
}

// edits pushes edits, each on its own.
func (w *world) edits(all ...edit) {
	w.t.Helper()
	for _, e := range all {
		w.push(e.by, e.pushed, e.item(w.t))
	}
}

// log returns the log of the only field.
func (w *world) log() *fieldlog.Log {
	w.t.Helper()
	logs := w.collector.Logs()
	require.Len(w.t, logs, 1)
	return logs[0]
}

// draw returns the timeline of the only field. Its clients are called A, B, C and so on.
func (w *world) draw(o Options) *Timeline {
	w.t.Helper()
	o.Name = func(c clock.ClientID) string { return string(rune('A'+c[0]-1)) + strings.Repeat("'", int(c[1])) }
	return New(w.log(), o)
}

// shapesOfMarks returns the words of the shapes, in the order of the journal.
func shapesOfMarks(tl *Timeline) (words []string) {
	for _, m := range tl.marks {
		words = append(words, m.shape.word())
	}
	return words
}

func manyLog(t tb, n, clients int) *fieldlog.Log {
	w := newWorld(t, "t/1/f")
	for i := range n {
		by := (i*i + i/3) % clients
		at := time.Duration(i)*37*time.Second + time.Duration(i/500)*9*time.Hour
		e := edit{by: by, at: at, pushed: at + time.Second, field: "f", value: i, blind: true}
		if i%97 == 0 {
			e.at, e.blind = at-time.Hour, false
		}
		w.edits(e)
	}
	return w.log()
}

func BenchmarkTenThousandWrites(b *testing.B) {
	log := manyLog(b, 10_000, 6)
	for b.Loop() {
		New(log, Options{}).HTML()
	}
}
