// Package server is a sync server on a store that has no locks: the port that package store implements on JetStream
// and package memory in memory. It offers what the server of examples/syncserver offers on a database.
//
// # Map
//
// A [Server] is the Backend of a Frontend of examples/syncserver, which serves the protocol. It decides about pushes
// ([Server.Push]), reads the records of pulls ([Server.Snapshot]), writes records of its
// own ([Server.Edit]), erases records ([Server.Erase]), changes the rights of users ([Server.Grant]) and purges what was
// deleted long ago ([Server.Retain]). Any number of servers may use one [Store].
//
//	server.go                    Store, Options, Server, and the limits
//	commit.go                    the loop that takes the place of locks
//	quiet.go                     how changes of the state get through while others push
//	attempt.go                   what one turn of the loop reads and puts
//	turns.go                     how many pushes run at once
//	push.go write.go             pushes, and the server's own writes
//	rules.go scopes.go view.go   the rules, and the lists of their scopes
//	pull.go left.go              the records of pulls, and the buckets that a record has left
//	state.go retain.go sweep.go  the fence, how it rises, and what is purged below it
//	epoch.go                     the epoch of cursors, which the store names
//	erase.go                     erasures
//	rights.go members.go         what a user may do, and changes of it
//	membership.go                changes that a client asks for, and lists of members
//	users.go                     which user a client belongs to, and the secret of the cluster
//	message.go keys.go           the messages and their keys
//	errors.go                    errors that clients are told
//	backend.go                   the other methods of a Backend
//
// # Messages
//
// A workspace has a message for each record, client that has pushed, scope of a rule, and user, one for its state,
// and one that asks for quiet.
// A batch puts some of them, and names the sequence of each message that it replaces. A record, with the sequence of
// its message, is a line of a pull.
//
// The message of a client is its mark: the greatest accepted stamp, and the ID of the batch that wrote it. The ID
// tells whether a batch is stored whose answer was lost. So the answer to a push is exact, unless the client pushes
// again before it has the answer.
//
// # Why no lock is needed
//
// Each record that a push changes, and each scope that a rule looked at for it, is put with the sequence at which it
// was read, so one of two pushes that meet there conflicts and is decided again. The answer about an item depends on
// its record, and on the state of the workspace and the rights of the user. The batch depends on the state without
// putting it, and a change that takes a right away puts the state. So a fence that rises and a right that ends make
// the pushes conflict that were decided before, and pushes do not conflict with each other because of the state.
//
// A pull reads the state and the rights before the records and again afterwards. If they differ, it begins again. It
// also reads the records again, from a node that has caught up, and leaves out those that were replaced: a page of
// records may come from a node that is behind.
//
// # Hazards
//
// A record that leaves a bucket carries that fact until the fence passes it. A user who has the bucket, and not the
// one to which the record went, gets a line that the record has left once more whenever the record changes. So the
// user learns when it changes, though not what.
//
// A pull reads each record twice. A pull of one bucket reads the messages of all buckets that changed since its cursor.
//
// A scope that had more than 2,000 members is not checked any longer. Each push to a scope reads its list and puts it
// again, up to 90 kB. If the lists of a push take more than 8 MB together, the push is refused as too large. A push of
// one record is stored instead, and the scopes whose lists are too much are not checked any longer. A record cannot
// move to another bucket after more than 2,000 violation rows were about it.
//
// Pushes that meet in a record are not served in turn. A push of 300 items conflicts if any of its records has changed
// meanwhile, so on hot records it can lose to smaller pushes until it ends with the status 503. The client sends it
// again.
//
// A sweep gives each record that it purges a new sequence, so clients pull it once more. It reads the whole workspace
// each day.
//
// An erasure reads the whole workspace if there are rules, because a violation row may name records by ID alone.
//
// There is no journal, since the store keeps one message for each key, and no limit for the storage of a workspace,
// since no message counts its bytes.
package server
