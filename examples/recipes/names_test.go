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

// TestShownNamesOfTeams: names are compared without their case and without space around them, the first team with a
// name shows it unchanged, and nothing that is not a name is shown.
func TestShownNamesOfTeams(t *testing.T) {
	for _, c := range []struct {
		names []any // of the teams 1, 2 and so on, in the order in which they were given
		shown []string
	}{
		{[]any{"Rovers", " rovers ", "ROVERS"}, []string{"Rovers", "rovers (2)", "ROVERS (3)"}},
		{[]any{"Rovers", "Rovers", "Rovers (2)"}, []string{"Rovers", "Rovers (3)", "Rovers (2)"}},
		{[]any{"", " ", nil, 7, record.Deletion()}, []string{"", "", "", "", ""}},
	} {
		teams, shown := make([]record.Record, len(c.names)), make([]string, len(c.names))
		for i, name := range c.names {
			at := clock.Stamp{Time: noon + clock.Timestamp(i), Client: clock.ClientID{1}}
			teams[i] = write(record.Key{Table: "teams", ID: fmt.Sprint(i + 1)}, "name", name, at)
		}
		got := ShownNames(teams)
		for i, team := range teams {
			shown[i] = got[team.Key()]
		}
		require.Equal(t, c.shown, shown)
	}
}

// TestNameThatIsNotATextIsUnknown: the rule reports that it could not judge such a team. It has nothing to say about a team
// without a name.
func TestNameThatIsNotATextIsUnknown(t *testing.T) {
	for _, c := range []struct {
		name any
		want error
	}{{7, violation.ErrUnknown}, {nil, nil}, {record.Deletion(), nil}, {"", nil}} {
		key, err := nameKey(write(record.Key{Table: "teams", ID: "1"}, "name", c.name, clock.Stamp{Time: noon, Client: clock.ClientID{1}}))
		require.Equal(t, c.want, err)
		require.Empty(t, key)
	}
}

// TestTeamsThatWereNamedAtOnce: the key decides, in whatever order the teams are listed.
func TestTeamsThatWereNamedAtOnce(t *testing.T) {
	at := clock.Stamp{Time: noon, Client: clock.ClientID{1}}
	first, second := write(record.Key{Table: "teams", ID: "1"}, "name", "Rovers", at), write(record.Key{Table: "teams", ID: "2"}, "name", "Rovers", at)
	for _, teams := range [][]record.Record{{first, second}, {second, first}} {
		require.Equal(t, map[record.Key]string{first.Key(): "Rovers", second.Key(): "Rovers (2)"}, ShownNames(teams))
	}
}

// TestShownNamesOfManyTeams: teams with one name take linear time. A search from 2 for each of them takes a minute.
func TestShownNamesOfManyTeams(t *testing.T) {
	teams := make([]record.Record, 20_000)
	for i := range teams {
		at := clock.Stamp{Time: noon + clock.Timestamp(i), Client: clock.ClientID{1}}
		teams[i] = write(record.Key{Table: "teams", ID: fmt.Sprint(i)}, "name", "Rovers", at)
	}
	shown := ShownNames(teams)
	require.Equal(t, "Rovers", shown[teams[0].Key()])
	require.Equal(t, "Rovers (20000)", shown[teams[19_999].Key()])
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
