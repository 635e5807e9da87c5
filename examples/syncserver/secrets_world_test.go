package main

import (
	"encoding/json"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/process"
	"github.com/fieldlww/fieldlww/record"
)

// world is a workspace with two servers, and its owner, who is a member of all buckets.
type world struct {
	t *testing.T
	*ledger
	servers   [2]*process.Process
	addresses [2]string
	owner     *pusher
	database  *server.Database
	admin     *server.Server // as the commands use it
	later     *server.Server // days later
	days      *atomic.Int64
	projects  []string
	users     []string
	tasks     []*task
	retired   []string // IDs of tasks that were deleted or erased
	rowIDs    atomic.Pointer[[]string]
	random    *rand.Rand
	did       map[string]int
	last      clock.Timestamp // of the stamps that now has given
	known     sync.Mutex      // for tasks and retired, which the attackers read
}

// task is a task as the owner has written it.
type task struct {
	key     record.Key
	project string
	texts   map[string]string // secrets by field
	last    record.Mutation   // the latest write
	deleted bool
}

func newWorld(t *testing.T, database string) *world {
	self, err := os.Executable()
	require.NoError(t, err)
	t.Setenv(titled, "1")
	w := &world{t: t, ledger: newLedger(), days: new(atomic.Int64), random: rand.New(rand.NewPCG(1, 2)), did: make(map[string]int)}
	for i := range w.servers {
		w.servers[i], err = process.Existing(self).Start(database)
		require.NoError(t, err)
		t.Cleanup(w.servers[i].Kill)
		w.addresses[i] = w.servers[i].Address
	}
	w.owner = newPusher(t, w.addresses)
	d, err := server.OpenDatabase(t.Context(), database)
	require.NoError(t, err)
	t.Cleanup(func() { d.Close() })
	w.database = d
	o := titledOptions()
	o.Erasures, o.Log, o.Retention = filepath.Join(t.TempDir(), "erasures"), slog.New(slog.DiscardHandler), 24*time.Hour
	w.admin, err = server.New(t.Context(), d, o)
	require.NoError(t, err)
	o.Now = func() time.Time { return time.Now().Add(time.Duration(w.days.Load()) * (24*time.Hour + time.Minute)) }
	w.later, err = server.New(t.Context(), d, o)
	require.NoError(t, err)

	owner := w.owner.ID.String()
	w.begin(w.members, owner, board.Everyone)
	for range 3 {
		id := board.PrivatePrefix + w.make(secretID, "", owner)
		w.projects = append(w.projects, id)
		w.grant(owner, id, board.Owner)
		w.begin(w.places, strings.TrimPrefix(id, board.PrivatePrefix), bucketOf(id))
		w.write(record.New(record.Key{Table: board.Projects, ID: id}), func(e *record.Edit) { e.Set(board.Name, "a project") })
	}
	return w
}

// bucketOf returns the bucket of a project.
func bucketOf(project string) string {
	if project == "" {
		return board.Everyone
	}
	return "project/" + project
}

// grant gives a membership by request, and revoke takes it. Both try until they succeed.
func (w *world) grant(user, project, role string) {
	w.begin(w.members, user, bucketOf(project))
	body, _ := json.Marshal(map[string]string{"user": user, "bucket": bucketOf(project), "role": role})
	w.persist("POST", "/v1/members", body)
}

func (w *world) revoke(user, project string) {
	w.persist("DELETE", "/v1/members?user="+user+"&bucket="+strings.ReplaceAll(bucketOf(project), "/", "%2F"), nil)
	w.stop(w.members, user, bucketOf(project))
}

func (w *world) persist(method, path string, body []byte) []byte {
	for {
		if text, err := w.owner.request(method, path, body); err == nil {
			return text
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// now returns the time for the next stamp. It is later than all before: two writes may come within one millisecond.
func (w *world) now() clock.Timestamp {
	w.last = max(w.last+1, clock.TimestampOf(time.Now()))
	return w.last
}

// write writes as the owner until the write is acknowledged.
func (w *world) write(seen record.Record, f func(*record.Edit)) record.Mutation {
	e := seen.Edit(clock.Stamp{Time: w.now(), Client: w.owner.ID})
	f(e)
	m, err := e.Mutation()
	require.NoError(w.t, err)
	text := w.persist("POST", "/v1/push?v=2", m.AppendJSON(nil))
	require.Contains(w.t, string(text), `"verdict":"accepted"`)
	w.owner.turn++
	return m
}
