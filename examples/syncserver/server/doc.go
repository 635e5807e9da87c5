// Package server is a sync server to begin one's own with: clients push what they wrote
// offline, pull what changed, and hear of changes as they come.
//
// # Map
//
//	server.go      the options and the limits
//	http.go        the routes and errors
//	push.go        a push, from the body to the answer
//	pull.go        a pull, by sequence, page by page
//	events.go      live updates
//	access.go      who may join, and the tokens
//	database.go    SQLite or PostgreSQL: the tables, and the few differences
//	records.go     reading and storing records
//	violations.go  the index that the rules look things up in
//	log.go         what is logged, and the journal
//	audit.go       all violations, derived anew
//	databasetest   empty databases, for tests
//
// # A workspace is the unit of locking
//
// Each transaction that stores something begins by locking the row of its workspace,
// which holds the last sequence. That is the only lock, so there is no deadlock; two
// pushes cannot overwrite each other, or both miss what they do together; and sequences
// become visible in their order, so that a puller skips none. It holds for any number of
// server processes on one database.
//
// The price is that the pushes to one workspace come one by one. Where a workspace is
// as large as a company, lock its records instead, as examples/storage does.
//
// # A backup that was restored
//
// A client whose cursor lies above the sequence of a restored database would not hear of
// what gets the sequences between, and does not send again what was accepted after the
// backup was made. So stop the servers, delete the row of the table secrets, and start
// them: all tokens have ended, and the clients join anew and pull everything. What the
// backup did not have is lost, but for what still waits to be sent.
package server
