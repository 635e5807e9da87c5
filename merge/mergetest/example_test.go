package mergetest_test

import (
	"fmt"
	"strconv"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest"
	"github.com/fieldlww/fieldlww/record"
)

// server is a backend that keeps all that it ever stored, in order.
type server struct {
	env    *mergetest.Env
	rows   []record.Record
	marks  map[clock.ClientID]clock.Timestamp
	stores func(merge.Update) record.Record
}

func (s *server) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	var engine merge.Engine
	items, err := engine.Decode(batch)
	if err != nil {
		return nil, err
	}
	push := engine.Prepare(merge.Request{Actor: client, Wall: s.env.Now(), Items: items})
	answer, err := push.Apply(merge.Stored{
		Records:    merge.Collect(s.rows...).Lookup(push.Keys()),
		Watermarks: []clock.Stamp{{Time: s.marks[client], Client: client}},
	})
	if err != nil {
		return nil, err
	}
	for _, u := range answer.Updates {
		s.rows = append(s.rows, s.stores(u))
	}
	for _, m := range answer.Watermarks {
		s.marks[m.Client] = m.Time
	}
	return answer.AppendJSON(nil), nil
}

func (s *server) Pull(_ clock.ClientID, cursor string) (lines []byte, next string, err error) {
	after, _ := strconv.Atoi(cursor)
	for _, r := range s.rows[after:] {
		lines = append(record.Mutation{Data: r}.AppendJSON(lines), '\n')
	}
	return lines, strconv.Itoa(len(s.rows)), nil
}

func newServer(env *mergetest.Env) (mergetest.Backend, error) {
	return newServerThat(env, func(u merge.Update) record.Record { return u.After })
}

func newServerThat(env *mergetest.Env, stores func(merge.Update) record.Record) (mergetest.Backend, error) {
	return &server{env: env, marks: map[clock.ClientID]clock.Timestamp{}, stores: stores}, nil
}

// newHasty makes a backend with a mistake: it keeps what is there if two writes have the same
// time, and does not look at the client.
func newHasty(env *mergetest.Env) (mergetest.Backend, error) {
	return newServerThat(env, later)
}

// later returns the fields of a record after a push, where these are later.
func later(u merge.Update) record.Record {
	var b record.Builder
	r, _ := b.Record(u.After.Key(), func(yield func(string, record.FieldValue) bool) {
		for name, v := range u.After.All() {
			if old, ok := u.Before.Get(name); ok && v.Stamp.Time <= old.Stamp.Time {
				v = old // the mistake
			}
			if !yield(name, v) {
				return
			}
		}
	})
	return r
}

// A small backend, and the check of it.
func Example() {
	fmt.Println(mergetest.Check(newServer, mergetest.Options{Seeds: 50}))
	// Output: <nil>
}

// A backend with a mistake, and what the test of it says.
func Example_failure() {
	fmt.Println(mergetest.Check(newHasty, mergetest.Options{First: 20}))
	// Output:
	// mergetest: broken law: at equal times the greater client ID wins
	//
	// Writes of the same time are ordered by the bytes of the client ID, unsigned, in whatever order they arrive.
	//
	//   after       what happens; times are since 2024-03-04T12:00:00Z
	//   0s          ana edits a box=1e+21                        stamped +0s
	//   0s          ben edits a box=deleted                      stamped +0s
	//   0s          all faults end; everybody pushes and pulls
	//   1ms         ana pushes                                   a box=1e+21 (ana +0s): accepted, changed, box applied
	//   1ms         ana pulls                                    a box=1e+21 (ana +0s)
	//   1ms         ben pushes                                   a box=deleted (ben +0s): accepted, changed, box applied, note lost_edit
	//   1ms         a new device pulls from the beginning        a box=1e+21 (ana +0s)
	//
	//   field     tasks/a box
	//   expected  deleted, by ben at +0s (2024-03-04T12:00:00.000000000Z/b000004f-0000-4000-8000-0000000000a2)
	//   found     1e+21, by ana at +0s (2024-03-04T12:00:00.000000000Z/7f000080-0000-4000-8000-0000000000a1)
	//   seen by   a new device
	//
	// Look for > or >= on times alone, for keep mine or take theirs, for signed bytes, and for a collation.
	//
	// Seed 20, shrunk from 61 steps to 2. The same as a test:
	//
	// func TestSeed20(t *testing.T) {
	// 	mergetest.Replay(t, newBackend, mergetest.Schedule{
	// 		Steps: []string{
	// 			`ana edits a box=1e+21`,
	// 			`ben edits a box=deleted`,
	// 		},
	// 	})
	// }
}
