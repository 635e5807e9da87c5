package board_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

const (
	garden = "project/private-garden"
	house  = "project/private-house"
)

// task returns a task with a field project of the given value.
func task(t *testing.T, project any) record.Record {
	t.Helper()
	m, err := record.New(record.Key{Table: board.Tasks, ID: "1"}).
		Edit(clock.Stamp{Time: 1, Client: clock.ClientID{1}}).Set(board.Title, "Paint").Set(board.Project, project).Mutation()
	require.NoError(t, err)
	return m.Data
}

// TestRecordsOfAPrivateProjectAreInItsBucket checks that only the tasks of a private project and
// the record of the project itself leave the bucket of everyone.
func TestRecordsOfAPrivateProjectAreInItsBucket(t *testing.T) {
	for project, want := range map[any]string{
		"private-garden": garden, "garden": board.Everyone, "": board.Everyone, nil: board.Everyone, 7: board.Everyone,
		"xprivate-garden": board.Everyone, "PRIVATE-garden": board.Everyone,
	} {
		require.Equal(t, []string{want}, board.Buckets(task(t, project)), "%v", project)
	}
	stamp := clock.Stamp{Time: 1, Client: clock.ClientID{1}}
	for key, want := range map[record.Key]string{
		{Table: board.Projects, ID: "private-garden"}: garden, {Table: board.Projects, ID: "garden"}: board.Everyone,
		{Table: board.Devices, ID: "private-garden"}: board.Everyone, {Table: board.Meetings, ID: "private-garden"}: board.Everyone,
		{Table: board.Users, ID: "private-garden"}: board.Everyone,
	} {
		m, err := record.New(key).Edit(stamp).Set(board.Project, "private-house").Set("name", "x").Mutation()
		require.NoError(t, err)
		require.Equal(t, []string{want}, board.Buckets(m.Data), key)
	}

	// A task whose field was deleted, and one without the field.
	m, err := task(t, "private-garden").Edit(clock.Stamp{Time: 2, Client: clock.ClientID{1}}).Delete(board.Project).Mutation()
	require.NoError(t, err)
	require.Equal(t, []string{board.Everyone}, board.Buckets(m.Data))
	require.Equal(t, []string{board.Everyone}, board.Buckets(record.New(record.Key{Table: board.Tasks, ID: "1"})))
}

// TestAWriteNeedsTheRoleInEachBucket checks each pair of roles in the bucket that a task leaves and
// in the bucket that it enters.
func TestAWriteNeedsTheRoleInEachBucket(t *testing.T) {
	allowed := map[string]merge.Code{"": merge.Forbidden, board.Reader: board.ReadOnly, "guest": board.ReadOnly, board.Writer: "", board.Owner: ""}
	inGarden, inHouse := task(t, "private-garden"), task(t, "private-house")
	none := record.New(inGarden.Key())
	check := func(want merge.Code, roles map[string]string, seen, after record.Record) {
		t.Helper()
		err := board.MayWrite(roles, seen, after)
		if want == "" {
			require.NoError(t, err, roles)
			return
		}
		var refused *merge.Refusal
		require.ErrorAs(t, err, &refused, "%v", roles)
		require.Equal(t, want, refused.Code, roles)
	}
	for before, first := range allowed {
		roles := map[string]string{garden: before}
		check(first, roles, none, inGarden)
		check(first, roles, inGarden, inGarden)
		for after, second := range allowed {
			roles := map[string]string{garden: before, house: after, board.Everyone: board.Owner}
			want := first
			if want == "" {
				want = second
			}
			check(want, roles, inGarden, inHouse)
		}
	}
	check(merge.Forbidden, map[string]string{garden: board.Owner}, inGarden, task(t, ""))
	check("", map[string]string{garden: board.Owner, board.Everyone: board.Writer}, inGarden, task(t, ""))
}

// TestOwnersDecideWhoIsAMember checks the rules of membership.
func TestOwnersDecideWhoIsAMember(t *testing.T) {
	members := map[string]string{"ana": board.Owner, "ben": board.Writer, "cleo": board.Reader}
	two := map[string]string{"ana": board.Owner, "ben": board.Owner}
	for _, c := range []struct {
		name    string
		grant   board.Grant
		members map[string]string
		refused string
	}{
		{"the first member makes the project", board.Grant{By: "ana", User: "ana", Role: board.Owner}, nil, ""},
		{"a project begins with an owner", board.Grant{By: "ana", User: "ana", Role: board.Writer}, nil, "the first member"},
		{"a project cannot be made for another user", board.Grant{By: "ana", User: "ben", Role: board.Owner}, nil, "the first member"},
		{"a project without members cannot be left", board.Grant{By: "ana", User: "ana"}, nil, "the first member"},

		{"an owner gives", board.Grant{By: "ana", User: "dan", Role: board.Reader}, members, ""},
		{"an owner gives ownership", board.Grant{By: "ana", User: "dan", Role: board.Owner}, members, ""},
		{"an owner changes a role", board.Grant{By: "ana", User: "ben", Role: board.Reader}, members, ""},
		{"an owner takes", board.Grant{By: "ana", User: "ben"}, members, ""},
		{"a writer cannot give", board.Grant{By: "ben", User: "dan", Role: board.Reader}, members, "only an owner"},
		{"a writer cannot take", board.Grant{By: "ben", User: "cleo"}, members, "only an owner"},
		{"a writer cannot become an owner", board.Grant{By: "ben", User: "ben", Role: board.Owner}, members, "only an owner"},
		{"a reader cannot become a writer", board.Grant{By: "cleo", User: "cleo", Role: board.Writer}, members, "only an owner"},
		{"a stranger cannot become a member", board.Grant{By: "dan", User: "dan", Role: board.Owner}, members, "only an owner"},
		{"a stranger learns nothing by leaving", board.Grant{By: "dan", User: "dan"}, members, "only an owner"},

		{"a reader leaves", board.Grant{By: "cleo", User: "cleo"}, members, ""},
		{"a writer leaves", board.Grant{By: "ben", User: "ben"}, members, ""},
		{"the last owner stays", board.Grant{By: "ana", User: "ana"}, members, "needs an owner"},
		{"the last owner stays an owner", board.Grant{By: "ana", User: "ana", Role: board.Writer}, members, "needs an owner"},
		{"the last owner stays, even alone", board.Grant{By: "ana", User: "ana"}, map[string]string{"ana": board.Owner}, "needs an owner"},
		{"one of two owners leaves", board.Grant{By: "ana", User: "ana"}, two, ""},
		{"an owner takes another owner", board.Grant{By: "ana", User: "ben"}, two, ""},
		{"an owner gives the same again", board.Grant{By: "ana", User: "ana", Role: board.Owner}, members, ""},

		{"there are three roles", board.Grant{By: "ana", User: "ben", Role: "admin"}, members, "reader, writer or owner"},
	} {
		before := maps.Clone(c.members)
		c.grant.Bucket, c.grant.Members = garden, c.members
		err := board.MayGrant(c.grant)
		if c.refused == "" {
			require.NoError(t, err, c.name)
		} else {
			require.ErrorContains(t, err, c.refused, c.name)
		}
		require.Equal(t, before, c.members)
	}
}

// TestOnlyPrivateProjectsHaveMembers checks that no user can change who is in another bucket, not
// even in one that has no members.
func TestOnlyPrivateProjectsHaveMembers(t *testing.T) {
	for _, bucket := range []string{
		"", "private-garden", "project/garden", "project/", "PROJECT/private-garden", "client/7", "x/project/private-garden",
		garden + "\x00", "project/private-" + strings.Repeat("x", 200),
	} {
		for _, members := range []map[string]string{nil, {"ana": board.Owner}} {
			err := board.MayGrant(board.Grant{By: "ana", User: "ana", Bucket: bucket, Role: board.Owner, Members: members})
			require.ErrorContains(t, err, "only private projects", "%q", bucket)
		}
	}
}
