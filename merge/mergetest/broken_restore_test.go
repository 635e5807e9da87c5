package mergetest

import (
	"fmt"
	"strconv"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
)

// restoring is a backend that is correct except for its Backup.
type restoring struct {
	*memory
	backup func(m *memory) func() (Backend, error)
}

func (r restoring) Backup() (func() (Backend, error), error) {
	if r.backup == nil {
		return nil, errBusy
	}
	return r.backup(r.memory), nil
}

func restored(backup func(m *memory) func() (Backend, error)) newBackend {
	return over(func(m *memory) Backend { return restoring{m, backup} })
}

// noCopy restores the current state instead of the state at the backup.
func noCopy(m *memory) func() (Backend, error) {
	return func() (Backend, error) { return m.open(m.disk.revived()) }
}

// withoutLast backs up all rows but the last.
func withoutLast(m *memory) func() (Backend, error) {
	saved := m.disk.copy()
	if rows := saved.sorted(); len(rows) > 0 {
		delete(saved.rows, rows[len(rows)-1].Key())
	}
	return func() (Backend, error) { return m.open(saved.revived()) }
}

// unrestorable returns a restore function that always fails.
func unrestorable(*memory) func() (Backend, error) {
	return func() (Backend, error) { return nil, errBusy }
}

// bySequence uses the sequence number alone as the cursor.
func bySequence(m *memory, cursor string) (lines []byte, next string) {
	after, _ := strconv.Atoi(cursor)
	for _, r := range m.disk.sorted() {
		if r.seq > after {
			return line(r.Record), strconv.Itoa(r.seq)
		}
	}
	return nil, cursor
}

// onlyUnseen does not store an item that it has seen before. The set of seen items is in no backup.
func onlyUnseen(s *quirky, _ clock.ClientID, r merge.Result) bool {
	unseen := false
	for _, d := range r.Fields {
		name := fmt.Sprint(d.Key, d.Field, d.Incoming)
		unseen = unseen || !s.disk.seen[name]
		s.disk.seen[name] = true
	}
	return r.Accepted() && unseen
}

// brokenRestores returns backends that fail when the server is restored from a backup.
func brokenRestores() []broken {
	return []broken{
		{"Backup returns an error", restored(nil), []law.Law{law.Answered}},
		{"a backup that cannot be restored", restored(unrestorable), []law.Law{law.Answered}},
		{"a backup that is not a copy", restored(noCopy), []law.Law{law.Restored}},
		{"a backup without the last record", restored(withoutLast), []law.Law{law.Restored}},
		{"cursors from before the restore stay valid", over(func(m *memory) Backend { return pulling{m, bySequence} }), []law.Law{law.Skip}},
		{"seen items outlive the restore", with(quirks{each: onlyUnseen}), []law.Law{law.Restored}},
	}
}
