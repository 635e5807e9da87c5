package server

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// TestConcurrentServersConvergeAndSkipNoSequence lets many clients push to two servers on one
// database, to the same few records and rooms, while others pull. No push may fail. No puller may
// miss a record, although transactions do not end in the order in which they begin. Each field must
// have the greatest write, and an audit must find the same violations.
func TestConcurrentServersConvergeAndSkipNoSequence(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		database := name(t)
		servers := [2]*Server{open(t, database), open(t, database)}
		const writers, pushes = 8, 25
		var sent [writers][]record.Record
		var done atomic.Bool
		var writing, pulling sync.WaitGroup
		var seen [3]map[record.Key]record.Record
		for i := range seen {
			pulling.Go(func() { seen[i] = follow(t, servers[i%2], &done) })
		}
		for i := range writers {
			writing.Go(func() {
				w := author{client: clock.ClientID{byte(i + 1)}, random: rand.New(rand.NewPCG(1, uint64(i)))}
				for n := range pushes {
					batch := w.batch(t)
					sent[i] = append(sent[i], batch...)
					_, err := servers[n%2].push(context.Background(), bound(servers[0], w.client), Pushed{Body: merge.Collect(batch...).AppendLines(nil)})
					if err != nil {
						t.Errorf("push: %v", err)
					}
				}
			})
		}
		writing.Wait()
		done.Store(true)
		pulling.Wait()

		want := make(map[record.Key]record.Record) // joined independently of package merge: see winners
		for _, records := range sent {
			for _, r := range records {
				winners(want, r)
			}
		}
		for _, pulled := range seen {
			var violations int
			for key, r := range pulled {
				if key.Table == violation.DefaultTable {
					violations++
					continue
				}
				require.Equal(t, want[key].String(), r.String())
			}
			require.NotZero(t, violations)
			require.Len(t, pulled, len(want)+violations)
			require.Equal(t, stateLines(seen[0]), stateLines(pulled))
		}
		report, err := servers[0].Audit(context.Background(), "demo")
		require.NoError(t, err)
		require.NotZero(t, report.Open)
		require.Empty(t, report.Updates)
		requireCounted(t, servers[0].database)
	})
}

// follow pulls in small pages until the writers are done and no record is left, and returns the
// pulled records. It checks that sequences ascend.
func follow(t *testing.T, s *Server, done *atomic.Bool) map[record.Key]record.Record {
	got := make(map[record.Key]record.Record)
	m, err := s.admitted(clock.ClientID{1})
	if err != nil {
		t.Errorf("pull: %v", err)
		return got
	}
	for after := int64(0); ; {
		last := done.Load() // read before the pull, so that the last pull begins after the last push
		text, err := s.pull(context.Background(), &page{Sender: m, after: after, limit: 5, chunk: 5})
		if err != nil {
			t.Errorf("pull: %v", err)
			return got
		}
		for _, l := range linesOf(t, text) {
			if l.Seq <= after {
				t.Errorf("sequence %d after %d", l.Seq, after)
			}
			after = l.Seq
			got[l.Data.Key()] = l.Data
		}
		if last && len(text) == 0 {
			return got
		}
	}
}

// author creates random pushes.
type author struct {
	client clock.ClientID
	random *rand.Rand
	minute int
}

// batch returns a few records. Each has a later timestamp than the one before, but other writers
// use the same timestamps.
func (w *author) batch(t *testing.T) []record.Record {
	var batch []record.Record
	for range 1 + w.random.IntN(4) {
		w.minute++
		at := clock.Stamp{Client: w.client, Time: clock.TimestampOf(time.Now().Add(time.Duration(w.minute-200) * time.Minute).Truncate(time.Minute))}
		edit := record.New(record.Key{Table: board.Tasks, ID: fmt.Sprint(w.random.IntN(4))}).Edit(at).
			Set([]string{board.Title, board.Status}[w.random.IntN(2)], fmt.Sprint(w.random.IntN(3)))
		if w.random.IntN(3) == 0 {
			from := time.Now().UTC().Truncate(24*time.Hour).AddDate(1, 0, 0).Add(time.Duration(9+w.random.IntN(3)) * time.Hour)
			edit = record.New(record.Key{Table: board.Meetings, ID: fmt.Sprint(w.random.IntN(4))}).Edit(at).
				Set("slot", map[string]any{"room": "Lind", "start": from, "end": from.Add(2 * time.Hour)})
		}
		m, err := edit.Mutation()
		if err != nil {
			t.Error(err)
		}
		batch = append(batch, m.Data)
	}
	return batch
}

// winners merges a record into a state: for each field, the later timestamp wins, and then the
// greater client ID. It need not compare values, because no stamp is used twice for one field.
func winners(state map[record.Key]record.Record, r record.Record) {
	fields := make(map[string]record.FieldValue)
	for name, w := range state[r.Key()].All() {
		fields[name] = w
	}
	for name, w := range r.All() {
		old, ok := fields[name]
		if !ok || w.Stamp.Time > old.Stamp.Time ||
			w.Stamp.Time == old.Stamp.Time && w.Stamp.Client.String() > old.Stamp.Client.String() {
			fields[name] = w
		}
	}
	var b record.Builder
	state[r.Key()], _ = b.Record(r.Key(), func(yield func(string, record.FieldValue) bool) {
		for name, w := range fields {
			if !yield(name, w) {
				return
			}
		}
	})
}

// stateLines returns a state as JSON Lines.
func stateLines(state map[record.Key]record.Record) string {
	var all []record.Record
	for _, r := range state {
		all = append(all, r)
	}
	return string(merge.Collect(all...).AppendLines(nil))
}
