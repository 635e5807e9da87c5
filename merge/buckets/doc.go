// Package buckets divides the records of a workspace among clients that may each read only a part
// of them. It is the pure part of partial replication: the server keeps the tables, and asks this
// package what an update moves, what a client may read, and what a pull must send next.
//
// # Map
//
// A bucket is a set of records with a name, such as project/42. A [Func] names the buckets of each
// record. Rights give buckets to users, and a client holds the records of all buckets that its user
// has. An app without partial replication has the one bucket "", which the nil Func names.
//
// Pushing: [Func.Moves] says which buckets an update enters or stays in, and which ones it leaves.
// [Rights] are the two functions of merge.Stored that decide what a push may change.
//
// Pulling: a [Cursor] is the position of a client. For each chunk of a pull, the server reads one
// [Snapshot], and [Cursor.Begin] says which buckets the client must load again.
//
// The client: [Loss.Keep] says in which buckets a record remains.
//
// # Files
//
//	func.go      Func: the buckets of a record, and what an update moves
//	rights.go    Rights: who may read and write a record
//	snapshot.go  Snapshot, Reset, and what a client is told
//	cursor.go    Cursor: what to send next
//	text.go      the text of a cursor
//	loss.go      Loss: what a client forgets
//
// # A server
//
// Each row of the log of a workspace says that a record entered, changed in, or left a bucket at a
// sequence. A write adds its rows in its own transaction: a live row for each bucket of the record
// after the write, and a departure for each bucket that the record has left. A departure stays
// until its sequence is below the fence. A row says only where to look: whether it counts as a
// departure follows from the record as it is now.
//
// A grant takes a sequence of its own, so that a client that has the bucket already before the
// grant is told apart from one that must load it. A revocation only removes the grant.
//
// Each chunk of a pull is made from one snapshot of rights, records and log:
//
//	resets, told := cursor.Begin(snapshot)
//	for each bucket b that the user has:
//		after, begun := cursor.Range(snapshot.Granted[b])
//		rows of b with a sequence above after, without departures up to begun
//	for each record, in the order of sequences:
//		in := snapshot.Has(buckets.Of(record, fence))
//		a line with the record and in, or, if in is empty, a line that it has left
//	cursor.Reach(the last sequence), or cursor.Settle(snapshot.Seq) if no rows are left
//
// # A client
//
// A line with a record replaces the record and the buckets in which it is held. A line that a
// record has left, and a [Loss] after which no bucket remains, make the client forget the record.
// Forgetting writes nothing. The client applies a chunk in one step, together with its cursor, and
// only if its cursor is still the one that it had sent: two processes that share a store share one
// cursor.
//
// # Hazards
//
// The Func must be pure, and depend on the merged record alone. If it changes, all records must be
// stored again with new sequences. If it depended on another record, a write to that record would
// have to move this one.
//
// A deleted record stays in its buckets, because it can be restored. It leaves them when it is dead
// or erased: see merge.Purge.
//
// Rights that were read for one chunk must not be used for the next.
package buckets
