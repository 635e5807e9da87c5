package server

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/record"
)

// waiting returns how many pushes of a workspace wait for a turn or have one.
func (g *groups) waiting(workspace string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if q := g.of[workspace]; q != nil {
		return q.running + len(q.waiting)
	}
	return 0
}

// TestWaitingPushesShareATransaction lets pushes of several users wait for one that is being decoded, and
// counts the transactions. One of the waiting pushes is malformed, and one gives up while it waits.
func TestWaitingPushesShareATransaction(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s, trace := openTraced(t, name(t))
		w := newWaitingRoom(t, s)
		statements, _ := trace.during(func() {
			w.fill(8, "x")
			ctx, giveUp := context.WithCancel(t.Context())
			left := w.send(ctx, 20, "x")
			broken := w.send(t.Context(), 21, "malformed")
			require.Eventually(t, func() bool { return s.groups.waiting("demo") == 11 }, time.Minute, time.Millisecond)
			giveUp()
			require.Equal(t, "unavailable", codeOf(<-left))
			w.open()
			require.Equal(t, "malformed", codeOf(<-broken))
			for range 9 {
				require.NoError(t, <-w.results)
			}
		})
		commits := 0
		for text, all := range statements {
			if strings.Contains(text, "UPDATE workspaces SET seq") {
				commits += len(all)
			}
		}
		require.Equal(t, 2, commits, "the first push, and all others")
		require.Eventually(t, func() bool { return s.groups.waiting("demo") == 0 }, time.Minute, time.Millisecond)
	})
}

// TestPushesOfAFailedCommitAreNotAcknowledged lets the commit of a group fail: no push may be acknowledged.
func TestPushesOfAFailedCommitAreNotAcknowledged(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		database := name(t)
		s := open(t, database)
		w := newWaitingRoom(t, s)
		w.fill(5, "x")
		if s.database.postgres {
			_, err := s.database.db.Exec(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no commit''; END'`)
			require.NoError(t, err)
			_, err = s.database.db.Exec(`CREATE CONSTRAINT TRIGGER fail AFTER INSERT OR UPDATE ON records DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail()`)
			require.NoError(t, err)
		} else {
			require.NoError(t, os.Rename(database, database+".away"))
		}
		w.open()
		for range 6 {
			err := <-w.results
			fail := new(failure)
			require.ErrorAs(t, err, &fail)
			require.Equal(t, http.StatusServiceUnavailable, fail.status)
		}
		if s.database.postgres {
			require.Empty(t, w.tasks())
		}
	})
}

// waitingRoom keeps pushes waiting behind one that is being decoded.
type waitingRoom struct {
	*Server
	t       *testing.T
	goOn    chan bool
	held    chan bool // closed when the first push is being decoded
	results chan error
	begun   sync.Once
}

func newWaitingRoom(t *testing.T, s *Server) *waitingRoom {
	w := &waitingRoom{Server: s, t: t, goOn: make(chan bool), held: make(chan bool), results: make(chan error, 100)}
	decode := s.decode
	s.decode = func(body []byte) ([]record.Item, error) {
		w.begun.Do(func() {
			close(w.held)
			<-w.goOn
		})
		return decode(body)
	}
	return w
}

// open lets the first push go on, and with it the others.
func (w *waitingRoom) open() { close(w.goOn) }

// fill sends one push, and then n others that wait for it.
func (w *waitingRoom) fill(n int, title string) {
	for i := range n + 1 {
		result := w.send(w.t.Context(), i+1, title)
		go func() { w.results <- <-result }()
		require.Eventually(w.t, func() bool { return w.groups.waiting("demo") == i+1 }, time.Minute, time.Millisecond)
		if i == 0 {
			<-w.held // so that the first push is a group of its own
		}
	}
}

// send pushes a new task of a user.
func (w *waitingRoom) send(ctx context.Context, user int, title string) chan error {
	m := bound(w.Server, clock.ClientID{byte(user)})
	body := (&client{t: w.t, ID: m.Client}).set(board.Tasks, fmt.Sprint("task", user), board.Title, title).AppendJSON(nil)
	if title == "malformed" {
		body = body[:5]
	}
	result := make(chan error, 1)
	go func() {
		_, err := w.push(ctx, m, Pushed{Body: body})
		result <- err
	}()
	return result
}

// tasks returns the IDs of the stored tasks.
func (w *waitingRoom) tasks() []string {
	ids, err := w.database.names(w.t.Context(), `SELECT id FROM records WHERE workspace = 'demo' ORDER BY id`)
	require.NoError(w.t, err)
	return ids
}
