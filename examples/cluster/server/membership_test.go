package server

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/cluster/memory"
	syncserver "github.com/fieldlww/fieldlww/examples/syncserver/server"
)

// of returns a membership.
func of(user, bucket, role string) syncserver.Member {
	return syncserver.Member{User: user, Bucket: bucket, Role: role}
}

// ownersOnly permits changes by owners of the bucket "a".
func ownersOnly(a Actor, _ []syncserver.Member) error {
	if a.Roles["a"] != "owner" {
		return errors.New("only owners may do that")
	}
	return nil
}

// TestOwnersCannotRemoveEachOther lets the second of two owners remove the first while the first removes the second.
func TestOwnersCannotRemoveEachOther(t *testing.T) {
	b := &between{Store: memory.New()}
	s, err := New(b, Options{Now: func() time.Time { return noon }})
	require.NoError(t, err)
	for _, name := range []string{"u", "v"} {
		require.NoError(t, s.Grant(t.Context(), workspace, name, map[string]string{"a": "owner"}))
	}
	u, v := syncserver.Sender{Workspace: workspace, User: "u", Client: ana}, syncserver.Sender{Workspace: workspace, User: "v", Client: clock.ClientID{1}}
	b.commit = func() {
		require.NoError(t, s.ChangeMember(t.Context(), syncserver.MemberChange{By: v, Member: syncserver.Member{User: "u", Bucket: "a"}, Permit: ownersOnly}))
	}
	require.Error(t, s.ChangeMember(t.Context(), syncserver.MemberChange{By: u, Member: syncserver.Member{User: "v", Bucket: "a"}, Permit: ownersOnly}))
	all, err := s.Members(t.Context(), v, nil)
	require.NoError(t, err)
	require.Equal(t, []syncserver.Member{of("v", "a", "owner")}, all)
}

func TestMembersAreOfTheBucketsOfTheUser(t *testing.T) {
	s, err := New(memory.New(), Options{Now: func() time.Time { return noon }})
	require.NoError(t, err)
	for name, roles := range map[string]map[string]string{
		"u": {"a": "owner", "b": "reader"}, "v": {"a": "reader", "c": "reader"}, "w": {"b": "writer"},
	} {
		require.NoError(t, s.Grant(t.Context(), workspace, name, roles))
	}
	m := syncserver.Sender{Workspace: workspace, User: "u", Client: ana}
	all, err := s.Members(t.Context(), m, nil)
	require.NoError(t, err)
	require.Equal(t, []syncserver.Member{of("u", "a", "owner"), of("u", "b", "reader"), of("v", "a", "reader"), of("w", "b", "writer")}, all)
	bucket := "b"
	all, err = s.Members(t.Context(), m, &bucket)
	require.NoError(t, err)
	require.Equal(t, []syncserver.Member{of("u", "b", "reader"), of("w", "b", "writer")}, all)
	err = s.ChangeMember(t.Context(), syncserver.MemberChange{By: m, Member: of("x", "a", "reader"), Permit: ownersOnly})
	require.Equal(t, "unknown_user", codeOf(t, err))
	require.NoError(t, s.ChangeMember(t.Context(), syncserver.MemberChange{By: m, Member: of("w", "a", "reader"), Permit: ownersOnly}))
	names, seq, err := s.Follow(t.Context(), syncserver.Sender{Workspace: workspace, User: "u", Client: ana})
	require.NoError(t, err)
	require.Empty(t, names, "without Options.Buckets there is only the bucket \"\"")
	require.Positive(t, seq)
}
