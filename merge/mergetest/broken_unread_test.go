package mergetest

import (
	"maps"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// lazy is a backend that postpones part of a push until it serves a pull.
type lazy struct {
	*memory
	undone []func()
	only   bool // keeps only the last postponed change
	full   bool // applies the changes only in pulls from the beginning
	push   func(s *lazy, client clock.ClientID, batch []byte) ([]byte, error)
}

func lazily(l lazy) newBackend {
	return over(func(m *memory) Backend {
		next := l
		next.memory = m
		return &next
	})
}

func (s *lazy) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	return s.push(s, client, batch)
}

func (s *lazy) Pull(client clock.ClientID, cursor string) ([]byte, string, error) {
	if !s.full || cursor == "" {
		for _, do := range s.undone {
			do()
		}
		s.undone = nil
	}
	return s.memory.Pull(client, cursor)
}

func (s *lazy) later(do func()) {
	if s.only {
		s.undone = nil
	}
	s.undone = append(s.undone, do)
}

// keepsInMemory stores changes of existing rows only when a client pulls.
func keepsInMemory(s *lazy, client clock.ClientID, batch []byte) ([]byte, error) {
	before := maps.Clone(s.disk.rows)
	answer, err := s.memory.Push(client, batch)
	for _, r := range s.disk.sorted() {
		key := r.Key()
		if old, ok := before[key]; ok && !old.Equal(r.Record) {
			s.disk.rows[key] = old
			s.later(func() { s.disk.put(merge.Collect(s.disk.rows[key].Record, r.Record).At(0)) })
		}
	}
	return answer, err
}

// numbersLate gives changed rows their sequence number only when a client pulls.
func numbersLate(s *lazy, client clock.ClientID, batch []byte) ([]byte, error) {
	before := maps.Clone(s.disk.rows)
	answer, err := s.memory.Push(client, batch)
	for _, r := range s.disk.sorted() {
		key := r.Key()
		if !before[key].Equal(r.Record) {
			s.disk.rows[key] = row{r.Record, 0}
			s.later(func() { s.disk.put(s.disk.rows[key].Record) })
		}
	}
	return answer, err
}

// roundsUntilRead stores stamps in milliseconds, and keeps the exact ones in memory until a client pulls.
func roundsUntilRead(s *lazy, client clock.ClientID, batch []byte) ([]byte, error) {
	answer, err := s.memory.Push(client, batch)
	for _, r := range s.disk.sorted() {
		key := r.Key()
		fields := map[string]record.FieldValue{}
		for name, v := range r.All() {
			fields[name] = toMilliseconds(v)
		}
		if rounded := check.RecordOf(key, fields); !rounded.Equal(r.Record) {
			s.disk.rows[key] = row{rounded, r.seq}
			s.later(func() { s.disk.rows[key] = r })
		}
	}
	return answer, err
}

// TestRepairsByAPullAreFound checks that a backend whose store is repaired by a pull is found
// within twenty seeds.
func TestRepairsByAPullAreFound(t *testing.T) {
	skipShort(t)
	checkAll(t, []broken{
		{"changes stay in memory until a pull", lazily(lazy{push: keepsInMemory}), []law.Law{law.Revive, law.Durable, law.Later, law.Counter, law.Outcome, law.Tombstone, law.Retry, law.Stays, law.Client, law.Lost, law.Vanish}},
		{"only the last change in memory is kept", lazily(lazy{push: keepsInMemory, only: true}), []law.Law{law.Revive, law.Durable, law.Later, law.Counter, law.Outcome, law.Tombstone, law.Retry, law.Stays, law.Vanish, law.Client, law.Lost}},
		{"a pull assigns sequence numbers", lazily(lazy{push: numbersLate}), []law.Law{law.Durable, law.Skip, law.Vanish, law.Tombstone}},
		{"a full pull assigns sequence numbers", lazily(lazy{push: numbersLate, full: true}), []law.Law{law.Durable, law.Skip, law.Stale, law.Vanish, law.Tombstone}},
		{"a pull repairs stamps", lazily(lazy{push: roundsUntilRead}), []law.Law{law.Durable, law.Counter, law.Outcome, law.Retry, law.Stamp, law.Collision, law.Lost, law.Note}},
	}, func(t *testing.T, b broken) { b.checkFew(t, 20) })
}

// checkFew runs check several times with a few seeds.
func (b broken) checkFew(t *testing.T, seeds int) {
	for first := range rounds(3) {
		b.check(t, Options{Seeds: seeds, First: 100 * first})
	}
}
