package merge_test

import (
	"fmt"
	"slices"
	"testing"
)

// random is Marsaglia's xorshift128 on 32-bit words. It is easy to write in any language, so
// implementations in other languages can merge the very same data.
type random struct{ x, y, z, w uint32 }

func newRandom(seed uint32) *random {
	r := &random{seed, 362436069, 521288629, 88675123}
	for range 16 {
		r.next()
	}
	return r
}

func (r *random) next() uint32 {
	t := r.x ^ r.x<<11
	r.x, r.y, r.z = r.y, r.z, r.w
	r.w ^= r.w>>19 ^ t ^ t>>8
	return r.w
}

// below returns a random number from 0 to n-1.
func (r *random) below(n int) int { return int(uint64(r.next()) * uint64(n) >> 32) }

func (r *random) uuid() string {
	digits := []byte(fmt.Sprintf("%08x%08x%08x%08x", r.next(), r.next(), r.next(), r.next()))
	digits[12], digits[16] = '4', '8'
	return fmt.Sprintf("%s-%s-%s-%s-%s", digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
}

func (r *random) uuids(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = r.uuid()
	}
	return ids
}

func (r *random) text(n int) string {
	text := make([]byte, n)
	for i := range text {
		text[i] = "abcdefghijklmnopqrstuvwxyz "[r.below(27)]
	}
	return string(text)
}

// taskFields are the fields of a task, in the order of their names.
var taskFields = []string{"assigneeId", "done", "position", "priority", "projectId", "status", "title", "updatedNote"}

var taskStatuses = []string{"backlog", "todo", "doing", "review", "done"}

// Two instants, in milliseconds: when the records were made, and a month later, when two
// replicas began to edit them separately.
const (
	madeAt  int64 = 1735689600000
	apartAt int64 = madeAt + 30*day
	day     int64 = 24 * 60 * 60 * 1000
)

// write is one write of one field, independent of any implementation: record, field and
// client are indexes into the lists of a world.
type write struct {
	record, field, client int
	ms                    int64
	value                 any // string, float64 or bool
}

// world is a workspace of tasks that two replicas edited separately.
type world struct {
	*random
	clients, people, projects, ids []string

	local, remote []write // all fields of a replica, sorted by record
	edits         []write // the writes that the remote replica made
	bothEdited    int
}

// newWorld returns a workspace of n tasks, the same for each call with the same n.
func newWorld(n int) *world {
	w := &world{random: newRandom(20251122)}
	w.clients = w.uuids(100)
	slices.Sort(w.clients)
	w.people = w.uuids(50)
	w.projects = w.uuids(40)
	w.ids = w.uuids(n)
	slices.Sort(w.ids)

	w.local = make([]write, 0, n*len(taskFields))
	for i := range n * len(taskFields) {
		e := write{record: i / len(taskFields), field: i % len(taskFields)}
		e.value = w.value(e.field)
		e.ms = madeAt + int64(w.below(1e6))*2592 + int64(w.below(2592))
		e.client = 2 + w.below(8)
		w.local = append(w.local, e)
	}
	w.remote = slices.Clone(w.local)
	edited := make([]bool, len(w.local))
	for i := range w.local {
		edited[i] = w.edit(&w.local[i], 0)
	}
	for i := range w.remote {
		e := &w.remote[i]
		if !w.edit(e, 1) {
			continue
		}
		if edited[i] {
			w.bothEdited++
			if w.below(20) == 0 {
				e.ms = w.local[i].ms
			}
		}
		w.edits = append(w.edits, *e)
	}
	return w
}

// edit lets a client overwrite one field in ten, and reports whether it did.
func (w *world) edit(e *write, client int) bool {
	if w.below(10) != 0 {
		return false
	}
	e.value = w.value(e.field)
	e.ms = apartAt + int64(w.below(1e6))*86 + int64(w.below(86))
	e.client = client
	return true
}

func (w *world) value(field int) any {
	switch taskFields[field] {
	case "assigneeId":
		return w.people[w.below(len(w.people))]
	case "done":
		return w.below(2) == 1
	case "position":
		return float64(w.below(1<<20)) / 64
	case "priority":
		return float64(w.below(5))
	case "projectId":
		return w.projects[w.below(len(w.projects))]
	case "status":
		return taskStatuses[w.below(len(taskStatuses))]
	case "title":
		return w.text(24)
	}
	return w.text(40)
}

// hot returns n writes of record 0, about half of them older than its stored writes.
func (w *world) hot(n int) []write {
	w.random = newRandom(777)
	writes := make([]write, n)
	for i := range writes {
		e := &writes[i]
		e.field = w.below(len(taskFields))
		e.value = w.value(e.field)
		e.ms = madeAt - 1000 - int64(i)
		if w.below(2) == 1 {
			e.ms = apartAt + 2*day + int64(i)
		}
		e.client = w.below(2)
	}
	return writes
}

// log returns n writes of all records by all clients in random order. One in twenty is a
// copy of another write.
func (w *world) log(n int) []write {
	w.random = newRandom(4242)
	distinct := n / 20 * 19
	writes := make([]write, 0, n)
	for k := range distinct {
		e := write{record: w.below(len(w.ids)), field: w.below(len(taskFields))}
		e.value = w.value(e.field)
		e.ms = apartAt + int64(k/100)*6 + int64(w.below(6))
		e.client = k % 100
		writes = append(writes, e)
	}
	for len(writes) < n {
		writes = append(writes, writes[w.below(distinct)])
	}
	for i := n - 1; i > 0; i-- {
		j := w.below(i + 1)
		writes[i], writes[j] = writes[j], writes[i]
	}
	return writes
}

// TestGeneratorCountsTheKnownConflicts: implementations of this generator in other languages
// count the same conflicts. If this test fails, the figures of those implementations cannot
// be compared with the figures of these benchmarks.
func TestGeneratorCountsTheKnownConflicts(t *testing.T) {
	w := newWorld(5000)
	if w.bothEdited != 422 {
		t.Errorf("%d fields were edited by both replicas, want 422", w.bothEdited)
	}
}
