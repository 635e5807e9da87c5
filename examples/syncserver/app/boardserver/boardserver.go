// Package boardserver configures a server for the example app of package board. It is apart from that package because
// clients use the board too, and need no server.
package boardserver

import (
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// Options returns the options that belong to the app: who may read and write what, the rules, and the limits of
// records. All other options have their defaults.
func Options() server.Options {
	return server.Options{
		Guard: board.Guard(), Rules: board.Rules(), RulesVersion: board.RulesVersion,
		Buckets: board.Buckets, BucketsVersion: board.BucketsVersion, MayWrite: mayWrite, MayGrant: mayGrant,
		TableMaxRecord: board.MaxRecords(), LostEdits: true, Keep: board.Keep,
	}
}

// mayWrite is the MayWrite of the server's Options. It refuses the later edits of a record that the server
// did not let the user create in a private project: without its project, the record would be for everyone. Rights
// come before votes, so that a user who may not write learns nothing about the votes.
func mayWrite(a server.Actor, seen, after record.Record, m record.Mutation) error {
	if seen.Len() == 0 && !m.New {
		return &merge.Refusal{Code: merge.Gone}
	}
	if err := board.MayWrite(a.Roles, seen, after); err != nil {
		return err
	}
	return board.AdmitVotes(seen, after, m)
}

// mayGrant is the MayGrant of the server's Options.
func mayGrant(a server.Actor, g server.Grant) error {
	return board.MayGrant(board.Grant{By: a.User, User: g.User, Bucket: g.Bucket, Role: g.Role, Members: g.Members})
}
