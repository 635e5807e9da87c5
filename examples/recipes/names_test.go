package recipes

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// teamWrites draws names of teams, and deletions of teams.
func teamWrites(t *rapid.T) (writes []record.Record) {
	for range rapid.IntRange(0, 10).Draw(t, "writes") {
		key := record.Key{Table: "teams", ID: id(t, 5)}
		value := rapid.SampledFrom([]any{"Rovers", "Rovers", "rovers ", "Rovers (2)", "Rovers (2)", "Wanderers", "", nil, 7, record.Deletion()}).Draw(t, "name")
		if value == 7 && rapid.Bool().Draw(t, "delete") {
			writes = append(writes, write(key, record.DeletedField, true, stamp(t)))
			continue
		}
		writes = append(writes, write(key, "name", value, stamp(t)))
	}
	return writes
}

// open returns the open violations of merged records.
func open(t *rapid.T, all merge.Collection) (list []violation.Violation) {
	report := UniqueNames().Audit(all, 0)
	require.NoError(t, report.Err)
	for _, u := range report.Updates {
		v, err := violation.Parse(u.After)
		require.NoError(t, err)
		list = append(list, v)
	}
	return list
}

// TestShownNamesAreDifferent: the teams with a name show different names, the first of each name shows it
// unchanged, and all replicas agree about this and about the violations.
func TestShownNamesAreDifferent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		writes := teamWrites(t)
		shown := agree(t, writes, func(all merge.Collection) map[record.Key]string { return ShownNames(records(all)) })
		agree(t, writes, func(all merge.Collection) []violation.Violation { return open(t, all) })
		taken := map[string]bool{}
		first := map[string]record.Record{}
		for r := range merge.Collect(writes...).All() {
			key, err := nameKey(r)
			name, ok := shown[r.Key()]
			require.Equal(t, err == nil && key != "" && !r.Deleted(), ok)
			if !ok {
				continue
			}
			require.False(t, taken[folded(name)], name)
			taken[folded(name)] = true
			require.Contains(t, folded(name), key)
			if before, ok := first[key]; !ok || nameStamp(r).Compare(nameStamp(before)) < 0 {
				first[key] = r
			}
		}
		for _, r := range first {
			require.Equal(t, textOf(r, "name"), shown[r.Key()])
		}
	})
}

func nameStamp(r record.Record) clock.Stamp {
	w, _ := r.Get("name")
	return w.Stamp
}

// TestRenamingResolvesTheViolation: each violation is about a team, and a new name for that team leaves
// fewer teams with that name. In the end no violation is open.
func TestRenamingResolvesTheViolation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := merge.Collect(teamWrites(t)...)
		for n := 0; ; n++ {
			violations := open(t, all)
			if len(violations) == 0 {
				break
			}
			require.Less(t, n, 5)
			at := clock.Stamp{Time: noon + 100 + clock.Timestamp(n), Client: clock.ClientID{1}}
			all = merge.Join(all, merge.Collect(write(violations[0].Record(), "name", fmt.Sprint("new ", n), at)))
		}
		for key, name := range ShownNames(records(all)) {
			r, _ := all.Get(key)
			require.Equal(t, textOf(r, "name"), name)
		}
	})
}
