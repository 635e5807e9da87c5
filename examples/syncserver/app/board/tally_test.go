package board_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/fields"
)

// code returns the code and the path of a refusal, or "" for nil.
func code(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var refused *merge.Refusal
	require.ErrorAs(t, err, &refused)
	return string(refused.Code) + " " + refused.Path
}

// TestTagOfAWrongFormIsRefused: a tag is true and has 1 to 40 characters of any script. A tag of any form may be removed.
func TestTagOfAWrongFormIsRefused(t *testing.T) {
	at := clock.Stamp{Time: 1, Client: clock.ClientID{1}}
	for _, c := range []struct {
		table, name string
		value       any
		want        string
	}{
		{board.Tasks, "tag/urgent", true, ""},
		{board.Tasks, "tag/" + strings.Repeat("😀", board.MaxTag), true, ""},
		{board.Tasks, "tag/a/b ", true, ""},
		{board.Tasks, "tagged", 1, ""},
		{board.Projects, "tag/x", 1, ""},
		{board.Tasks, "tag/", true, "invalid data.tag/"},
		{board.Tasks, "tag/x", false, "invalid data.tag/x"},
		{board.Tasks, "tag/x", "secret", "invalid data.tag/x"},
		{board.Tasks, "tag/x", nil, "invalid data.tag/x"},
		{board.Tasks, "tag/" + strings.Repeat("é", board.MaxTag+1), true, "limit_exceeded data." + record.PathName("tag/"+strings.Repeat("é", board.MaxTag+1))},
	} {
		r := record.New(record.Key{Table: c.table, ID: "1"})
		m, err := r.Edit(at).Set("done", true).Set(c.name, c.value).Mutation()
		require.NoError(t, err)
		refused := board.Guard()(at.Client, m)
		require.Equal(t, c.want, code(t, refused), "%s %v", c.name, c.value)
		require.NotContains(t, fmt.Sprint(refused), "secret")
		m, err = r.Edit(at).Delete(c.name).Mutation()
		require.NoError(t, err)
		require.NoError(t, board.Guard()(at.Client, m), c.name)
	}
}

// TestVoteOfAWrongFormIsRefused: a vote is an integer under a new random name. Anything may be deleted, and other fields
// are not looked at.
func TestVoteOfAWrongFormIsRefused(t *testing.T) {
	edits := int64(0)
	next := func(r record.Record, name string, value record.Value) (record.Record, record.Mutation) {
		edits++
		m, err := r.Edit(clock.Stamp{Time: clock.Timestamp(edits), Client: clock.ClientID{1}}).Set(name, value).Mutation()
		require.NoError(t, err)
		after, err := merge.Records(r, m.Data)
		require.NoError(t, err)
		return after, m
	}
	stored, _ := next(record.New(record.Key{Table: board.Tasks, ID: "1"}), "votes/AAAAAAAAAAAAAAAA", record.Int(1))
	stored, _ = next(stored, "votes/short", record.MustOf("secret")) // from a server without the rule
	stored, _ = next(stored, "votes/deleted-before-1", record.Deletion())
	for _, c := range []struct {
		name  string
		value record.Value
		want  string
	}{
		{"votes/BBBBBBBBBBBBBBBB", record.Int(-1), ""},
		{"votes/BBBBBBBBBBBBBBBB", record.MustOf("secret"), "invalid data.votes/BBBBBBBBBBBBBBBB"},
		{"votes/BBBBBBBBBBBBBBBB", record.MustOf(1.5), "invalid data.votes/BBBBBBBBBBBBBBBB"},
		{"votes/AAAAAAAAAAAAAAAA", record.Int(2), "invalid data.votes"},
		{"votes/deleted-before-1", record.Int(1), "invalid data.votes"},
		{"votes/B", record.Int(1), "invalid data.votes"},
		{"votes/AAAAAAAAAAAAAAAA", record.Deletion(), ""},
		{"votes/short", record.Deletion(), ""},
		{"votes", record.MustOf("x"), ""},
		{"title", record.MustOf("x"), ""},
	} {
		after, m := next(stored, c.name, c.value)
		refused := board.AdmitVotes(stored, after, m)
		require.Equal(t, c.want, code(t, refused), "%s %s", c.name, c.value)
		require.NotContains(t, fmt.Sprint(refused), "secret")
	}
}

// TestVotesAreLimited: one more vote than a task may have is refused, and so is a sum that no int64 holds. After a reset,
// there is room again. Votes of other records are not counted.
func TestVotesAreLimited(t *testing.T) {
	for _, table := range []string{board.Tasks, board.Projects} {
		r := record.New(record.Key{Table: table, ID: "1"})
		counter := fields.Counter{Name: board.Votes}
		write := func(time int, change func(e *record.Edit) error) error {
			e := r.Edit(clock.Stamp{Time: clock.Timestamp(time), Client: clock.ClientID{1}})
			require.NoError(t, change(e))
			m, err := e.Mutation()
			require.NoError(t, err)
			after, err := merge.Records(r, m.Data)
			require.NoError(t, err)
			if err := board.AdmitVotes(r, after, m); err != nil {
				return err
			}
			r = after
			return nil
		}
		vote := func(time int, n int64) error {
			return write(time, func(e *record.Edit) error {
				return counter.Add(e, fields.Addition{ID: fmt.Sprintf("vote-of-a-test-%d", time), N: n})
			})
		}
		for i := range board.MaxVotes {
			require.NoError(t, vote(1+i, 1))
		}
		refused := vote(900, 1)
		if table == board.Projects {
			require.NoError(t, refused)
			continue
		}
		require.Equal(t, "limit_exceeded data.votes", code(t, refused))
		require.ErrorIs(t, refused, fields.ErrFull)
		require.NoError(t, write(901, counter.Reset))
		require.NoError(t, vote(902, 1<<62))
		require.Equal(t, "invalid data.votes", code(t, write(903, func(e *record.Edit) error {
			e.Set("votes/huge-vote-of-a-test", int64(1)<<62)
			return nil
		})))
	}
}
