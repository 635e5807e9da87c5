package violation_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// manyRooms is a custom rule: no two parties share a room. A party may occupy several rooms.
type manyRooms struct{}

func (manyRooms) Scopes(r record.Record) ([]string, error) {
	w, _ := r.Get("rooms")
	text, _ := w.Value.Text()
	return strings.Fields(text), nil
}

func (manyRooms) Check(g violation.Group) (f violation.Findings, err error) {
	for i, a := range g.Records {
		for _, b := range g.Records[i+1:] {
			f.List = append(f.List, violation.Finding{
				Key: violation.PairKey(b.Key(), a.Key()), Type: "shared", Record: b.Key(), Others: []record.Key{a.Key()}, Fields: []string{"rooms"},
			})
		}
	}
	return f, nil
}

// TestPairInTwoGroupsHasOneRow: two records that conflict in two groups have one row. It names
// the first group, whichever group was checked last.
func TestPairInTwoGroupsHasOneRow(t *testing.T) {
	in := func(id string, ms int, rooms string) record.Record {
		return write("parties", id, by(1, ms), fields{"rooms": rooms})
	}
	writes := []record.Record{
		in("a", 1, "B C"), in("b", 1, "D C B"), in("c", 1, "C"), in("b", 2, "D C"), in("a", 3, "C D"), in("c", 4, "D"),
	}
	all := map[string]int{}
	for n := range len(writes) + 1 {
		if n == 0 {
			continue
		}
		want := newServer(map[string]violation.Rule{"rooms": manyRooms{}})
		want.push(t, writes[:n]...)
		for _, v := range want.with(t, violation.Open) {
			all[v.Scope+" "+names(v)]++
		}
		splits(writes[:n], func(calls [][]record.Record) {
			s := newServer(map[string]violation.Rule{"rooms": manyRooms{}})
			for _, call := range calls {
				s.push(t, call...)
			}
			require.Equal(t, want.openLines(t), s.openLines(t))
			require.Empty(t, s.audit(t).Updates)
		})
	}
	require.Equal(t, map[string]int{
		"B rooms b: a": 2, "C rooms b: a": 3, "C rooms c: a": 3, "C rooms c: b": 3, "D rooms c: a": 1, "D rooms c: b": 1,
	}, all)
}
