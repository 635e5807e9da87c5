package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// partial is a client that holds a part of the workspace.
type partial struct {
	*calendar
	Sender
	page  Page
	size  func() int64    // of a chunk
	has   map[string]bool // the buckets that it may read
	holds map[record.Key]held
	ever  map[record.Key]bool // what it was entitled to at some time
	seen  map[string]int
}

// held is a record that a client holds, with its buckets.
type held struct {
	record.Record
	in []string
}

// heldLine is a line of a chunk.
type heldLine struct {
	Reset, In []string
	Why       string
	Table, ID string
	Left      bool
	Data      json.RawMessage
}

// pullOnce reads a chunk, and applies it. It reports whether more chunks follow.
func (c *partial) pullOnce() (more bool) {
	c.t.Helper()
	c.page.Sender, c.page.Limit, c.page.chunk = c.Sender, 100, c.size()
	parts, more, err := c.pullChunk(context.Background(), &c.page)
	require.NoError(c.t, err)
	text, _ := (*sealer)(nil).chunk(parts)
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	var end trailer
	require.NoError(c.t, json.Unmarshal(lines[len(lines)-1], &end))
	require.Equal(c.t, more, end.More)
	require.Equal(c.t, c.page.Cursor.String(), end.Cursor)
	var resets []string
	var rows []heldLine
	for _, line := range lines[:len(lines)-1] {
		var l heldLine
		require.NoError(c.t, json.Unmarshal(line, &l))
		if l.Reset == nil {
			rows = append(rows, l)
			continue
		}
		require.Empty(c.t, rows, "resets come first")
		resets = append(resets, l.Reset...)
		c.seen[l.Why]++
	}
	c.lose(buckets.LossOf(resets, end.Buckets))
	for _, l := range rows {
		c.apply(l)
	}
	return more
}

// lose takes buckets away.
func (c *partial) lose(loss buckets.Loss) {
	for key, h := range c.holds {
		if h.in = loss.Keep(h.in); len(h.in) == 0 {
			delete(c.holds, key)
			continue
		}
		c.holds[key] = h
	}
}

// apply applies the line of a record.
func (c *partial) apply(l heldLine) {
	c.t.Helper()
	key := record.Key{Table: l.Table, ID: l.ID}
	if l.Left {
		require.True(c.t, c.ever[key], "left names %v, to which the client was never entitled", key)
		delete(c.holds, key)
		c.seen["left"]++
		return
	}
	var r record.Record
	require.NoError(c.t, json.Unmarshal(l.Data, &r))
	require.True(c.t, slices.ContainsFunc(l.In, c.reads), "%v was sent in %q", key, l.In)
	require.NotEmpty(c.t, c.readable(r.WithKey(key)), "%v was sent, but may not be read", key)
	c.holds[key] = held{r.WithKey(key), l.In}
}

// purge drops what is dead at the fence.
func (c *partial) purge() {
	f := c.fenced()
	for key, h := range c.holds {
		h.Record = merge.Purge(h.Record, f.stamp, f.level)
		if c.holds[key] = h; merge.Purge(h.Record, f.stamp, 2).Len() == 0 {
			delete(c.holds, key)
		}
	}
}

// readable returns the buckets in which a client may read a record.
func (c *partial) readable(r record.Record) []string {
	return slices.DeleteFunc(slices.Clone(c.division.of.Of(r, c.fenced().stamp)), func(b string) bool { return !c.reads(b) })
}

// reads reports whether a client may read a bucket. The bucket of its rows of lost edits goes with the bucket of
// their records.
func (c *partial) reads(bucket string) bool {
	if client, of, ok := cutLoserBucket(bucket); ok {
		return client == c.Client && c.has[of]
	}
	return c.has[bucket]
}

// entitle notes to what the client is entitled now.
func (c *partial) entitle() {
	for key, r := range c.normals() {
		if len(c.readable(r)) > 0 {
			c.ever[key] = true
		}
	}
}

// settle pulls to the end. The client must then hold exactly what it may read.
func (c *partial) settle(what string) {
	c.t.Helper()
	for n := 0; c.pullOnce(); n++ {
		require.Less(c.t, n, 500, "%s: the pull never ends", what)
		c.purge()
	}
	c.purge()
	want := make(map[record.Key]held)
	for key, r := range c.normals() {
		if in := c.readable(r); len(in) > 0 {
			want[key] = held{r, in}
			if _, ok := loserOf(r); ok {
				c.seen["the row of a loser"]++
			}
		}
	}
	require.Equal(c.t, want, c.holds, what)
	for about := range c.requirePlaced() {
		c.seen["rows in "+about[1:]]++
	}
}

// write stores a write of the server itself, which needs no rights.
func (c *calendar) store(m record.Mutation) {
	c.t.Helper()
	ctx := context.Background()
	err := c.locked(ctx, "demo", func(tx *session) error {
		push := c.engine.Prepare(merge.Request{Actor: clock.ClientID{7}, Wall: c.wall, Items: []record.Item{{Mutation: m}}})
		found, err := tx.get(ctx, push.Keys())
		if err != nil {
			return err
		}
		answer, err := push.Apply(merge.Stored{Records: found.Lookup(push.Keys()), Fence: tx.fence.stamp, Level: tx.fence.level})
		if err != nil {
			return err
		}
		report, err := tx.check(ctx, c.options.Rules, violation.Input{Changes: answer.Updates})
		if err != nil {
			return err
		}
		return errors.Join(tx.store(ctx, c.options.Rules, answer.Updates), tx.store(ctx, c.options.Rules, report.Updates))
	})
	require.NoError(c.t, err)
}

// swapped is another division: a is b.
func swapped(r record.Record) []string {
	in := noted(r)
	for i, b := range in {
		switch b {
		case "a":
			in[i] = "b"
		case "b":
			in[i] = "a"
		}
	}
	return in
}

// TestClientsHoldExactlyWhatTheyMayRead runs random histories of one server and clients with different
// rights, which read chunks of one to three rows and stop anywhere. Records move, are deleted, die, live again and are
// erased; they have violation rows, open, closed and of lost edits, which must be where their records are, or reach only the
// loser there; buckets are granted and revoked; fences rise; the database is restored and divided otherwise. A
// client must never receive what it may not read, and never be told about a record that it could never read. At
// rest it must hold exactly what it may read, each record in the right buckets.
func TestClientsHoldExactlyWhatTheyMayRead(t *testing.T) {
	seen := make(map[string]int)
	for _, level := range []int{1, 2} {
		databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
			s := openCalendar(t, name(t))
			s.options.PurgeLevel, s.options.Retention = level, 3*sampleEvery
			s.options.Erasures = filepath.Join(t.TempDir(), "erasures")
			s.options.Rules = &violation.Checker{Rules: map[string]violation.Rule{"title": sameTitle}}
			for seed := range uint64(*seeds) {
				s.history(rand.New(rand.NewPCG(seed, uint64(level))), seed, seen)
			}
		})
	}
	if *seeds < 15 {
		return // too few to meet everything
	}
	for _, what := range []string{buckets.WhyEpoch, buckets.WhyFence, buckets.WhyGrant, "left", "rows in []", "rows in [a]", "rows in [a b]", "the row of a loser"} {
		require.Positive(t, seen[what], what)
	}
}

// history runs one history.
func (c *calendar) history(random *rand.Rand, seed uint64, seen map[string]int) {
	t, ctx := c.t, context.Background()
	for _, table := range []string{"workspaces", "records", "log", "members", "users", "samples", "scopes", "unchecked"} {
		c.exec(`DELETE FROM ` + table)
	}
	c.options.BucketsVersion, c.options.LostEdits = "", seed%2 == 0
	c.divided(noted)
	c.readings.window, c.readings.few, c.readings.sought = 1+random.Int64N(6), random.IntN(3), random.Int64N(6)
	if random.IntN(3) == 0 {
		c.readings.window = 1000
	}
	names := []string{"", "a", "b"}
	var clients []*partial
	for i := range 3 {
		user := fmt.Sprint("user", i)
		clients = append(clients, &partial{calendar: c, Sender: Sender{Workspace: "demo", User: user, Client: clock.ClientID{byte(1 + i)}},
			size: func() int64 { return 1 + random.Int64N(3) }, has: make(map[string]bool), holds: make(map[record.Key]held), ever: make(map[record.Key]bool), seen: seen})
	}
	ana := &client{t: t, ID: clock.ClientID{7}}
	var late []record.Mutation
	for step := range 60 {
		what := fmt.Sprintf("seed %d, step %d", seed, step)
		c.wall = c.wall.Add(time.Duration(1+random.IntN(1000)) * time.Millisecond)
		one := clients[random.IntN(len(clients))]
		key := task(string(rune('a' + random.IntN(3)))).Key()
		switch n := random.IntN(24); {
		case n < 7:
			shown := c.normals()[key]
			if merge.Purge(shown, c.fenced().stamp, 2).Len() == 0 {
				shown = record.New(key)
			}
			m := c.edit(ana, shown, func(e *record.Edit) {
				kind := random.IntN(5)
				switch {
				case kind == 0 && shown.Len() > 0 && !shown.Deleted():
					e.DeleteRecord()
				case kind == 1:
					e.Set(board.Title, fmt.Sprint(random.IntN(2)))
				default:
					in := slices.DeleteFunc([]string{"a", "b", "-"}, func(string) bool { return random.IntN(2) == 0 })
					e.Set(board.Notes, strings.Join(in, " "))
				}
			})
			if random.IntN(4) == 0 {
				late = append(late, m)
			} else {
				c.store(m)
			}
		case n == 7 && len(late) > 0:
			if c.store(late[random.IntN(len(late))]); random.IntN(2) == 0 {
				c.pass(1) // the sweep must not remove what no client was told
			}
		case n < 12:
			bucket := names[random.IntN(len(names))]
			if one.has[bucket] = !one.has[bucket]; one.has[bucket] {
				require.NoError(t, c.Grant(ctx, "demo", one.User, map[string]string{bucket: "reader"}))
			} else {
				require.NoError(t, c.Revoke(ctx, "demo", one.User, bucket))
			}
		case n == 12:
			c.pass(1 + random.IntN(4))
		case n == 13 && random.IntN(3) == 0 && c.count("records") > 0:
			_, err := c.Erase(ctx, "demo", key)
			require.NoError(t, err)
		case n == 14 && random.IntN(6) == 0:
			_, _, err := c.Restored(ctx)
			require.NoError(t, err)
		case n == 15 && random.IntN(6) == 0:
			c.options.BucketsVersion += "x"
			c.divided([]func(record.Record) []string{noted, swapped}[random.IntN(2)])
			if _, err := c.Audit(ctx, "demo"); !errors.Is(err, ErrEmpty) { // as in New
				require.NoError(t, err)
			}
		case n == 16:
			if c.options.LostEdits {
				c.storeRow(key, one.Client)
			} else {
				c.storeLostEdit(key.ID, "lost")
			}
		case n < 21:
			if random.IntN(2) == 0 {
				one.page.next = reading{} // a new request
			}
			one.pullOnce()
			one.purge()
		default:
			one.settle(what)
		}
		for _, one := range clients {
			one.entitle()
		}
	}
	for _, one := range clients {
		one.settle(fmt.Sprintf("seed %d, at rest", seed))
	}
}
