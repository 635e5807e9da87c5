package mergetest

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// memory is a backend that is right. It compares and swaps.
type memory struct {
	env    *Env
	engine merge.Engine
	clock  *clock.Clock
	disk   *disk
}

// disk is what survives a restart.
type disk struct {
	rows  map[record.Key]row
	marks map[clock.ClientID]clock.Timestamp
	seq   int
	// locked is whether a push is being served, if the backend cares.
	locked bool
}

type row struct {
	record.Record
	seq int
}

func newMemory(env *Env) (Backend, error) {
	return openMemory(env, &disk{map[record.Key]row{}, map[clock.ClientID]clock.Timestamp{}, 0, false})
}

func openMemory(env *Env, d *disk) (*memory, error) {
	var last clock.Timestamp
	for _, r := range d.rows {
		for _, v := range r.All() {
			last = max(last, v.Stamp.Time)
		}
	}
	c, err := clock.New(clock.Options{Now: env.Now, MaxAhead: -1, Last: last})
	return &memory{env: env, clock: c, disk: d}, err
}

func (s *memory) Restart() (Backend, error) { return openMemory(s.env, s.disk) }

func (s *memory) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	items, err := s.engine.Decode(batch)
	if err != nil {
		return nil, err
	}
	in := merge.Input{Actor: client, Wall: s.env.Now(), Items: items}
	in.Keys = s.engine.Keys(in)
	for {
		seq := s.disk.seq
		in.Marks = []clock.Stamp{{Time: s.disk.marks[client], Client: client}}
		in.Current = s.disk.load(in.Keys)
		answer := s.engine.Apply(in)
		s.env.Pause()
		if s.disk.seq != seq {
			continue // somebody was here: again
		}
		if err := s.env.Crash(); err != nil {
			return nil, err
		}
		s.disk.save(answer)
		if err := s.env.Crash(); err != nil {
			return nil, err
		}
		s.clock.Observe(answer.Greatest)
		return answer.AppendJSON(nil), nil
	}
}

func (d *disk) load(keys []record.Key) merge.Collection {
	var found []record.Record
	for _, key := range keys {
		found = append(found, d.rows[key].Record)
	}
	return merge.Collect(found...)
}

func (d *disk) save(a merge.Answer) {
	for _, u := range a.Updates {
		d.put(u.After)
	}
	for _, m := range a.Marks {
		d.marks[m.Client] = m.Time
	}
}

func (d *disk) put(r record.Record) {
	d.seq++
	d.rows[r.Key()] = row{r, d.seq}
}

// sorted returns the rows by sequence.
func (d *disk) sorted() []row {
	return slices.SortedFunc(maps.Values(d.rows), func(a, b row) int { return cmp.Compare(a.seq, b.seq) })
}

// Pull returns one record at a time.
func (s *memory) Pull(_ clock.ClientID, cursor string) ([]byte, string, error) {
	after, _ := strconv.Atoi(cursor)
	for _, r := range s.disk.sorted() {
		if r.seq > after {
			return append(record.Mutation{Data: r.Record}.AppendJSON(nil), '\n'), strconv.Itoa(r.seq), nil
		}
	}
	return nil, cursor, nil
}

func (s *memory) Write(key record.Key, field string, v record.Value) error {
	r, ok := s.disk.load([]record.Key{key}).Get(key)
	if !ok {
		r = record.New(key)
	}
	m, err := r.Edit(clock.Stamp{Time: s.clock.Now(), Client: clock.ClientID{9}}).Set(field, v).Mutation()
	if err != nil {
		return err
	}
	r, err = merge.Records(r, m.Data)
	s.disk.put(r)
	return err
}
