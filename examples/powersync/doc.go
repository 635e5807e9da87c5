// Package powersync is a write endpoint for apps that sync with PowerSync: it takes the client's
// upload queue and merges it field by field. Copy the package, and the two modules in client, and
// replace memory.Server with a store of your own.
//
// PowerSync downloads rows to a SQLite database on the device, and leaves writes to the app: it
// queues them, and a connector uploads the queue to an endpoint of the app's backend. A [Handler] is
// such an endpoint, with the bodies of PowerSync's reference write API. Each queued operation, an
// [Entry], becomes a record.Mutation. Its stamp and its base come from the metadata of the entry; see
// [Metadata].
//
// # Files
//
//	wire.go       Batch, Transaction, Entry and Result: the bodies of requests and answers
//	handler.go    Handler: the HTTP endpoint
//	apply.go      one transaction, and what its client is told
//	metadata.go   Metadata: the stamp and the base of an entry
//	mutation.go   from an Entry to a record.Mutation
//	schema.go     Schema: the types of columns, and their values
//	row.go        from a record to the row that PowerSync downloads
//	arrivals.go   entries without a stamp
//	client        stamps and the connector, in JavaScript
//
// # Hazards
//
// The queue blocks: the client sends its first transaction again until the answer lets it go on. So
// a write that can never be accepted must be answered as a fatal error, which the client drops with a
// notice. A Handler answers retryable_error only if time or a corrected clock helps.
//
// A transaction is not atomic: each entry is accepted or refused on its own. Columns that must win
// together belong in one column of type JSON.
//
// An entry without a stamp wins or loses by the time at which it arrives; see [Options].
package powersync
