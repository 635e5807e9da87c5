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
// [Rights] has the two functions of merge.Stored that decide what a push may change.
//
// Pulling: a [Cursor] is the position of a client. For each chunk of a pull, the server reads one
// [Snapshot], and [Cursor.Begin] says which buckets the client must load again.
//
// The client: [Loss.Keep] says in which buckets a record remains.
//
// Package merge/memory is a small server that does all of this. The page SHARING.md of
// examples/syncserver describes it for developers of apps.
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
// # A server: writes
//
// The log of a workspace has a row for each bucket in which a record is or was. The row has the
// sequence at which the record entered the bucket, last changed in it, or left it. A write stores
// its rows in its own transaction: one for each bucket of the record after the write, and one for
// each bucket that it leaves, which is a departure. Each write takes its own sequence, so that rows
// with one sequence belong to one record and are never sent in different chunks.
//
// A row says only where to look. Whether it is a departure follows from the record as it is now: it
// is one unless Func.Of names its bucket. So when a record dies because the fence rises, or when a
// dead record is overwritten or erased, its rows become departures and keep their sequences.
//
// A departure may be purged when its sequence is at or below the fence, and a dead record, with its
// rows, when the sequence of the record is.
//
// Writes and grants take their sequences from one counter. A grant takes a sequence of its own, also
// if the user had the bucket once and lost it: the client loads the bucket if its position is lower.
// If the user has the bucket, a grant changes nothing but the role. A revocation only removes the
// grant.
//
// # A server: pulls
//
// Each chunk of a pull is made from one snapshot of rights, records and log:
//
//	resets, tells := cursor.Begin(snapshot)
//	a line for each reset: the buckets, and why
//	for each bucket b that the user has:
//		after, begun := cursor.Range(snapshot.Granted[b])
//		rows of b with a sequence above after, without departures up to begun
//	for the record of each row, in the order of sequences:
//		in := snapshot.Has(buckets.Of(record, fence))
//		a line with the record and in, or, if in is empty, a line that it has left
//	cursor.Reach(the last sequence), or cursor.Settle(snapshot.Seq) if no rows are left
//	a last line: the cursor, the buckets of the snapshot if tells, and the fence
//
// For a client that has only the bucket "", tells is true each time: the name tells the client that
// there may be records which its user may not read. A server without buckets names none.
//
// A record that moves between two buckets of one user has a row in both. If both rows are in a
// chunk, the later one is enough. In different chunks, both must be sent: before the later one is,
// the user may lose its bucket.
//
// # A client
//
// A client applies a chunk in one step, together with its cursor, and only if its cursor is still
// the one that it had sent. Two processes that share a store, such as two tabs of a browser, share
// one cursor. A chunk changes what the client holds, in this order:
//
//   - Resets, and buckets that the last line no longer names, are removed from every record: a [Loss].
//   - A line with a record replaces the record and the buckets in which it is held.
//   - A record without buckets is forgotten, and so is one that has left.
//   - Records that are dead at the fence are forgotten; see merge.Purge.
//
// Forgetting writes nothing. When a record is forgotten, or a line says that it has left, the edits
// of the client that wait for an answer remain in its outbox, but are not shown until a line brings
// the record again. After a reset this holds for all records, because no line is sent for a record that
// is now in other buckets. But if the last line names no buckets, and the client was told none besides the
// bucket "", the server does not divide its records, and the edits stay shown. An accepted edit is shown until a pull has settled that began, in any of the
// processes, after the answer was stored.
//
// # Hazards
//
// The Func must be pure, and depend on the merged record alone. If it depended on another record, a
// write to that record would have to move this one. It must treat a deleted field like an absent
// one, because deleted fields are purged. If the Func changes, the server must file all records
// again, and begin a new epoch if any of them moved.
//
// Rights.MayWrite looks only at buckets that are new to a record. In an application with roles, Add
// should permit only buckets in which the user may write, and the application's own
// merge.Stored.MayWrite should refuse what a reader changes in a record that stays where it is.
//
// A record that is in no bucket can be read and written by no client. A server that does not want
// such records refuses them in its own merge.Stored.MayWrite.
//
// If a record names its bucket in a field, an edit of another field must not create the record, or it
// would be in another bucket. This happens when the creation was refused and its author had edited
// the record meanwhile. A merge.Stored.MayWrite can refuse an item that is not New on a record
// without fields.
//
// A deleted record stays in its buckets, because it can be restored. It leaves them when it is dead
// or erased.
//
// Rights that were read for one chunk must not be used for the next. A client that loses a bucket
// keeps its records until it pulls, and nothing makes a device forget what it has shown.
//
// A client that may not read a record still learns something about it from its pushes; package
// merge lists what. From the sequences of its lines it learns how much others write, and from the
// last line when they last wrote.
package buckets
