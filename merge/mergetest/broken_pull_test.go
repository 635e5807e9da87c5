package mergetest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// over returns a constructor that makes something of the right backend.
func over(f func(*memory) Backend) newBackend {
	return func(env *Env) (Backend, error) {
		b, err := newMemory(env)
		return f(b.(*memory)), err
	}
}

// strict answers with an error if one item is bad.
type strict struct{ *memory }

func newStrict(env *Env) (Backend, error) {
	return over(func(m *memory) Backend { return strict{m} })(env)
}

func (s strict) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	items, _ := s.engine.Decode(batch)
	for _, r := range s.engine.Apply(merge.Input{Actor: client, Wall: s.env.Now(), Items: items}).Results {
		if !r.Accepted() && r.Refusal.Code != merge.NotLoaded {
			return nil, errors.New("400 bad request")
		}
	}
	return s.memory.Push(client, batch)
}

// pulling is a right backend with another pull. It is no Restarter.
type pulling struct {
	*memory
	pull func(m *memory, cursor string) ([]byte, string)
}

func (p pulling) Restart() (Backend, error) {
	m, err := openMemory(p.env, p.disk)
	return pulling{m, p.pull}, err
}

func (p pulling) Pull(_ clock.ClientID, cursor string) ([]byte, string, error) {
	lines, next := p.pull(p.memory, cursor)
	return lines, next, nil
}

func line(r record.Record) []byte { return append(record.Mutation{Data: r}.AppendJSON(nil), '\n') }

// newByStamp has the greatest stamp as its cursor: of the record, or of single fields.
func newByStamp(whole bool) newBackend {
	return over(func(m *memory) Backend {
		return pulling{m, func(m *memory, cursor string) (lines []byte, next string) {
			after, _ := strconv.ParseInt(cursor, 10, 64)
			last := after
			for _, r := range m.disk.sorted() {
				var top int64
				fields := map[string]record.FieldValue{}
				for name, v := range r.All() {
					top = max(top, int64(v.Stamp.Time))
					if int64(v.Stamp.Time) > after {
						fields[name] = v
					}
				}
				if top > after {
					last = max(last, top)
					if !whole {
						var b record.Builder
						r.Record, _ = b.Record(r.Key(), maps.All(fields))
					}
					lines = append(lines, line(r.Record)...)
				}
			}
			return lines, strconv.FormatInt(last, 10)
		}}
	})
}

// newDigested sends everything if a digest differs, in which clients do not count.
func newDigested(env *Env) (Backend, error) {
	return over(func(m *memory) Backend {
		return pulling{m, func(m *memory, cursor string) (lines []byte, next string) {
			var parts []string
			for _, r := range m.disk.sorted() {
				for name, v := range r.All() {
					parts = append(parts, fmt.Sprint(r.Key(), name, v.Stamp.Time, v.Value))
				}
				lines = append(lines, line(r.Record)...)
			}
			slices.Sort(parts)
			if next = fmt.Sprint(parts); next == cursor {
				return nil, cursor
			}
			return lines, next
		}}
	})(env)
}

// newPaged gives two records one sequence, and ends pages between them.
func newPaged(env *Env) (Backend, error) {
	return over(func(m *memory) Backend {
		return pulling{m, func(m *memory, cursor string) ([]byte, string) {
			after, _ := strconv.Atoi(cursor)
			for _, r := range m.disk.sorted() {
				if seq := (r.seq + 1) / 2; seq > after {
					return line(r.Record), strconv.Itoa(seq)
				}
			}
			return nil, cursor
		}}
	})(env)
}

// newHiding does not tell of records that are deleted.
func newHiding(env *Env) (Backend, error) {
	return over(func(m *memory) Backend {
		return pulling{m, func(m *memory, cursor string) (lines []byte, next string) {
			after, _ := strconv.Atoi(cursor)
			for _, r := range m.disk.sorted() {
				if r.seq > after && !r.Deleted() {
					lines, after = append(lines, line(r.Record)...), r.seq
				}
			}
			return lines, strconv.Itoa(after)
		}}
	})(env)
}

// newEndless has a new cursor each time.
func newEndless(env *Env) (Backend, error) {
	return over(func(m *memory) Backend {
		return pulling{m, func(m *memory, cursor string) (lines []byte, next string) { return nil, cursor + "x" }}
	})(env)
}

// forgetful writes a push to its disk when the next one comes.
type forgetful struct {
	*memory
	saved *disk
}

func newForgetful(env *Env) (Backend, error) {
	return over(func(m *memory) Backend { return &forgetful{m, m.disk.copy()} })(env)
}

func (d *disk) copy() *disk { return &disk{maps.Clone(d.rows), maps.Clone(d.marks), d.seq, false} }

func (s *forgetful) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	s.saved = s.disk.copy()
	return s.memory.Push(client, batch)
}

func (s *forgetful) Restart() (Backend, error) {
	m, err := openMemory(s.env, s.saved.copy())
	return &forgetful{m, s.saved}, err
}
