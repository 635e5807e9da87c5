package server

import (
	"context"
	"maps"
	"slices"
	"time"

	syncserver "github.com/fieldlww/fieldlww/examples/syncserver/server"
)

// Grant makes a user a member of some buckets of a workspace, each with a role. The clients of the user load a new
// bucket with their next pull. If the user is a member already, Grant changes the role.
func (s *Server) Grant(ctx context.Context, workspace, user string, roles map[string]string) error {
	return s.changeUser(ctx, workspace, user, func(*attempt) (change, error) { return change{give: roles, issued: s.wall()}, nil })
}

// Revoke ends the membership of a user in some buckets of a workspace, or in all buckets if none are named. No push
// that is stored and no page of a pull that begins after Revoke has returned depends on these buckets.
func (s *Server) Revoke(ctx context.Context, workspace, user string, buckets ...string) error {
	return s.changeUser(ctx, workspace, user, func(a *attempt) (change, error) {
		if len(buckets) > 0 {
			return change{take: buckets, issued: s.wall()}, nil
		}
		u, err := decodeUser(a.entries[userKey(workspace, user)])
		return change{take: slices.Collect(maps.Keys(u.Buckets)), issued: s.wall()}, err
	})
}

// SignOut refuses all tokens that were issued to a user until now.
func (s *Server) SignOut(ctx context.Context, workspace, user string) error {
	return s.changeUser(ctx, workspace, user, func(*attempt) (change, error) { return change{ended: s.wall()}, nil })
}

// change is a change of what a user may do.
type change struct {
	give   map[string]string // roles by bucket
	take   []string          // buckets
	issued time.Time         // rights of tokens that were issued up to then are not followed any longer
	ended  time.Time         // tokens that were issued up to then are refused; zero changes nothing
	// clients is the number of further client IDs of the user.
	clients int
	always  bool // whether the user is put even if no right changes
	guarded bool // whether the state is put even if no right is taken away
}

// changeUser changes what a user may do.
func (s *Server) changeUser(ctx context.Context, workspace, name string, ask func(*attempt) (change, error)) error {
	defer s.known.forget(workspace)
	o := operation{workspace: workspace, marker: userKey(workspace, name)}
	_, err := commit(ctx, s, o, func(_ context.Context, a *attempt) (struct{}, error) {
		c, err := ask(a)
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, a.changeUser(name, c)
	})
	return err
}

// changeUser puts a change of a user. A change that takes a right away also puts the state of the workspace: so
// pushes that were judged by the right conflict. A pull looks at the user itself before it answers.
func (a *attempt) changeUser(name string, c change) error {
	key := userKey(a.workspace, name)
	u, err := decodeUser(a.entries[key])
	if err != nil {
		return err
	}
	u.Name, u.Batch = name, a.id
	u.Clients += c.clients
	changed, takes := c.always || c.clients > 0 || !c.ended.IsZero(), c.guarded
	for _, bucket := range c.take {
		if _, ok := u.Buckets[bucket]; ok {
			changed, takes = true, true
			delete(u.Buckets, bucket)
		}
	}
	for bucket, role := range c.give {
		had, ok := u.Buckets[bucket]
		switch {
		case !ok:
			had.Granted, changed = own, true
		case had.Role != role:
			changed, takes = true, true
		}
		u.Buckets[bucket] = right{role, had.Granted}
	}
	if len(u.Buckets) > syncserver.MaxBuckets {
		return syncserver.TooManyBuckets()
	}
	if u.Issued, u.Ended = later(u.Issued, c.issued), later(u.Ended, c.ended); !changed {
		return nil
	}
	if takes {
		next := a.state
		next.Rights++
		if err := a.putState(next); err != nil {
			return err
		}
	}
	return a.putJSON(key, u)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
