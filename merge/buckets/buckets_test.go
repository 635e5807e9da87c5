package buckets_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
)

var (
	ana = clock.MustParseClientID("7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10")
	key = record.Key{Table: "tasks", ID: "1"}
)

// byProject puts a task in the buckets that its field project names.
func byProject(r record.Record) (names []string) {
	v, _ := r.Get("project")
	text, _ := v.Value.Text()
	if text == "" {
		return []string{""}
	}
	for _, id := range strings.Split(text, ",") {
		names = append(names, "project/"+id)
	}
	return names
}

func edited(t *testing.T, r record.Record, at clock.Timestamp, fields ...any) record.Record {
	t.Helper()
	edit := r.Edit(clock.Stamp{Time: at, Client: ana})
	for i := 0; i < len(fields); i += 2 {
		edit = edit.Set(fields[i].(string), fields[i+1])
	}
	m, err := edit.Mutation()
	require.NoError(t, err)
	joined, err := merge.Records(r, m.Data)
	require.NoError(t, err)
	return joined
}

func TestBucketsOfARecord(t *testing.T) {
	of := buckets.Func(byProject)
	r := edited(t, record.New(key), 1, "project", "b,a,b")
	require.Equal(t, []string{"project/a", "project/b"}, of.Of(r, 0), "sorted, each once")
	require.Equal(t, []string{""}, buckets.Func(nil).Of(r, 0))
	require.Empty(t, of.Of(record.New(key), 0))
	require.Empty(t, buckets.Func(nil).Of(record.New(key), 0))
	require.Equal(t, []string{""}, of.Of(edited(t, record.New(key), 1, "title", "x"), 0))
	bad := edited(t, record.New(key), 1, "project", "a\x00,"+strings.Repeat("x", buckets.MaxName)+",c")
	require.Equal(t, []string{"project/c"}, of.Of(bad, 0), "bad names do not count")
	require.Empty(t, of.Of(edited(t, record.New(key), 1, "project", "\x00"), 0))

	m, err := r.Edit(clock.Stamp{Time: 5, Client: ana}).DeleteRecord().Mutation()
	require.NoError(t, err)
	deleted, err := merge.Records(r, m.Data)
	require.NoError(t, err)
	require.Len(t, of.Of(deleted, 4), 2, "a deleted record can be restored")
	require.Empty(t, of.Of(deleted, 5), "a dead one cannot")
	erased, err := merge.Erase(r, clock.Stamp{Client: clock.ClientID{9}})
	require.NoError(t, err)
	require.Empty(t, of.Of(erased, 0))
	require.Empty(t, buckets.Func(nil).Of(erased, 0))
}

func TestMovesOfAnUpdate(t *testing.T) {
	of := buckets.Func(byProject)
	a := edited(t, record.New(key), 1, "project", "a,b")
	in, left := of.Moves(merge.Update{Before: record.New(key), After: a}, 0)
	require.Equal(t, []string{"project/a", "project/b"}, in)
	require.Empty(t, left)
	b := edited(t, a, 2, "project", "c,b")
	in, left = of.Moves(merge.Update{Before: a, After: b}, 0)
	require.Equal(t, []string{"project/b", "project/c"}, in)
	require.Equal(t, []string{"project/a"}, left)
	in, left = of.Moves(merge.Update{Before: b, After: record.New(key)}, 0)
	require.Empty(t, in)
	require.Equal(t, []string{"project/b", "project/c"}, left)
}

func TestRights(t *testing.T) {
	only := func(names ...string) func(string) bool {
		return func(name string) bool { return strings.Contains(" "+strings.Join(names, " ")+" ", " "+name+" ") }
	}
	r := buckets.Rights{Of: byProject, Read: only("project/a", "project/b")}
	a := edited(t, record.New(key), 1, "project", "a")
	c := edited(t, a, 2, "project", "c")
	require.True(t, r.MayRead(a))
	require.False(t, r.MayRead(c))
	code := func(seen, after record.Record) merge.Code {
		err := r.MayWrite(seen, after, record.Mutation{})
		if err == nil {
			return ""
		}
		var refused *merge.Refusal
		require.ErrorAs(t, err, &refused)
		return refused.Code
	}
	require.Empty(t, code(record.New(key), a))
	require.Empty(t, code(a, edited(t, a, 2, "project", "a,b")))
	require.Equal(t, merge.Forbidden, code(record.New(key), c))
	require.Equal(t, merge.Forbidden, code(a, c))
	require.Equal(t, merge.Forbidden, code(a, edited(t, a, 2, "project", "a,c")))
	require.Empty(t, code(c, edited(t, c, 3, "title", "x")), "it adds no bucket")
	r.Add = only("project/c")
	require.Empty(t, code(a, c), "a hand-over")
	require.Equal(t, merge.Forbidden, code(record.New(key), a), "Add takes the place of Read")
	require.Equal(t, merge.Invalid, code(a, edited(t, a, 2, "project", "a,"+strings.Repeat("x", buckets.MaxName))))
	many := edited(t, a, 2, "project", strings.Repeat("c,", buckets.MaxBuckets)+"c")
	require.Empty(t, code(a, many), "repeated names count once")
	list := "a"
	for i := range buckets.MaxBuckets {
		list += fmt.Sprint(",", i)
	}
	r.Add = func(string) bool { return true }
	require.Equal(t, merge.LimitExceeded, code(a, edited(t, a, 2, "project", list)))
	everywhere := edited(t, a, 2, "project", list)
	require.Empty(t, code(everywhere, edited(t, everywhere, 3, "title", "x")), "several items put it there")
	misnamed := edited(t, a, 2, "project", "a,\x00")
	require.Empty(t, code(misnamed, edited(t, misnamed, 3, "title", "x")), "the server put it there")
	r.Fence = 9
	m, err := a.Edit(clock.Stamp{Time: 5, Client: ana}).DeleteRecord().Mutation()
	require.NoError(t, err)
	dead, err := merge.Records(a, m.Data)
	require.NoError(t, err)
	require.False(t, r.MayRead(dead))
	r.Add = only("project/c")
	require.Equal(t, merge.Forbidden, code(dead, edited(t, a, 10, "title", "x")), "a new life adds its buckets")
	require.Empty(t, code(c, dead), "a dead record adds none")
	var none buckets.Rights
	require.False(t, none.MayRead(a))
	require.Error(t, none.MayWrite(record.New(key), a, record.Mutation{}))
}

func TestLoss(t *testing.T) {
	in := []string{"a", "b", "c"}
	require.Equal(t, in, buckets.LossOf(nil, nil).Keep(in))
	require.Equal(t, []string{"b", "c"}, buckets.LossOf([]string{"a"}, nil).Keep(in))
	require.Equal(t, []string{"c"}, buckets.LossOf([]string{"a"}, []string{"a", "c"}).Keep(in))
	require.Empty(t, buckets.LossOf(nil, []string{}).Keep(in), "the client has no bucket")
	require.Equal(t, []string{"a", "b", "c"}, in)
	require.Zero(t, testing.AllocsPerRun(10, func() { buckets.LossOf(nil, nil).Keep(in) }))
}

func TestSnapshotHas(t *testing.T) {
	s := buckets.Snapshot{Granted: map[string]int64{"b": 3, "a": 1}}
	require.Equal(t, []string{"a", "b"}, s.Buckets())
	require.Equal(t, []string{"a", "b"}, s.Has([]string{"a", "b"}))
	require.Equal(t, []string{"b"}, s.Has([]string{"b", "c"}))
	require.Empty(t, s.Has([]string{"c"}))
	require.Equal(t, []string{}, buckets.Snapshot{}.Buckets(), "not nil, so that its JSON is an array")
}

// A task moves from one project to another. A client of the first project is told that the task has
// left, and forgets it.
func Example() {
	of := buckets.Func(byProject)
	task := record.New(key)
	for i, project := range []string{"garden", "house"} {
		m, err := task.Edit(clock.Stamp{Time: clock.Timestamp(1 + i), Client: ana}).Set("project", project).Mutation()
		if err != nil {
			fmt.Println(err)
			return
		}
		after, err := merge.Records(task, m.Data)
		if err != nil {
			fmt.Println(err)
			return
		}
		in, left := of.Moves(merge.Update{Before: task, After: after}, 0)
		fmt.Println("in", in, "left", left)
		task = after
	}

	var cursor buckets.Cursor
	snapshot := buckets.Snapshot{Epoch: "N5XQ", Seq: 2, Granted: map[string]int64{"project/garden": 0}}
	cursor.Begin(snapshot)
	fmt.Println("the client has it in", snapshot.Has(of.Of(task, 0)))
	cursor.Settle(snapshot.Seq)

	snapshot.Seq, snapshot.Granted["project/house"] = 3, 3 // a grant takes a sequence
	resets, _ := cursor.Begin(snapshot)
	fmt.Println("loads", resets)
	fmt.Println("the client has it in", snapshot.Has(of.Of(task, 0)))
	// Output:
	// in [project/garden] left []
	// in [project/house] left [project/garden]
	// the client has it in []
	// loads [{[project/house] grant}]
	// the client has it in [project/house]
}
