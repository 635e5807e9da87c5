package replica_test

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/memory"
	"github.com/fieldlww/fieldlww/record"
)

// server is a reference backend in memory with a guard.
type server struct {
	memory.Server
	notes []merge.Code // from all answers
}

func newServer(wall func() time.Time) *server {
	s := &server{}
	s.Now = wall
	s.Engine.Guard = func(_ clock.ClientID, m record.Mutation) error {
		if v, ok := m.Data.Get("title"); ok && v.Value == str("forbidden") {
			return &merge.Refusal{Code: "title_forbidden", Path: "data.title"}
		}
		return nil
	}
	return s
}

func (s *server) push(client clock.ClientID, body []byte) ([]byte, error) {
	items, err := s.Engine.Decode(body)
	if err != nil {
		return nil, err
	}
	answer, err := s.Apply(merge.Request{Actor: client, Wall: s.Now(), Items: items})
	for _, r := range answer.Results {
		s.notes = append(s.notes, r.Notes...)
	}
	return answer.AppendJSON(nil), err
}

// pull returns a page of at most limit records.
func (s *server) pull(cursor string, limit int) (lines []byte, next string) {
	s.PageSize = limit
	lines, next, err := s.Pull(clock.ClientID{}, cursor)
	if err != nil {
		panic(err)
	}
	return lines, next
}

// world holds a server, its clients and a clock that the test moves.
type world struct {
	t      require.TestingT
	now    time.Time
	server *server
}

func newWorld(t require.TestingT) *world {
	w := &world{t: t, now: time.Date(2026, 3, 2, 14, 2, 0, 0, time.UTC)}
	w.server = newServer(w.wall)
	return w
}

func (w *world) wall() time.Time { return w.now }

// device is a client: a Replica and its device's storage.
type device struct {
	*replica.Replica
	begun replica.Pull // the pull that began last
	w     *world
	id    clock.ClientID
	skew  time.Duration
	disk  map[string]string
}

func (w *world) device(id clock.ClientID) *device {
	d := &device{w: w, id: id, disk: map[string]string{}}
	d.open()
	return d
}

// BeginPull begins a pull, and returns its cursor.
func (d *device) BeginPull() string {
	d.begun = d.Replica.BeginPull()
	return d.begun.Cursor
}

// Pulled takes lines of the answer to the pull that began last.
func (d *device) Pulled(lines []byte) error { return d.Replica.Pulled(&d.begun, lines) }

// open opens what was saved, as after a crash.
func (d *device) open() {
	r, err := replica.Open(replica.Options{ID: d.id, Wall: func() time.Time { return d.w.now.Add(d.skew) }, Saved: entries(d.disk)})
	require.NoError(d.w.t, err)
	d.Replica = r
}

// save writes the entries that must be saved.
func (d *device) save() { write(d.w.t, d.disk, d.TakeSaves()) }

// edit makes an edit one second later.
func (d *device) edit(key record.Key, field string, v record.Value) {
	d.w.now = d.w.now.Add(time.Second)
	require.NoError(d.w.t, d.Edit(key, map[string]record.Value{field: v}))
}

// outbox returns a batch of everything that waits.
func (d *device) outbox() []byte { return d.Batch(math.MaxInt, math.MaxInt) }

func (d *device) push() {
	answer, err := d.w.server.push(d.id, bodyOf(d.outbox()))
	require.NoError(d.w.t, err)
	require.NoError(d.w.t, d.Answer(answer))
}

func (d *device) pull() {
	lines, next := d.w.server.pull(d.BeginPull(), 1000)
	require.NoError(d.w.t, d.Pulled(chunkOf(lines, next)))
}

// pulled passes lines as the answer to a pull that begins now.
func (d *device) pulled(lines []byte, next string) error {
	d.BeginPull()
	return d.Pulled(chunkOf(lines, next))
}

// chunkOf adds a trailer to lines, unless they end in one.
func chunkOf(lines []byte, next string) []byte {
	text := bytes.TrimSpace(lines)
	if replica.IsTrailer(text[bytes.LastIndexByte(text, '\n')+1:]) {
		return lines
	}
	return fmt.Appendf(bytes.Clone(lines), "\n{\"cursor\":%q,\"level\":1}\n", next)
}

func (d *device) title(key record.Key) string {
	v, _ := d.Shown(key).Get("title")
	return v.Value.String()
}

// write writes entries to storage. It requires that they are sorted and that no key comes twice.
func write(t require.TestingT, disk map[string]string, saves []replica.Entry) {
	require.True(t, slices.IsSortedFunc(saves, func(a, b replica.Entry) int { return cmp.Or(cmp.Compare(a.Key, b.Key), 1) }))
	for _, e := range saves {
		if e.Value == "" {
			delete(disk, e.Key)
		} else {
			disk[e.Key] = e.Value
		}
	}
}

func entries(disk map[string]string) func(func(replica.Entry) bool) {
	return func(yield func(replica.Entry) bool) {
		for key, value := range disk { // in any order
			if !yield(replica.Entry{Key: key, Value: value}) {
				return
			}
		}
	}
}

var fence = record.Key{Table: "tasks", ID: "fence"}

func str(s string) record.Value { return record.MustOf(s) }
