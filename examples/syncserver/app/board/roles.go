package board

import (
	"errors"
	"strings"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
)

// The roles of a user in a bucket. A reader sees the records of the bucket. A writer may change them
// too, and an owner may also decide who is a member.
const (
	Reader = "reader"
	Writer = "writer"
	Owner  = "owner"
)

// ReadOnly is the code with which the board refuses a write of a user who may only read the record,
// or only read the project into which the write moves it.
const ReadOnly merge.Code = "read_only"

// MayWrite decides whether a user with the given roles by bucket may change a record from seen to
// after: the user must be a writer or an owner of the bucket that the record was in and of the
// bucket that it is in now. It serves as the last part of a merge.Stored.MayWrite.
func MayWrite(roles map[string]string, seen, after record.Record) error {
	for _, r := range []record.Record{seen, after} {
		if r.Len() == 0 {
			continue // the record is new
		}
		for _, bucket := range Buckets(r) {
			switch roles[bucket] {
			case Writer, Owner:
			case "":
				return &merge.Refusal{Code: merge.Forbidden}
			default:
				return &merge.Refusal{Code: ReadOnly}
			}
		}
	}
	return nil
}

// Grant is the wish of a user to change a membership.
type Grant struct {
	By      string            // the user who asks for it
	User    string            // whose membership it is
	Bucket  string            // of a private project
	Role    string            // the new role, or empty to end the membership
	Members map[string]string // the role of each present member of the bucket
}

// MayGrant returns nil if the membership may be changed, and otherwise the reason in words. Only
// private projects have members:
//
//   - The first member of a project is the user who makes it, as its owner.
//   - From then on, owners decide who is a member, and with which role.
//   - Everyone may leave a project.
//   - A project always keeps an owner. Without this rule, a former member who knows the name of a
//     project without members could become its owner, and read it.
func MayGrant(g Grant) error {
	project, _ := strings.CutPrefix(g.Bucket, projectBucket)
	if project == g.Bucket || !strings.HasPrefix(project, PrivatePrefix) || !buckets.Valid(g.Bucket) {
		return errors.New("only private projects have members")
	}
	switch g.Role {
	case "", Reader, Writer, Owner:
	default:
		return errors.New("the role must be reader, writer or owner")
	}
	if len(g.Members) == 0 {
		if g.User != g.By || g.Role != Owner {
			return errors.New("the first member of a project is its owner, who makes it")
		}
		return nil
	}
	leaves := g.User == g.By && g.Role == "" && g.Members[g.By] != ""
	switch {
	case g.Members[g.By] != Owner && !leaves:
		return errors.New("only an owner of the project may change who is in it")
	case g.Role != Owner && g.Members[g.User] == Owner && owners(g.Members) == 1:
		return errors.New("a project needs an owner: make somebody else an owner first")
	}
	return nil
}

// owners returns the number of owners among members.
func owners(members map[string]string) (n int) {
	for _, role := range members {
		if role == Owner {
			n++
		}
	}
	return n
}
