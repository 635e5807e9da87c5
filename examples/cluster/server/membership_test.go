package server

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/cluster/memory"
)

// ownersOnly permits changes by owners of the bucket "a".
func ownersOnly(a Actor, _ []Membership) error {
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
	u, v := Member{workspace, "u", ana}, Member{workspace, "v", clock.ClientID{1}}
	b.commit = func() {
		require.NoError(t, s.ChangeMember(t.Context(), v, Membership{User: "u", Bucket: "a"}, ownersOnly))
	}
	require.Error(t, s.ChangeMember(t.Context(), u, Membership{User: "v", Bucket: "a"}, ownersOnly))
	all, err := s.Members(t.Context(), v, nil, 10)
	require.NoError(t, err)
	require.Equal(t, []Membership{{"v", "a", "owner"}}, all)
}

func TestMembersAreOfTheBucketsOfTheUser(t *testing.T) {
	s, err := New(memory.New(), Options{Now: func() time.Time { return noon }})
	require.NoError(t, err)
	for name, roles := range map[string]map[string]string{
		"u": {"a": "owner", "b": "reader"}, "v": {"a": "reader", "c": "reader"}, "w": {"b": "writer"},
	} {
		require.NoError(t, s.Grant(t.Context(), workspace, name, roles))
	}
	m := Member{workspace, "u", ana}
	all, err := s.Members(t.Context(), m, nil, 10)
	require.NoError(t, err)
	require.Equal(t, []Membership{{"u", "a", "owner"}, {"u", "b", "reader"}, {"v", "a", "reader"}, {"w", "b", "writer"}}, all)
	bucket := "b"
	all, err = s.Members(t.Context(), m, &bucket, 1)
	require.NoError(t, err)
	require.Equal(t, []Membership{{"u", "b", "reader"}}, all)
	err = s.ChangeMember(t.Context(), m, Membership{"x", "a", "reader"}, ownersOnly)
	require.Equal(t, "unknown_user", codeOf(t, err))
	require.NoError(t, s.ChangeMember(t.Context(), m, Membership{"w", "a", "reader"}, ownersOnly))
	names, seq, err := s.Follow(t.Context(), Member{workspace, "u", ana})
	require.NoError(t, err)
	require.Empty(t, names, "without Options.Buckets there is only the bucket \"\"")
	require.Positive(t, seq)
}
