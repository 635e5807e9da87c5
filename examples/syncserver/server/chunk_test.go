package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
)

// copyOf is the state of a client that pulls with a cursor.
type copyOf struct {
	*client
	trailer
	holds   map[record.Key]record.Record
	whys    []string // the reason of each reset, and "left" for each record that left
	divided bool     // whether the server has Options.Buckets
}

func newCopy(c *client) *copyOf { return &copyOf{client: c, holds: make(map[record.Key]record.Record)} }

// pullOnce sends one pull and applies its chunks.
func (c *copyOf) pullOnce(limit int) {
	c.t.Helper()
	status, text := c.request("GET", fmt.Sprintf("/v1/pull?cursor=%s&limit=%d", url.QueryEscape(c.Cursor), limit), "")
	require.Equal(c.t, 200, status, text)
	var lines [][]byte
	for line := range bytes.Lines([]byte(text)) {
		if lines = append(lines, line); bytes.HasPrefix(line, []byte(`{"cursor"`)) {
			c.apply(lines)
			lines = nil
		}
	}
	require.Empty(c.t, lines, "lines without a trailer")
}

// apply applies a chunk, as clients do.
func (c *copyOf) apply(lines [][]byte) {
	c.t.Helper()
	for i, line := range lines[:len(lines)-1] {
		var l struct {
			Reset, In []string
			Why       string
			Table, ID string
			Left      bool
			Data      json.RawMessage
		}
		require.NoError(c.t, json.Unmarshal(line, &l))
		key := record.Key{Table: l.Table, ID: l.ID}
		switch {
		case l.Reset != nil:
			require.Zero(c.t, i, "a reset must be the first line of its chunk")
			require.Equal(c.t, []string{""}, l.Reset)
			clear(c.holds)
			c.whys = append(c.whys, l.Why)
		case l.Left:
			delete(c.holds, key)
			c.whys = append(c.whys, "left")
		default:
			require.Equal(c.t, []string{""}, l.In)
			var r record.Record
			require.NoError(c.t, json.Unmarshal(l.Data, &r))
			c.holds[key] = r.WithKey(key)
		}
	}
	before := c.trailer
	c.trailer = trailer{}
	require.NoError(c.t, json.Unmarshal(lines[len(lines)-1], &c.trailer))
	require.GreaterOrEqual(c.t, c.Fence, before.Fence)
	if c.divided {
		require.Equal(c.t, []string{""}, c.Buckets)
	} else {
		require.Nil(c.t, c.Buckets)
	}
	for key, r := range c.holds {
		if c.holds[key] = merge.Purge(r, c.Fence, c.Level); c.holds[key].Len() == 0 {
			delete(c.holds, key)
		}
	}
}

// pullAll pulls to the end, in pages.
func (c *copyOf) pullAll(limit int) {
	c.t.Helper()
	for range 1000 {
		if c.pullOnce(limit); !c.More {
			return
		}
	}
	c.t.Fatal("after 1000 pulls, the client still lacks records")
}

// TestClientsHoldWhatIsStoredAfterEachPull lets clients pull in pages of any size, come back after
// any time, and stop in the middle. Meanwhile another client edits and deletes, some writes arrive
// late or several times, fences rise, records are dropped, and the database is restored. After each
// pull to the end, a client must store the normal forms of the records of the server, and its clock
// must not be below the fence.
func TestClientsHoldWhatIsStoredAfterEachPull(t *testing.T) {
	seen := make(map[string]int)
	for _, level := range []int{1, 2} {
		databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
			for seed := range uint64(8) {
				random := rand.New(rand.NewPCG(seed, uint64(level)))
				database := name(t)
				s := openCalendar(t, database)
				s.options.PurgeLevel, s.options.Retention = level, 3*sampleEvery
				address := listen(t, s.Server)
				author := joined(t, address, "demo", "")
				copies := []*copyOf{newCopy(joined(t, address, "demo", "")), newCopy(joined(t, address, "demo", "")), newCopy(joined(t, address, "demo", ""))}
				var late []record.Mutation
				for range 80 {
					s.wall = s.wall.Add(time.Duration(1+random.IntN(1000)) * time.Millisecond)
					c := copies[random.IntN(len(copies))]
					switch n := random.IntN(20); {
					case n < 9:
						shown := s.normals()[task(fmt.Sprint(random.IntN(6))).Key()]
						if merge.Purge(shown, s.fenced().stamp, 2).Len() == 0 { // users see no dead records
							shown = task(fmt.Sprint(random.IntN(6)))
						}
						kind := random.IntN(4)
						m := s.edit(author, shown, func(e *record.Edit) {
							switch {
							case kind == 0 && shown.Len() > 0 && !shown.Deleted():
								e.DeleteRecord()
							case kind == 1 && shown.Len() > 0:
								e.Delete("title")
							default:
								e.Set("title", fmt.Sprint(random.IntN(9)))
							}
						})
						if random.IntN(4) == 0 {
							late = append(late, m) // the item arrives later, perhaps several times
						} else {
							require.Equal(t, "accepted", author.push2(m)[0].Verdict)
						}
					case n < 13:
						s.pass(1 + random.IntN(3))
					case n == 13 && len(late) > 0:
						i := random.IntN(len(late))
						author.push2(late[i])
					case n < 15:
						c.pullOnce(1 + random.IntN(3))
					case n == 15 && random.IntN(4) == 0:
						_, _, err := s.Restored(context.Background())
						require.NoError(t, err)
					default:
						c.pullAll(1 + random.IntN(4))
						fence := s.fenced().stamp
						require.Equal(t, living(s.normals(), fence), living(c.holds, fence), "seed %d", seed)
						require.Equal(t, fence, c.Fence)
						require.GreaterOrEqual(t, c.Clock, c.Fence)
					}
				}
				for _, c := range copies {
					for _, why := range c.whys {
						seen[why]++
					}
				}
			}
		})
	}
	require.Positive(t, seen[buckets.WhyEpoch])
	require.Positive(t, seen[buckets.WhyFence])
}

// living returns the records that are not dead at a fence. A client that begins gets no others.
func living(all map[record.Key]record.Record, fence clock.Timestamp) map[record.Key]record.Record {
	living := maps.Clone(all)
	maps.DeleteFunc(living, func(_ record.Key, r record.Record) bool { return merge.Purge(r, fence, 2).Len() == 0 })
	return living
}

// TestRestoredDatabaseResetsItsClients restores a backup. Without the command, only a client whose
// cursor is above the sequence is reset. With the command, each client is reset, and a push of a
// client that has not pulled since is refused before any item is judged.
func TestRestoredDatabaseResetsItsClients(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := openCalendar(t, name(t))
		address := listen(t, s.Server)
		ana := newCopy(joined(t, address, "demo", ""))
		push := func() (int, string) {
			body := string(s.edit(ana.client, task("b"), title("y")).AppendJSON(nil))
			return ana.request("POST", "/v1/push?v=2&cursor="+url.QueryEscape(ana.Cursor), body)
		}
		ana.pullAll(9)
		require.Empty(t, ana.Cursor, "a workspace that does not exist has no cursor")
		ana.push2(s.edit(ana.client, task("a"), title("x")))
		ana.pullAll(9)
		require.Empty(t, ana.whys, "a client that has nothing is not reset")
		status, text := push()
		require.Equal(t, 200, status, text)
		ana.pullAll(9)

		_, err := s.database.db.Exec(`UPDATE workspaces SET seq = 1`)
		require.NoError(t, err)
		_, err = s.database.db.Exec(`DELETE FROM records WHERE id = 'b'`)
		require.NoError(t, err)
		status, text = push()
		require.Equal(t, 409, status, "the push would raise the sequence, perhaps above the cursor: %s", text)
		ana.pullAll(9)
		require.Equal(t, []string{buckets.WhyEpoch}, ana.whys, "a client whose cursor is above the sequence is reset")
		require.Len(t, ana.holds, 1)

		before := ana.Cursor
		n, _, err := s.Restored(context.Background())
		require.NoError(t, err)
		require.Equal(t, 1, n)
		status, text = push()
		require.Equal(t, 409, status)
		require.Contains(t, text, `"code":"epoch_changed"`)
		require.NotContains(t, s.data(), "b")
		ana.pullAll(9)
		require.Equal(t, []string{buckets.WhyEpoch, buckets.WhyEpoch}, ana.whys)
		require.NotEqual(t, before, ana.Cursor)
		status, text = push()
		require.Equal(t, 200, status, text)

		_, err = s.database.db.Exec(`UPDATE workspaces SET epoch = ''`) // as an earlier version creates workspaces
		require.NoError(t, err)
		other := newCopy(joined(t, address, "demo", ""))
		other.pullAll(9)
		other.pullAll(9)
		require.NotEmpty(t, other.Cursor)
		require.Empty(t, other.whys)
	})
}

// TestClockOfATrailerIsAboveTheNextFence checks the stamp that a trailer has for the clock of a
// client. It exceeds the wall clock by no more than is allowed, unless a sample is greater.
func TestClockOfATrailerIsAboveTheNextFence(t *testing.T) {
	s := openCalendar(t, databasetest.SQLite(t))
	ana := newCopy(joined(t, listen(t, s.Server), "demo", ""))
	begun := s.wall
	s.wall = begun.Add(time.Hour)
	ana.push2(s.edit(ana.client, task("a"), title("x")))
	ana.pullAll(9)
	require.Equal(t, clock.TimestampOf(s.wall), ana.Clock)
	s.wall = begun
	ana.pullAll(9)
	require.Equal(t, greatest(begun), ana.Clock, "a stamp that is too far ahead is not passed on")
	s.wall = begun.Add(30 * time.Minute)
	require.NoError(t, s.Retain(context.Background()))
	sampled := greatest(s.wall)
	s.wall = begun
	ana.pullAll(9)
	require.Equal(t, sampled, ana.Clock, "the newest sample may become the fence")
}

// TestTrailersTellHowFarAPullIs pulls more records than fit into a chunk.
func TestTrailersTellHowFarAPullIs(t *testing.T) {
	s := openCalendar(t, databasetest.SQLite(t))
	ana := newCopy(joined(t, listen(t, s.Server), "demo", ""))
	const all = firstRecords + 2*firstRecords + 5
	for i := range all {
		ana.push2(s.edit(ana.client, task(strconv.Itoa(i)), title("x")))
	}
	_, text := ana.request("GET", "/v1/pull?cursor=", "")
	var told [][2]int64
	for line := range strings.Lines(text) {
		var tr trailer
		require.NoError(t, json.Unmarshal([]byte(line), &tr))
		if tr.Cursor != "" {
			told = append(told, [2]int64{tr.Reached, tr.Last})
		}
	}
	require.Equal(t, [][2]int64{{firstRecords, all}, {3 * firstRecords, all}, {}}, told)
}

// TestInvalidCursorsAreRefused sends texts that are not cursors.
func TestInvalidCursorsAreRefused(t *testing.T) {
	s := openCalendar(t, databasetest.SQLite(t))
	ana := joined(t, listen(t, s.Server), "demo", "")
	for _, text := range []string{"7", "a.", "a.-1", "a.1.", "a.1.x", ".1", "a.1.1.1"} {
		_, err := buckets.ParseCursor(text)
		require.Error(t, err, text)
		status, _ := ana.request("GET", "/v1/pull?cursor="+text, "")
		require.Equal(t, 400, status, text)
		status, _ = ana.request("POST", "/v1/push?v=2&cursor="+text, "")
		require.Equal(t, 400, status, text)
	}
}
