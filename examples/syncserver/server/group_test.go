package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// grouped are two servers that get the same pushes: one in groups, the other one push at a time.
type grouped struct {
	servers [2]*Server
	wall    time.Time
	divided bool
	checks  int            // so far; each check has its own workspace and clients
	seen    map[string]int // how often something has happened
}

func openGrouped(t *testing.T, name func(*testing.T) string, divided bool) *grouped {
	g := &grouped{wall: time.Date(2030, 1, 10, 12, 0, 0, 0, time.UTC), divided: divided, seen: make(map[string]int)}
	for i := range g.servers {
		d, err := OpenDatabase(t.Context(), name(t))
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, d.Close()) })
		guard := board.Guard()
		o := Options{
			Rules: board.Rules(), TableMaxRecord: board.MaxRecords(), Journal: true, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return g.wall },
			Guard: func(c clock.ClientID, m record.Mutation) error {
				if m.Data.Map()[board.Title] == "panic" {
					panic("a mistake of the app")
				}
				return guard(c, m)
			},
		}
		if divided {
			o.Buckets, o.MayWrite = byProject, func(_ Actor, _, _ record.Record, m record.Mutation) error {
				if m.Data.Map()[board.Title] == "panic later" {
					panic("another mistake of the app")
				}
				return nil
			}
		}
		g.servers[i], err = New(t.Context(), d, o)
		require.NoError(t, err)
	}
	return g
}

// TestPushesInAGroupAreAnsweredAsOneByOne sends random histories to two servers: to one in random
// groups, to the other one by one. They include edits of the same records, records that break rules, edits
// of violation rows, data below a fence, refused items, and pushes that fail for each reason, also in the
// middle of a group. The answers must be equal, byte for byte, and so must everything that is stored.
func TestPushesInAGroupAreAnsweredAsOneByOne(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		for _, divided := range []bool{false, true} {
			t.Run(map[bool]string{false: "one bucket", true: "buckets"}[divided], func(t *testing.T) {
				g := openGrouped(t, name, divided)
				for range 20 { // histories of a few checks may miss something that is rare
					rapid.Check(t, g.check)
					if g.missing() == nil {
						break
					}
				}
				require.Empty(t, g.missing(), "these never happened")
			})
		}
	})
}

// missing returns what has not happened so far.
func (g *grouped) missing() (all []string) {
	for _, what := range []string{
		"a shared transaction", "accepted", string(merge.Gone), string(merge.LostEdit), string(merge.TooFarAhead), "a violation",
		"malformed", "epoch_changed", "quota_exceeded", "unavailable", "a panic",
	} {
		if g.seen[what] == 0 {
			all = append(all, what)
		}
	}
	return all
}

// check runs a history in a new workspace.
func (g *grouped) check(t *rapid.T) {
	g.checks++
	h := &history{grouped: g, T: t, workspace: fmt.Sprint("w", g.checks)}
	quota := rapid.SampledFrom([]float64{math.Inf(1), 3_000, 10_000}).Draw(t, "quota")
	for _, s := range g.servers {
		s.pushes = newQuotas(math.Inf(1), quota, pushTime)
		s.pushes.now = func() time.Time { return g.wall }
	}
	for i := range 4 {
		client := clock.ClientID{byte(g.checks >> 16), byte(g.checks >> 8), byte(g.checks), byte(i + 1)}
		m := Sender{Workspace: h.workspace, User: client.String(), Client: client}
		h.senders = append(h.senders, m)
		roles := rapid.SliceOfDistinct(rapid.SampledFrom([]string{"", "a", "b"}), rapid.ID).Draw(t, "roles")
		for _, s := range g.servers {
			require.NoError(t, s.admit(context.Background(), Account{User: m.User, Workspace: m.Workspace, Client: m.Client}))
			for _, bucket := range roles {
				require.NoError(t, s.Grant(context.Background(), h.workspace, m.User, map[string]string{bucket: "writer"}))
			}
		}
	}
	for range rapid.IntRange(1, 4).Draw(t, "groups") {
		h.round()
	}
}

// history is a random history of a workspace.
type history struct {
	*grouped
	*rapid.T
	workspace string
	senders   []Sender
}

// round sends a group to one server, and its pushes one by one to the other.
func (h *history) round() {
	if rapid.IntRange(0, 3).Draw(h.T, "fence") == 0 {
		stamp := h.stamp(h.senders[0]).Time
		for _, s := range h.servers {
			_, err := s.database.db.Exec(`
				UPDATE workspaces SET fence_seq = seq / 2, fence_stamp = $1, level = $2 WHERE name = $3 AND fence_stamp < $1`,
				int64(stamp), 1+h.checks%2, h.workspace)
			require.NoError(h, err)
		}
	}
	var together, apart []*pushing
	for range rapid.IntRange(1, 6).Draw(h.T, "pushes") {
		p := h.push()
		together = append(together, &p)
		alone := p
		alone.done = make(chan struct{})
		apart = append(apart, &alone)
	}
	h.servers[0].pushGroup(h.workspace, together)
	for i, p := range apart {
		h.servers[1].pushGroup(h.workspace, []*pushing{p})
		<-p.done
		<-together[i].done
		require.Equal(h, h.answer(p), h.answer(together[i]), "push %d", i)
	}
	require.Equal(h, h.stored(1), h.stored(0))
	h.count(together)
}

// push returns a random push.
func (h *history) push() pushing {
	ctx := context.Background()
	p := pushing{by: rapid.SampledFrom(h.senders).Draw(h.T, "sender"), done: make(chan struct{})}
	for range rapid.IntRange(1, 3).Draw(h.T, "items") {
		p.Body = append(h.item(p.by).AppendJSON(p.Body), '\n')
	}
	p.Whole = rapid.Bool().Draw(h.T, "whole")
	switch rapid.IntRange(0, 24).Draw(h.T, "failure") {
	case 0:
		p.Body = append(p.Body, '{')
	case 1:
		var err error
		p.Cursor, err = buckets.ParseCursor("another.5")
		require.NoError(h, err)
	case 2:
		ended, end := context.WithCancel(ctx)
		end()
		ctx = ended
	}
	p.ctx = ctx
	return p
}

// stamp returns a random stamp, of a few that recur.
func (h *history) stamp(by Sender) clock.Stamp {
	minutes := rapid.SampledFrom([]int{-400, -300, -200, -100, -50, -20, -10, -5, -2, -1, 0, 600}).Draw(h.T, "minutes")
	return clock.Stamp{Client: by.Client, Time: clock.TimestampOf(h.wall.Add(time.Duration(minutes) * time.Minute))}
}

// item returns a random item: an edit of a task, a meeting or a violation row.
func (h *history) item(by Sender) record.Mutation {
	key := record.Key{Table: board.Tasks, ID: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(h.T, "id")}
	kind := rapid.IntRange(0, 8).Draw(h.T, "kind")
	if kind >= 7 {
		rows, err := h.servers[1].database.names(context.Background(), `SELECT id FROM records WHERE workspace = $1 AND tbl = $2 ORDER BY id`, h.workspace, violation.DefaultTable)
		require.NoError(h, err)
		rows = append(rows, "unknown")
		key = record.Key{Table: violation.DefaultTable, ID: rapid.SampledFrom(rows).Draw(h.T, "row")}
	}
	if kind == 5 || kind == 6 {
		key.Table = board.Meetings
	}
	e := record.New(key).Edit(h.stamp(by))
	switch kind {
	case 0, 1:
		e.Set(board.Title, rapid.SampledFrom([]string{"x", "y", "x", "y", strings.Repeat("x", board.MaxTitle+1), "panic", "panic later"}).Draw(h.T, "title"))
	case 2, 3:
		e.Set("project", rapid.SampledFrom([]string{"", "a", "b"}).Draw(h.T, "project"))
	case 4:
		e.DeleteRecord()
	case 5:
		e.Set("slot", slotAt(h.wall.Add(time.Duration(rapid.IntRange(1, 2).Draw(h.T, "hour"))*time.Hour)))
	case 6:
		e.Delete("slot")
	default:
		e.Set(violation.FieldNote, rapid.SampledFrom([]string{"x", "y"}).Draw(h.T, "note"))
	}
	m, err := e.Mutation()
	require.NoError(h, err)
	m.New = rapid.Bool().Draw(h.T, "new")
	return m
}

// answer returns the result of a push as text.
func (h *history) answer(p *pushing) string {
	if p.failed() {
		return fmt.Sprint(p.panicked, codeOf(p.err), p.err)
	}
	return fmt.Sprintf("%s %v %+v %d", p.out.Answer.AppendJSON(nil), p.out.answerJSON(nil, clock.TimestampOf(h.wall)), p.out.Ahead, p.out.read)
}

// codeOf returns the code of a failure, or "".
func codeOf(err error) string {
	fail := new(failure)
	if errors.As(err, &fail) {
		return fail.Code
	}
	return ""
}

// stored returns everything that is stored of the workspace, but for its epoch, which is random.
func (h *history) stored(server int) (all []string) {
	for _, table := range []string{"workspaces", "records", "log", "marks", "clients", "users", "members", "scopes", "unchecked", "journal"} {
		column := "workspace"
		if table == "workspaces" {
			column = "name"
		}
		rows, err := h.servers[server].database.db.Query(`SELECT * FROM `+table+` WHERE `+column+` = $1`, h.workspace)
		require.NoError(h, err)
		names, err := rows.Columns()
		require.NoError(h, err)
		for rows.Next() {
			row, at := make([]any, len(names)), make([]any, len(names))
			for i := range row {
				at[i] = &row[i]
			}
			require.NoError(h, rows.Scan(at...))
			text := table
			for i, name := range names {
				if name != "epoch" && (table != "users" || name != "issued") {
					text += fmt.Sprintf(" %s=%v", name, row[i])
				}
			}
			all = append(all, text)
		}
		require.NoError(h, rows.Err())
		require.NoError(h, rows.Close())
	}
	slices.Sort(all)
	return all
}

// count counts what has happened in a group.
func (h *history) count(group []*pushing) {
	stored := 0
	for _, p := range group {
		h.seen[codeOf(p.err)]++
		if p.panicked != nil {
			h.seen["a panic"]++
		}
		if p.failed() {
			continue
		}
		stored++
		for _, r := range p.out.Answer.Results {
			if r.Refusal != nil {
				h.seen[string(r.Refusal.Code)]++
			} else {
				h.seen["accepted"]++
			}
			for _, note := range r.Notes {
				h.seen[string(note)]++
			}
		}
		if len(p.out.Told) > 0 {
			h.seen["a violation"]++
		}
	}
	if stored > 1 {
		h.seen["a shared transaction"]++
	}
}
