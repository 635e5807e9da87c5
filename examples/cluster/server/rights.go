package server

import (
	"time"

	"github.com/fieldlww/fieldlww/examples/cluster/store"
	syncserver "github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
)

// Actor is the sender of a push with the roles that the user has when it is judged.
type Actor = syncserver.Actor

// user is what the message of a user holds.
type user struct {
	Batch   string           `json:"batch"` // the ID of the batch that wrote it
	Name    string           `json:"user"`
	Issued  time.Time        `json:"issued,omitzero"` // rights of tokens that were issued up to then are not followed any longer
	Ended   time.Time        `json:"ended,omitzero"`  // tokens that were issued up to then are refused
	Clients int              `json:"clients"`         // the number of client IDs
	Buckets map[string]right `json:"buckets"`
}

// right is the membership of a user in a bucket.
type right struct {
	Role    string `json:"role"`
	Granted int64  `json:"granted"` // the sequence of the grant: a client with an earlier cursor loads the bucket
}

// decodeUser reads the message of a user. A missing message is a user without rights.
func decodeUser(e store.Entry) (u user, err error) {
	err = decode(e, &u)
	if u.Buckets == nil {
		u.Buckets = make(map[string]right)
	}
	for name, r := range u.Buckets {
		if r.Granted == own {
			u.Buckets[name] = right{r.Role, e.Seq}
		}
	}
	return u, err
}

// granted returns the buckets of a user with the sequences of the grants. Without Options.Buckets, the only bucket
// is "".
func (u user) granted(of buckets.Func) map[string]int64 {
	all := make(map[string]int64, len(u.Buckets))
	for name, r := range u.Buckets {
		if of != nil || name == "" {
			all[name] = r.Granted
		}
	}
	return all
}

// actorOf returns a member with the roles of the user.
func actorOf(m syncserver.Sender, u user) Actor {
	a := Actor{User: m.User, Client: m.Client, Roles: make(map[string]string, len(u.Buckets))}
	for name, r := range u.Buckets {
		a.Roles[name] = r.Role
	}
	return a
}

// rightsOf returns the functions of merge.Stored that decide what an actor may read and write. MayRead is nil if
// there is only the one bucket "" and the user has it.
func (a *attempt) rightsOf(actor Actor) (mayRead func(record.Record) bool, mayWrite func(seen, after record.Record, m record.Mutation) error) {
	rights := buckets.Rights{Of: a.of, Fence: a.state.Fence.Stamp, Read: func(name string) bool {
		_, ok := actor.Roles[name]
		return ok
	}}
	if a.of != nil || !rights.Read("") {
		mayRead, mayWrite = rights.MayRead, rights.MayWrite
	}
	ask := a.options.MayWrite
	if ask == nil {
		return mayRead, mayWrite
	}
	byRights := mayWrite
	return mayRead, func(seen, after record.Record, m record.Mutation) error {
		if byRights != nil {
			if err := byRights(seen, after, m); err != nil {
				return err
			}
		}
		return ask(actor, seen, after, m)
	}
}
