// Package memory is a reference backend: a sync server in memory, to read and to test
// clients against.
//
//	server := &memory.Server{}
//	answer, err := server.Push(client, batch)        // what a push handler does
//	lines, next, err := server.Pull(client, cursor)  // what a pull handler does
//
// It has what each backend needs: a push that is decided and stored in one step, the
// watermark of each client, and a sequence for each change. It has no login, no HTTP and no
// persistence, and it writes nothing of its own, so it has no clock to stamp with. Package
// merge describes what a database adds, and examples/syncserver is a whole server.
//
// A [Server] is a mergetest.Backend.
//
// # Files
//
//	server.go   the push and the pull handler
//	store.go    what would be tables: records, watermarks and the sequence
package memory
