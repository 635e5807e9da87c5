package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/cluster/memory"
	"github.com/fieldlww/fieldlww/examples/cluster/store"
	syncserver "github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
)

var ana = clock.MustParseClientID("7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10")

// between is a store that calls a function once before the next commit, or after the next page of records.
type between struct {
	Store
	commit, after func()
}

func once(f *func()) {
	if run := *f; run != nil {
		*f = nil
		run()
	}
}

func (b *between) Commit(ctx context.Context, batch store.Batch) error {
	once(&b.commit)
	return b.Store.Commit(ctx, batch)
}

func (b *between) After(ctx context.Context, workspace string, seq int64, limit int) (store.Page, error) {
	page, err := b.Store.After(ctx, workspace, seq, limit)
	once(&b.after)
	return page, err
}

// open returns a server on a store, at noon, and grants a bucket to ana.
func open(t *testing.T, p Store, o Options) *Server {
	o.Now = func() time.Time { return noon }
	s, err := New(p, o)
	require.NoError(t, err)
	require.NoError(t, s.Grant(t.Context(), workspace, ana.String(), map[string]string{"": "writer"}))
	return s
}

// write returns an item that sets the title of a task.
func write(t *testing.T, id string, at clock.Timestamp, title string) []byte {
	m, err := record.New(record.Key{Table: "tasks", ID: id}).Edit(clock.Stamp{Time: at, Client: ana}).Set("title", title).Mutation()
	require.NoError(t, err)
	m.New = false
	return m.AppendJSON(nil)
}

func (s *Server) pushes(t *testing.T, item []byte) merge.Result {
	out, err := s.Push(t.Context(), syncserver.Sender{Workspace: workspace, User: ana.String(), Client: ana}, syncserver.Pushed{Body: item})
	require.NoError(t, err)
	return out.Answer.Results[0]
}

// raise raises the fence of the workspace to its present state.
func (s *Server) raise(t *testing.T) {
	require.NoError(t, s.changeState(t.Context(), workspace, func(ctx context.Context, a *attempt) (bool, error) {
		err := a.sample(ctx, s.wall())
		a.state.raise(0)
		return true, err
	}))
}

// TestPushDependsOnTheFence lets the fence rise after a push was decided. A late write of a record that may have been
// purged is gone then.
func TestPushDependsOnTheFence(t *testing.T) {
	at := clock.TimestampOf(noon)
	for _, careful := range []bool{true, false} {
		b := &between{Store: memory.New()}
		if !careful {
			b.Store = careless{memory.New(), store.KindState}
		}
		s := open(t, b, Options{PurgeLevel: 2})
		require.Nil(t, s.pushes(t, write(t, "1", at, "paint")).Refusal)
		b.commit = func() { s.raise(t) }
		require.Equal(t, careful, !s.pushes(t, write(t, "2", at-1, "late")).Accepted(), "careful: %v", careful)
	}
}

// TestPushDependsOnRights revokes a bucket after a push was decided.
func TestPushDependsOnRights(t *testing.T) {
	for _, careful := range []bool{true, false} {
		b := &between{Store: memory.New()}
		if !careful {
			b.Store = careless{memory.New(), store.KindState}
		}
		s := open(t, b, Options{})
		b.commit = func() { require.NoError(t, s.Revoke(t.Context(), workspace, ana.String())) }
		result := s.pushes(t, write(t, "1", clock.TimestampOf(noon), "paint"))
		require.Equal(t, careful, !result.Accepted())
	}
}

// line is a line of a pull.
type line struct {
	Reset        []string
	ID           string
	Data         map[string]struct{ Value json.RawMessage }
	Cursor       string
	Fence, Clock clock.Timestamp
	More         bool
}

// pulls pulls until ana has everything, changes the titles by ID, and returns the last line.
func (s *Server) pulls(t *testing.T, cursor *string, titles map[string]string) (end line) {
	front, err := frontOf(t, s, workspace)
	require.NoError(t, err)
	for more := true; more; more = end.More {
		text, err := ask(front, ana, httptest.NewRequest(http.MethodGet, "/v1/pull?limit=1&cursor="+url.QueryEscape(*cursor), nil))
		require.NoError(t, err)
		for one := range bytes.Lines(text) {
			end = line{}
			require.NoError(t, json.Unmarshal(one, &end))
			switch {
			case end.Reset != nil:
				clear(titles)
			case end.Cursor == "":
				delete(titles, end.ID)
				if title, ok := end.Data["title"]; ok && string(end.Data[record.DeletedField].Value) != "true" {
					titles[end.ID] = string(title.Value)
				}
			}
		}
		*cursor = end.Cursor
	}
	return end
}

// TestPullNoticesAPurge lets a dead record be purged after a pull has read the fence, and before it reads the records.
func TestPullNoticesAPurge(t *testing.T) {
	b := &between{Store: memory.New()}
	s := open(t, b, Options{PurgeLevel: 2})
	at := clock.TimestampOf(noon)
	s.pushes(t, write(t, "1", at, "paint"))
	var cursor string
	titles := make(map[string]string)
	s.pulls(t, &cursor, titles)
	require.Len(t, titles, 1)
	require.NoError(t, s.Edit(t.Context(), workspace, record.Key{Table: "tasks", ID: "1"}, func(e *record.Edit) { e.DeleteRecord() }))
	s.pushes(t, write(t, "2", at+1, "fence"))
	b.after = func() {
		s.raise(t)
		require.NoError(t, s.sweep(t.Context(), workspace))
	}
	m := syncserver.Sender{Workspace: workspace, User: ana.String(), Client: ana}
	at0, err := buckets.ParseCursor(cursor)
	require.NoError(t, err)
	first, err := s.begin(t.Context(), m, at0)
	require.NoError(t, err)
	once(&b.after)
	require.NoError(t, first.read(t.Context(), bounds{at0, 10, 1 << 20}))
	same, err := first.isSame(t.Context())
	require.NoError(t, err)
	require.False(t, same, "the records are those after the purge")
	s.pulls(t, &cursor, titles)
	require.Equal(t, map[string]string{"2": `"fence"`}, titles)
}

// TestChunkHoldsARecordOnce lets a record be written between two pages of a chunk.
func TestChunkHoldsARecordOnce(t *testing.T) {
	s := open(t, memory.New(), Options{})
	at := clock.TimestampOf(noon)
	r, err := s.begin(t.Context(), syncserver.Sender{Workspace: workspace, User: ana.String(), Client: ana}, buckets.Cursor{})
	require.NoError(t, err)
	for i := range clock.Timestamp(2) {
		s.pushes(t, write(t, "1", at+i, "paint"))
		page, err := s.store.After(t.Context(), workspace, 0, 10)
		require.NoError(t, err)
		require.NoError(t, r.add(page.Entries[0]))
	}
	records := slices.DeleteFunc(r.found, func(f found) bool { return f.seq == 0 })
	require.Len(t, records, 1)
	w, _ := records[0].Get("title")
	require.Equal(t, at+1, w.Stamp.Time)
}

// behind is a store whose next page is the one that an earlier state of the store had.
type behind struct {
	Store
	old Store
}

func (b *behind) After(ctx context.Context, workspace string, seq int64, limit int) (store.Page, error) {
	if old := b.old; old != nil {
		b.old = nil
		page, err := old.After(ctx, workspace, seq, limit)
		page.More = true // the head has moved since
		return page, err
	}
	return b.Store.After(ctx, workspace, seq, limit)
}

// TestLoadIgnoresRecordsThatWereReplacedBefore begins a load with a page of a node that is behind: a record had been
// erased by then.
func TestLoadIgnoresRecordsThatWereReplacedBefore(t *testing.T) {
	m := memory.New()
	s := open(t, m, Options{Buckets: func(record.Record) []string { return []string{""} }})
	s.pushes(t, write(t, "1", clock.TimestampOf(noon), "secret"))
	old := m.Copy()
	_, err := s.Erase(t.Context(), workspace, record.Key{Table: "tasks", ID: "1"}, clock.Stamp{})
	require.NoError(t, err)
	s.store = &behind{m, old}
	var cursor string
	titles := make(map[string]string)
	s.pulls(t, &cursor, titles)
	require.Empty(t, titles)
}

// TestClientsAreToldTheGreatestStampOfTheNewestSample: a later fence may have this stamp, so the edits that a client
// makes after the pull must be above it.
func TestClientsAreToldTheGreatestStampOfTheNewestSample(t *testing.T) {
	s := open(t, memory.New(), Options{})
	at := clock.TimestampOf(noon.Add(time.Minute)) // ahead of the server's clock
	s.pushes(t, write(t, "1", at, "x"))
	require.NoError(t, s.changeState(t.Context(), workspace, func(ctx context.Context, a *attempt) (bool, error) {
		return true, a.sample(ctx, s.wall())
	}))
	var cursor string
	end := s.pulls(t, &cursor, make(map[string]string))
	require.Equal(t, at, end.Clock)
	require.Zero(t, end.Fence)
}

// TestRecordThatDiesAboveTheFenceHasLeft: a deletion that arrives late has a low stamp and a high sequence.
func TestRecordThatDiesAboveTheFenceHasLeft(t *testing.T) {
	at := clock.TimestampOf(noon)
	m, err := record.New(record.Key{Table: "tasks", ID: "1"}).Edit(clock.Stamp{Time: at, Client: ana}).Set("title", "x").DeleteRecord().Mutation()
	require.NoError(t, err)
	of := func(r record.Record) []string { return []string{"a"} }
	dead := stored{Record: m.Data, seq: 9}
	require.Equal(t, map[string]int64{"a": 9}, departures(of, dead, fence{Seq: 8, Stamp: at, Level: 1}))
	require.Empty(t, departures(of, dead, fence{Seq: 9, Stamp: at, Level: 1}))
	require.Empty(t, departures(of, dead, fence{Seq: 8, Stamp: at - 1, Level: 1}))
}

// deposed is a store in which a leader that was replaced answers some reads of messages, and other nodes send the pages.
type deposed struct {
	Store
	old   Store
	reads int // that old still answers
}

func (d *deposed) Load(ctx context.Context, workspace string, keys []store.Key) (store.View, error) {
	if d.reads--; d.reads >= 0 {
		return d.old.Load(ctx, workspace, keys)
	}
	return d.Store.Load(ctx, workspace, keys)
}

// TestChunkIsNotJudgedByRightsOlderThanItsRecords takes a right away before a record is written that a pull then finds.
func TestChunkIsNotJudgedByRightsOlderThanItsRecords(t *testing.T) {
	m := memory.New()
	s := open(t, m, Options{})
	s.pushes(t, write(t, "1", clock.TimestampOf(noon), "old"))
	old := m.Copy()
	require.NoError(t, s.Revoke(t.Context(), workspace, ana.String()))
	require.NoError(t, s.Edit(t.Context(), workspace, record.Key{Table: "tasks", ID: "2"}, func(e *record.Edit) { e.Set("title", "secret") }))
	s.store = &deposed{m, old, 2}
	now, err := s.Snapshot(t.Context(), &syncserver.Page{Sender: syncserver.Sender{Workspace: workspace, User: ana.String(), Client: ana}, Limit: 10})
	require.NoError(t, err)
	require.Empty(t, now.Records)
}

// TestPushWithACursorAboveTheHeadIsRefused restores a store and keeps its incarnation. Later pushes raise the head above
// the cursor, which only a renewed incarnation would show.
func TestPushWithACursorAboveTheHeadIsRefused(t *testing.T) {
	m := memory.New()
	s := open(t, m, Options{})
	at := clock.TimestampOf(noon)
	push := func(id string, cursor string) error {
		from, err := buckets.ParseCursor(cursor)
		require.NoError(t, err)
		body := syncserver.Pushed{Body: write(t, id, at, "x"), Cursor: from}
		_, err = s.Push(t.Context(), syncserver.Sender{Workspace: workspace, User: ana.String(), Client: ana}, body)
		return err
	}
	require.NoError(t, push("1", ""))
	saved := m.Copy()
	require.NoError(t, push("2", ""))
	var cursor string
	s.pulls(t, &cursor, make(map[string]string))
	require.NoError(t, push("3", cursor))
	s.store = saved
	require.Equal(t, "epoch_changed", codeOf(t, push("4", cursor)))
	s.pulls(t, &cursor, make(map[string]string))
	require.NoError(t, push("4", cursor))
}

// lost is a store whose first commit is stored and reports an unknown outcome.
type lost struct {
	Store
	then func() // runs before the commit returns
}

func (l *lost) Commit(ctx context.Context, batch store.Batch) error {
	err := l.Store.Commit(ctx, batch)
	if then := l.then; then != nil && err == nil {
		l.then = nil
		then()
		return store.ErrUnknown
	}
	return err
}

// TestServerEditWithALostAnswerIsMadeOnce lets other edits of the server write its mark before it has found out that
// its own edit is stored.
func TestServerEditWithALostAnswerIsMadeOnce(t *testing.T) {
	l := &lost{Store: memory.New()}
	s := open(t, l, Options{})
	count := func(id string) (n int) {
		key := record.Key{Table: "tasks", ID: id}
		require.NoError(t, s.Edit(t.Context(), workspace, key, func(e *record.Edit) { n++; e.Set("title", n) }))
		return n
	}
	count("0")
	l.then = func() {
		for i := range mostEarlier {
			count(fmt.Sprint(i))
		}
	}
	require.Equal(t, 1, count("x"), "the edit was made again")
}
