package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// witness remembers each value that the servers have stored or a device has pulled, by its stamp, and
// the greatest write of each record.
type witness struct {
	mu       sync.Mutex
	values   map[string]record.Value
	greatest merge.Fold
	titles   map[record.Value]bool // stored
}

// sees adds a record, and reports a stamp with two values.
func (w *witness) sees(t *testing.T, r record.Record) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for name, f := range r.All() {
		at := fmt.Sprintf("%s %s %s", r.Key(), name, f.Stamp)
		if before, ok := w.values[at]; ok && before != f.Value {
			t.Errorf("one stamp, two values: %s: %s and %s", at, before, f.Value)
		}
		w.values[at] = f.Value
	}
}

// watches returns a layout that shows the witness each record that it stores.
func (w *witness) watches(t *testing.T, l layout) layout {
	encode := l.encode
	l.encode = func(u update) ([]any, error) {
		w.sees(t, u.After)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.greatest.Add(u.After)
		title, _ := u.After.Get("title")
		w.titles[title.Value] = true
		return encode(u)
	}
	return l
}

// editor is a device that edits titles of a few tasks and pushes at once.
type editor struct {
	replica
	id    clock.ClientID
	clock *clock.Clock
}

func newEditor(t *testing.T, n byte) *editor {
	c, err := clock.New(clock.Options{Now: noon, MaxAhead: -1})
	require.NoError(t, err)
	return &editor{id: clock.ClientID{15: n}, clock: c}
}

// work pulls, edits two tasks and pushes the edits.
func (e *editor) work(t *testing.T, s *server, r *rand.Rand) {
	e.pull(t, s)
	for _, known := range e.records {
		for _, w := range known.All() {
			assert.NoError(t, e.clock.Observe(w.Stamp.Time))
		}
	}
	var body []byte
	for _, id := range r.Perm(5)[:2] {
		key := task(fmt.Sprint("t", id))
		stamp := clock.Stamp{Time: e.clock.Now(), Client: e.id}
		edit := e.records[key].WithKey(key).Edit(stamp)
		if edit.Set("title", stamp.String()); r.IntN(4) == 0 {
			edit.Set("color", []string{"any", "value"})
		}
		m, err := edit.Mutation()
		assert.NoError(t, err)
		body = append(m.AppendJSON(body), '\n')
	}
	answer, err := s.push(context.Background(), e.id, body)
	assert.NoError(t, err)
	assert.NotContains(t, string(answer), `"refused"`)
}

// foreignScript is what one foreign program does: it counts in the estimates of all tasks, and writes
// to title and done of one task, which no other program writes. Each statement is a transaction.
func foreignScript(program, rounds int) string {
	var script strings.Builder
	for i := range rounds {
		fmt.Fprintf(&script, "UPDATE tasks SET estimate = coalesce(estimate, 0) + 1 WHERE id = 't%d';\n", i%5)
		fmt.Fprintf(&script, "UPDATE tasks SET title = 'program %d, %d' WHERE id = 't%d';\n", program, i, program)
		switch i % 10 {
		case 3:
			fmt.Fprintf(&script, "DELETE FROM tasks WHERE id = 't%d';\n", program)
		case 6:
			fmt.Fprintf(&script, "UPDATE tasks SET deleted = false WHERE id = 't%d';\n", program)
		case 8:
			fmt.Fprintf(&script, "INSERT INTO tasks (id, title) VALUES ('p%d-%d', 'new');\n", program, i)
		}
	}
	return script.String()
}

// TestForeignWritersUnderLoad: shells write in a loop while devices pull and push through two
// processes of the server, and both sweep. No device sees two values under one stamp, no count is
// lost, the last title of each program is stored or was replaced by a later edit, each field ends with
// its greatest stored write, and all replicas end equal.
func TestForeignWritersUnderLoad(t *testing.T) {
	const programs, devices = 3, 3
	onEachShell(t, func(t *testing.T, s *server, sh shell) {
		rounds := 80
		if sh.program == "sqlite3" { // waits for the disk
			rounds = 20
		}
		seen := &witness{values: make(map[string]record.Value), titles: make(map[record.Value]bool)}
		s.layout = seen.watches(t, s.layout)
		servers := []*server{s, serverOn(t, s.db, s.layout)}
		for id := range 5 {
			push(t, s, titled(t, fmt.Sprint("t", id), "begin", clock.Stamp{Time: at(0), Client: ana}))
		}
		var writing, reading sync.WaitGroup
		stop := make(chan struct{})
		for n := range programs {
			writing.Go(func() {
				_, err := sh.try(foreignScript(n, rounds))
				assert.NoError(t, err)
			})
		}
		editors := make([]*editor, devices)
		for n := range editors {
			editors[n] = newEditor(t, byte(n+1))
			reading.Go(func() {
				r := rand.New(rand.NewPCG(20, uint64(n)))
				until(stop, func() {
					editors[n].work(t, servers[r.IntN(2)], r)
					for _, r := range editors[n].records {
						seen.sees(t, r)
					}
				})
			})
		}
		reading.Go(func() { // devices that are new each time
			until(stop, func() {
				var fresh replica
				fresh.pull(t, s)
				for _, r := range fresh.records {
					seen.sees(t, r)
				}
			})
		})
		for _, process := range servers {
			reading.Go(func() {
				until(stop, func() {
					assert.NoError(t, process.sweep(context.Background()))
					time.Sleep(5 * time.Millisecond)
				})
			})
		}
		writing.Wait()
		close(stop)
		reading.Wait()
		require.NoError(t, s.sweep(context.Background()))

		var fresh replica
		fresh.pull(t, s)
		for _, e := range editors {
			e.pull(t, s)
			require.Equal(t, fresh.records, e.records)
		}
		var counted int64
		for id := range 5 {
			w, _ := fresh.records[task(fmt.Sprint("t", id))].Get("estimate")
			n, _ := w.Value.Int()
			counted += n
		}
		require.EqualValues(t, programs*rounds, counted)
		for n := range programs {
			last := fmt.Sprintf("program %d, %d", n, rounds-1)
			if !seen.titles[record.MustOf(last)] { // the push that found it had a later edit
				title, _ := fresh.records[task(fmt.Sprint("t", n))].Get("title")
				require.LessOrEqual(t, title.Stamp.Client.Compare(clock.ClientID{15: devices}), 0, "%q is lost", last)
			}
		}
		for r := range seen.greatest.Collection().All() {
			require.True(t, r.Equal(fresh.records[r.Key()]), "stored at some time: %v; at the end: %v", r, fresh.records[r.Key()])
		}
		require.Len(t, fresh.records, 5+programs*rounds/10)
	})
}

// until repeats f until stop is closed.
func until(stop chan struct{}, f func()) {
	for {
		select {
		case <-stop:
			return
		default:
			f()
		}
	}
}
