package server

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/examples/cluster/store"
	syncserver "github.com/fieldlww/fieldlww/examples/syncserver/server"
)

// Membership is a role of a user in a bucket.
type Membership struct {
	User, Bucket string
	Role         string // empty in a change that ends the membership
}

// Members returns the memberships in the buckets of a user, or in one of these buckets. The first are those that the
// user has, and there are at most the given number. It reads all users of the workspace.
func (s *Server) Members(ctx context.Context, m Member, bucket *string, most int) ([]Membership, error) {
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
	return all[:min(len(all), most)], nil
}

// ChangeMember changes a membership if permit, given the roles of the actor and the members of the bucket, returns
// nil. The other user must have used the workspace. It puts the state of the workspace, so of two changes that are
// permitted at the same time, the second is decided again.
func (s *Server) ChangeMember(ctx context.Context, by Member, asked Membership, permit func(Actor, []Membership) error) error {
	key, own := userKey(by.Workspace, asked.User), userKey(by.Workspace, by.User)
	return s.changeUser(ctx, by.Workspace, asked.User, func(a *attempt) (c change, err error) {
		if err := a.load(ctx, own); err != nil {
			return c, err
		}
		actor, err := decodeUser(a.entries[own])
		if err != nil {
			return c, err
		}
		all, err := s.users(ctx, by.Workspace)
		if err != nil {
			return c, err
		}
		var members []Membership
		for _, u := range all {
			members = append(members, u.memberships(map[string]right{asked.Bucket: {}})...)
		}
		sortMemberships(members)
		if err := permit(actorOf(by, actor), members); err != nil {
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

// Follow returns the buckets of a user, sorted, and the last sequence of the workspace, both of one moment.
func (s *Server) Follow(ctx context.Context, m Member) (names []string, seq int64, err error) {
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
func (u user) memberships(in map[string]right) (all []Membership) {
	for _, name := range slices.Sorted(maps.Keys(u.Buckets)) {
		if _, ok := in[name]; ok {
			all = append(all, Membership{u.Name, name, u.Buckets[name].Role})
		}
	}
	return all
}

func sortMemberships(all []Membership) {
	slices.SortFunc(all, func(a, b Membership) int { return cmp.Or(cmp.Compare(a.Bucket, b.Bucket), cmp.Compare(a.User, b.User)) })
}
