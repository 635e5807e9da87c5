package server

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/examples/cluster/store"
	syncserver "github.com/fieldlww/fieldlww/examples/syncserver/server"
)

// Members implements [syncserver.Backend]. It reads all users of the workspace.
func (s *Server) Members(ctx context.Context, m syncserver.Sender, bucket *string) ([]syncserver.Member, error) {
	u, err := s.user(ctx, m.Workspace, m.User)
	if err != nil {
		return nil, unavailable(err)
	}
	maps.DeleteFunc(u.Buckets, func(name string, _ right) bool { return bucket != nil && name != *bucket })
	all := u.memberships(u.Buckets)
	own := len(all)
	others, err := s.users(ctx, m.Workspace)
	if err != nil {
		return nil, unavailable(err)
	}
	for _, other := range others {
		if other.Name != m.User {
			all = append(all, other.memberships(u.Buckets)...)
		}
	}
	sortMemberships(all[own:])
	return all[:min(len(all), syncserver.MaxMembers)], nil
}

// ChangeMember implements [syncserver.Backend]. It puts the state of the workspace, so of two changes that are
// permitted at the same time, the second is decided again.
func (s *Server) ChangeMember(ctx context.Context, asked syncserver.MemberChange) error {
	workspace := asked.By.Workspace
	key, own := userKey(workspace, asked.User), userKey(workspace, asked.By.User)
	return s.changeUser(ctx, workspace, asked.User, func(a *attempt) (c change, err error) {
		if err := a.load(ctx, own); err != nil {
			return c, err
		}
		actor, err := decodeUser(a.entries[own])
		if err != nil {
			return c, err
		}
		all, err := s.users(ctx, workspace)
		if err != nil {
			return c, err
		}
		var members []syncserver.Member
		for _, u := range all {
			members = append(members, u.memberships(map[string]right{asked.Bucket: {}})...)
		}
		sortMemberships(members)
		if err := asked.Permit(actorOf(asked.By, actor), members); err != nil {
			return c, err
		}
		if a.entries[key].Seq == 0 {
			return c, syncserver.UnknownUser()
		}
		c = change{issued: s.wall(), always: true, guarded: true}
		if c.take = []string{asked.Bucket}; asked.Role != "" {
			c.take, c.give = nil, map[string]string{asked.Bucket: asked.Role}
		}
		return c, nil
	})
}

// Follow implements [syncserver.Backend]. The buckets and the sequence are of one moment.
func (s *Server) Follow(ctx context.Context, m syncserver.Sender) (names []string, seq int64, err error) {
	view, err := s.store.Load(ctx, m.Workspace, []store.Key{userKey(m.Workspace, m.User)})
	if err != nil {
		return nil, 0, unavailable(err)
	}
	u, err := decodeUser(view.Entries[0])
	return slices.Sorted(maps.Keys(u.granted(s.of))), view.Head, err
}

// users returns the users of a workspace. A list may be old, so it only names the users, and they are read again. One
// that is new may be missing.
func (s *Server) users(ctx context.Context, workspace string) (all []user, err error) {
	var keys []store.Key
	named := make(map[store.Key]bool)
	for seq, more := int64(0), true; more; {
		page, err := s.store.List(ctx, workspace, store.KindUser, seq, maxPage)
		if err != nil {
			return nil, err
		}
		for _, e := range page.Entries {
			if !named[e.Key] {
				keys = append(keys, e.Key)
			}
			named[e.Key] = true
		}
		seq, more = page.Reached, page.More
	}
	view, err := s.store.Load(ctx, workspace, keys)
	if err != nil {
		return nil, err
	}
	for _, e := range view.Entries {
		u, err := decodeUser(e)
		if err != nil {
			return nil, err
		}
		all = append(all, u)
	}
	return all, nil
}

// memberships returns the memberships of a user in some buckets, sorted.
func (u user) memberships(in map[string]right) (all []syncserver.Member) {
	for _, name := range slices.Sorted(maps.Keys(u.Buckets)) {
		if _, ok := in[name]; ok {
			all = append(all, syncserver.Member{User: u.Name, Bucket: name, Role: u.Buckets[name].Role})
		}
	}
	return all
}

func sortMemberships(all []syncserver.Member) {
	slices.SortFunc(all, func(a, b syncserver.Member) int {
		return cmp.Or(cmp.Compare(a.Bucket, b.Bucket), cmp.Compare(a.User, b.User))
	})
}
