// Package local implements a sync server without a network and without a database: a browser runs it, built for
// WebAssembly, so that the page needs no other server. It answers the requests of PROTOCOL.md that the page sends.
//
//	local.go    Options, Server and Open
//	request.go  requests, answers and failures
//	push.go     pushes
//	pull.go     pulls
//	users.go    joining, and members of buckets
//	entries.go  the saved state
//	board.go    the options for the board
//
// # Saving
//
// [Server.Serve] changes the state in memory and returns the entries to save with the answer. The caller saves all
// entries of an answer in one transaction before it sends the answer, and begins no other request meanwhile: a pull could
// otherwise return a write that is never saved. If saving fails, the caller opens a new Server from what is saved.
//
// # What it leaves out
//
// There is one workspace, which everyone may join who can reach the server. Nothing is purged or erased, so there is no
// fence. There are no quotas, no log and no journal. Tokens do not end. No rows of lost edits are stored, so only the
// answer to a push reports one.
package local
