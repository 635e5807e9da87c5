package mergetest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// memory is a correct backend. It compares and swaps, and gives up after five conflicts with other
// requests.
type memory struct {
	env    surroundings
	engine merge.Engine
	clock  *clock.Clock
	disk   *disk

	// Hooks that wrap the backend and change its requests, its stored state and its answers. A nil hook
	// changes nothing.
	wrap  func(*memory) Backend
	asks  func(*merge.Request)
	finds func(*memory, *merge.Stored)
	tells func(merge.Request, merge.Answer) []merge.Reply
	holds func(*memory, merge.Request, merge.Answer) // in the transaction of a push
}

// surroundings are the methods of Env.
type surroundings interface {
	Now() time.Time
	Pause()
	Crash() error
}

// disk is the state that survives a restart.
type disk struct {
	rows     map[record.Key]row
	marks    map[clock.ClientID]clock.Timestamp
	seq      int
	life     int             // the number of the last restore
	lives    *int            // the number of restores so far
	seen     map[string]bool // not part of backups; only some backends use it
	greatest clock.Timestamp // the greatest stamp that was ever stored; only a purger uses greatest and purge
	purge    purgeState
	shares   *shares   // only a sharer uses it
	held     []held    // only a keeper uses it
	imported *imported // only an importer uses it
	derived  *derived  // only an auditor uses it
	// locked reports whether a push is being served. Only some backends use it.
	locked bool
}

func newDisk() *disk {
	return &disk{rows: map[record.Key]row{}, marks: map[clock.ClientID]clock.Timestamp{}, lives: new(int), seen: map[string]bool{}}
}

func (d *disk) copy() *disk {
	c := *d
	c.rows, c.marks, c.shares, c.held = maps.Clone(d.rows), maps.Clone(d.marks), d.shares.copy(), slices.Clone(d.held)
	c.imported, c.derived = d.imported.copy(), d.derived.copy()
	return &c
}

type row struct {
	record.Record
	seq int
}

func newMemory(env *Env) (Backend, error) { return from(memory{})(env) }

// from returns a constructor of backends with the hooks of m.
func from(m memory) newBackend {
	return func(env *Env) (Backend, error) {
		m.env = env
		return m.open(newDisk())
	}
}

// over returns a constructor that wraps the correct backend.
func over(wrap func(*memory) Backend) newBackend { return from(memory{wrap: wrap}) }

// open returns a new process over a disk.
func (s *memory) open(d *disk) (Backend, error) {
	var last clock.Timestamp
	for _, r := range d.rows {
		for _, v := range r.All() {
			last = max(last, v.Stamp.Time)
		}
	}
	last = max(last, d.purge.fence.stamp) // a purged tombstone may have had the greatest stamp
	c, err := clock.New(clock.Options{Now: s.env.Now, MaxAhead: -1, Last: last})
	m := *s
	m.clock, m.disk = c, d
	if s.wrap == nil {
		return &m, err
	}
	return s.wrap(&m), err
}

func (s *memory) Restart() (Backend, error) { return s.open(s.disk) }

func (s *memory) Backup() (func() (Backend, error), error) {
	saved := s.disk.copy()
	return func() (Backend, error) { return s.open(saved.revived()) }, nil
}

// revived returns a copy with a new life number, which distinguishes cursors from before the restore.
func (d *disk) revived() *disk {
	c := d.copy()
	*c.lives++
	c.life = *c.lives
	return c
}

var errBusy = errors.New("busy")

func (s *memory) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	items, err := s.engine.Decode(batch)
	if err != nil {
		return nil, err
	}
	request := s.request(client, items)
	if s.asks != nil {
		s.asks(&request)
	}
	push := s.engine.Prepare(request)
	for range 5 {
		seq, mark := s.disk.seq, s.disk.marks[client]
		stored := s.disk.load(push)
		if s.finds != nil {
			s.finds(s, &stored)
		}
		answer, err := push.Apply(stored)
		if err != nil {
			return nil, err
		}
		s.env.Pause()
		if s.disk.seq != seq || s.disk.marks[client] != mark {
			continue // another request was served meanwhile: try again
		}
		if err := s.env.Crash(); err != nil {
			return nil, err
		}
		s.disk.save(answer)
		s.clock.Observe(answer.Greatest) // before the crash point: the process may go on after it
		if s.holds != nil {
			s.holds(s, request, answer)
		}
		if err := s.env.Crash(); err != nil {
			return nil, err
		}
		if s.tells != nil {
			return json.Marshal(s.tells(request, answer))
		}
		return answer.AppendJSON(nil), nil
	}
	return nil, errBusy
}

func (s *memory) request(client clock.ClientID, items []record.Item) merge.Request {
	return merge.Request{Actor: client, Wall: s.env.Now(), Items: items}
}

// apply computes the answer to a request from the stored state, and stores nothing.
func (s *memory) apply(r merge.Request) merge.Answer {
	push := s.engine.Prepare(r)
	answer, err := push.Apply(s.disk.load(push))
	if err != nil {
		panic(err)
	}
	return answer
}

// load returns the stored state that a push needs.
func (d *disk) load(p *merge.Push) merge.Stored {
	client := p.Request().Actor
	return merge.Stored{Records: d.all().Lookup(p.Keys()), Watermarks: []clock.Stamp{{Time: d.marks[client], Client: client}}}
}

// all returns all records.
func (d *disk) all() merge.Collection {
	var records []record.Record
	for _, r := range d.rows {
		records = append(records, r.Record)
	}
	return merge.Collect(records...)
}

func (d *disk) save(a merge.Answer) {
	for _, u := range a.Updates {
		d.put(u.After)
	}
	for _, m := range a.Watermarks {
		d.marks[m.Client] = m.Time
	}
}

func (d *disk) put(r record.Record) {
	d.seq++
	for _, v := range r.All() {
		d.greatest = max(d.greatest, v.Stamp.Time)
	}
	before := d.rows[r.Key()].Record
	d.rows[r.Key()] = row{r, d.seq}
	d.shares.log(before, r, d)
}

// sorted returns the rows by sequence number.
func (d *disk) sorted() []row {
	return slices.SortedFunc(maps.Values(d.rows), func(a, b row) int { return cmp.Or(cmp.Compare(a.seq, b.seq), a.Key().Compare(b.Key())) })
}

// Pull returns one record at a time, as it was when the pull began.
func (s *memory) Pull(_ clock.ClientID, cursor string) ([]byte, string, error) {
	after := 0
	if life, seq, _ := strings.Cut(cursor, "."); life == strconv.Itoa(s.disk.life) {
		after, _ = strconv.Atoi(seq)
	}
	rows := s.disk.sorted()
	s.env.Pause()
	for _, r := range rows {
		if r.seq > after {
			return line(r.Record), fmt.Sprintf("%d.%d", s.disk.life, r.seq), nil
		}
	}
	return nil, cursor, nil
}

func (s *memory) Write(key record.Key, field string, v record.Value) error {
	r := s.disk.rows[key].WithKey(key)
	m, err := r.Edit(clock.Stamp{Time: s.clock.Now(), Client: clock.ClientID{9}}).Set(field, v).Mutation()
	if err != nil {
		return err
	}
	r, err = merge.Records(r, m.Data)
	s.disk.put(r)
	return err
}
