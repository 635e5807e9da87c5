package local

import (
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// Board returns the options for the board of package board, with the workspace demo. Package server
// has the same limits.
func Board() Options {
	return Options{
		Workspace: "demo", NewRole: board.Writer, Buckets: board.Buckets, Rules: board.Rules(),
		MayWrite: mayWrite, MayGrant: mayGrant,
		Engine: merge.Engine{
			Guard: board.Guard(), MaxRecord: 256 << 10, TableMaxRecord: board.MaxRecords(),
			Limits: record.Limits{Bytes: maxBody, Items: 1000, Fields: 200, Value: 64 << 10, Name: 200},
		},
	}
}

// mayWrite decides as package boardserver does: it also refuses the later edits of a record that the user was not allowed
// to create in a private project.
func mayWrite(roles map[string]string, seen, after record.Record, m record.Mutation) error {
	if seen.Len() == 0 && !m.New {
		return &merge.Refusal{Code: merge.Gone}
	}
	if err := board.MayWrite(roles, seen, after); err != nil {
		return err
	}
	return board.AdmitVotes(seen, after, m)
}

func mayGrant(c Change) error {
	return board.MayGrant(board.Grant{By: c.By, User: c.User, Bucket: c.Bucket, Role: c.Role, Members: c.Members})
}
