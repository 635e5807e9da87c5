package mergetest

import (
	"maps"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
)

// onlyKnown passes no mark for a client from which nothing was accepted, so that the engine treats
// the mark as unknown.
func onlyKnown(_ *memory, s *merge.Stored) {
	if s.Watermarks[0].Time == 0 {
		s.Watermarks = nil
	}
}

// withoutMarks backs up only the records.
func withoutMarks(m *memory) func() (Backend, error) {
	saved := m.disk.copy()
	return func() (Backend, error) {
		again := saved.revived()
		again.marks = map[clock.ClientID]clock.Timestamp{}
		return m.open(again)
	}
}

// laterMarks keeps the marks outside the backup, so that a restore does not change them.
func laterMarks(m *memory) func() (Backend, error) {
	saved := m.disk.copy()
	now := m.disk.marks
	return func() (Backend, error) {
		again := saved.revived()
		again.marks = maps.Clone(now)
		return m.open(again)
	}
}

// lastMarks uses the greatest stamp of a client's last push as its mark, even if that lowers the
// mark.
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

// marksApart stores the mark after the records, in a separate transaction, and may die between the two.
func marksApart(o *own, client clock.ClientID, batch []byte) ([]byte, error) {
	before := o.disk.marks[client]
	answer, err := o.memory.Push(client, batch)
	if err != nil {
		o.disk.marks[client] = before
	}
	return answer, err
}

// TestWrongMarksAreFound checks that missing or wrong marks are found within fifty seeds.
func TestWrongMarksAreFound(t *testing.T) {
	skipShort(t)
	quirky := func(backup func(*memory) func() (Backend, error), finds func(*memory, *merge.Stored)) newBackend {
		return from(memory{finds: finds, wrap: func(m *memory) Backend { return restoring{m, backup} }})
	}
	lost := []law.Law{law.Lost, law.Note}
	checkAll(t, []broken{
		{"marks not in the backup", quirky(withoutMarks, nil), lost},
		{"a missing mark counts as unknown", from(memory{finds: onlyKnown}), lost},
		{"marks not in the backup, and missing marks count as unknown", quirky(withoutMarks, onlyKnown), lost},
		{"marks outlive the restore", quirky(laterMarks, nil), lost},
		{"marks taken from the last push", ownOf(own{push: lastMarks}), lost},
		{"marks in a separate transaction", ownOf(own{push: marksApart}), lost},
		{"marks never stored", with(quirks{}), lost},
	}, func(t *testing.T, b broken) { b.checkFew(t, 50) })
}
