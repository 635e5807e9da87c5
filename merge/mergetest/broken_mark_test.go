package mergetest

import (
	"maps"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
)

// onlyKnown has no mark for a client from which nothing was accepted, so that nothing is
// claimed about it.
func onlyKnown(_ *memory, s *merge.Stored) {
	if s.Watermarks[0].Time == 0 {
		s.Watermarks = nil
	}
}

// withoutMarks backs up the records only.
func withoutMarks(m *memory) func() (Backend, error) {
	saved := m.disk.copy()
	return func() (Backend, error) {
		again := saved.revived()
		again.marks = map[clock.ClientID]clock.Timestamp{}
		return m.open(again)
	}
}

// laterMarks has the marks elsewhere, where they stay as they are.
func laterMarks(m *memory) func() (Backend, error) {
	saved := m.disk.copy()
	now := m.disk.marks
	return func() (Backend, error) {
		again := saved.revived()
		again.marks = maps.Clone(now)
		return m.open(again)
	}
}

// lastMarks has the stamp of the last push of a client as its mark.
func lastMarks(o *own, client clock.ClientID, batch []byte) ([]byte, error) {
	items, _ := o.engine.Decode(batch)
	answer, err := o.memory.Push(client, batch)
	var last clock.Timestamp
	for _, it := range items {
		for _, v := range it.Mutation.Data.All() {
			last = max(last, v.Stamp.Time)
		}
	}
	if mark := o.disk.marks[client]; last > 0 && last < mark {
		o.disk.marks[client] = last
	}
	return answer, err
}

// marksApart stores the mark after the records, in a transaction of its own, and may die between.
func marksApart(o *own, client clock.ClientID, batch []byte) ([]byte, error) {
	before := o.disk.marks[client]
	answer, err := o.memory.Push(client, batch)
	if err != nil {
		o.disk.marks[client] = before
	}
	return answer, err
}

// TestMarks: marks that are missing or wrong are found within fifty seeds.
func TestMarks(t *testing.T) {
	skipShort(t)
	quirky := func(backup func(*memory) func() (Backend, error), finds func(*memory, *merge.Stored)) newBackend {
		return from(memory{finds: finds, wrap: func(m *memory) Backend { return restoring{m, backup} }})
	}
	lost := []law.Law{law.Lost, law.Note}
	checkAll(t, []broken{
		{"not in the backup", quirky(withoutMarks, nil), lost},
		{"of clients that have one only", from(memory{finds: onlyKnown}), lost},
		{"not in the backup, and then unknown", quirky(withoutMarks, onlyKnown), lost},
		{"later than the backup", quirky(laterMarks, nil), lost},
		{"of the last push", ownOf(own{push: lastMarks}), lost},
		{"in a transaction of their own", ownOf(own{push: marksApart}), lost},
		{"never stored", with(quirks{}), lost},
	}, func(t *testing.T, b broken) { b.checkFew(t, 50) })
}
