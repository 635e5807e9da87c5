// Package memory implements a reference backend: a sync server in memory, to read and to
// test clients against.
//
//	server := &memory.Server{}
//	answer, err := server.Push(client, batch)        // the push handler
//	lines, next, err := server.Pull(client, cursor)  // the pull handler
//
// It has the parts that every backend needs: a push that is decided and stored in one step,
// the watermark of each client, and a sequence for each change. It has no login, no HTTP and
// no persistence. It makes no writes of its own except for erasures, which take their stamps from
// the record, so it has no clock for stamps. Package merge describes what a database adds, and
// examples/syncserver is a complete server.
//
// A server that never calls [Server.Purge] keeps all deletions. A server that calls Purge keeps
// deletions for a retention; its clients must then do what Pull says.
//
// [Server.Restored] returns a server as it is after a restore from a backup: it makes its clients
// pull everything again.
//
// A server with [Server.Buckets] shows each client only the records of the buckets that it was given
// with [Server.Grant]. Package buckets describes the protocol.
//
// [Server.Import] brings the rows of an older system over, as package imports describes.
//
// A [Server] is a mergetest.Backend.
//
// # Files
//
//	server.go   the push handler
//	pull.go     the pull handler
//	page.go     the records of a page, and the text of a cursor
//	rights.go   which client may read which buckets, and write there
//	purge.go    the fence: samples, raises, and the sweep
//	store.go    the tables of a database: records, watermarks and the sequence
//	import.go   rows of a source without stamps, and the ledgers of their imports
package memory
