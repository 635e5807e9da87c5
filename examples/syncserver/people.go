package main

import (
	"cmp"
	"context"
	"fmt"
	"os"

	"github.com/fieldlww/fieldlww/examples/syncserver/server"
)

// members prints the members of all buckets of a workspace.
func members(ctx context.Context, s settings) error {
	return onServer(ctx, s, func(srv *server.Server) error {
		all, err := srv.Members(ctx, s.workspace)
		for _, m := range all {
			fmt.Printf("%s\t%q\t%s\n", m.User, m.Bucket, m.Role)
		}
		return err
	})
}

// grant makes a user a member of a bucket. It warns if the workspace does not know the user: the ID may be mistyped.
func grant(ctx context.Context, s settings) error {
	user, bucket, role := s.words[0], s.words[1], s.words[2]
	return onServer(ctx, s, func(srv *server.Server) error {
		known, err := srv.HasUser(ctx, s.workspace, user)
		if err != nil {
			return err
		}
		if err := srv.Grant(ctx, s.workspace, user, map[string]string{bucket: role}); err != nil {
			return fmt.Errorf("grant a bucket of %s: %w", s.workspace, err)
		}
		fmt.Printf("%s is a member of %q, with the role %s\n", user, bucket, role)
		if !known {
			fmt.Fprintf(os.Stderr, "warning: %s has not used %s yet; if the ID is not mistyped, ignore this\n", user, s.workspace)
		}
		return nil
	})
}

// revoke ends the membership of a user in buckets.
func revoke(ctx context.Context, s settings) error {
	user, buckets := s.words[0], s.words[1:]
	return onServer(ctx, s, func(srv *server.Server) error {
		if err := srv.Revoke(ctx, s.workspace, user, buckets...); err != nil {
			return fmt.Errorf("revoke buckets of %s: %w", s.workspace, err)
		}
		fmt.Printf("%s is no longer a member of %q; each device of the user forgets the records with its next pull\n", user, buckets)
		return nil
	})
}

// signOut refuses all tokens that a user has so far.
func signOut(ctx context.Context, s settings) error {
	user := s.words[0]
	return onServer(ctx, s, func(srv *server.Server) error {
		if err := srv.SignOut(ctx, s.workspace, user); err != nil {
			return fmt.Errorf("sign out a user of %s: %w", s.workspace, err)
		}
		fmt.Printf("the tokens of %s are refused; for a new token, run \"syncserver invite %s %s\"\n", user, s.workspace, user)
		return nil
	})
}

// onWorkspace runs f with a server on the database. Without -create, it fails if the workspace does not exist: the name
// may be mistyped, and a write would create the workspace.
func onWorkspace(ctx context.Context, s settings, f func(*server.Server) error) error {
	return onServer(ctx, s, func(srv *server.Server) error {
		if known, err := srv.HasWorkspace(ctx, s.workspace); err != nil || !known && !s.create {
			return cmp.Or(err, fmt.Errorf("the workspace %s does not exist: check the name, or use -create", s.workspace))
		}
		return f(srv)
	})
}

// onServer runs f with a server on the database.
func onServer(ctx context.Context, s settings, f func(*server.Server) error) error {
	database, srv, err := open(ctx, s)
	if err != nil {
		return err
	}
	defer database.Close()
	return f(srv)
}
