package law

// bucketLaws are the laws about a backend whose clients read only some buckets.
func bucketLaws() map[Law]Text {
	return map[Law]Text{
		Secret: {
			"a client receives only what it may read",
			"No answer contains the ID or a value of a record that its client may not read at that moment: no line of a pull, and no reply to a push. If the author of an item may not read the stored record, the reply is forbidden, without path, detail, fields and notes. Only if every write of the item stands and is the author's own, the reply is accepted, and says nothing else.",
			"Read the rights, the rows and the values of each page from one snapshot, and judge each page by its own. Look for rights that are read once for all pages of a pull, and for a cache. In a push, judge reading before purging, and look for the code gone, for outcomes and for notes about a record that may not be read. See merge.Stored.MayRead.",
		},
		Unheard: {
			"a client hears only of records that it could read before",
			"A line with left names only records that the client was once entitled to read.",
			"Look for departures that are sent in a load: rows that count as gone, at or below the sequence at which the load began, are skipped. A row counts as gone unless its record is in that bucket now. Look for a bucket that is granted again and is not loaded again, and for a deletion or an erasure that gives the row of a dead record a new sequence.",
		},
		Named: {
			"a pull names the right buckets",
			"The member in of a line has those buckets of its record that the client may read, and the member buckets at the end of a page has all buckets that the client may read.",
			"Look for a line that names only the bucket in whose log it was found, for buckets of an older version of the record, and for rights of an earlier page.",
		},
		Keeps: {
			"at rest a client holds only what it may read",
			"A client that has pulled everything holds no record that it may not read: not after a move, a revocation, a deletion, a purge or a restore.",
			"Look for a departure that is not stored, or that is purged while some cursor is below it without a reset. Look for a revocation after which the member buckets is not sent, for example because the server takes note of what it sent, and the answer was lost. Look for a departure that gets no sequence of its own, and for a page that ends between two rows with one sequence.",
		},
		Lacks: {
			"at rest a client holds all that it may read",
			"A client that has pulled everything holds all records that it may read.",
			"Look for a grant without a sequence of its own, or with a sequence to which cursors are not compared, so that the bucket is not loaded. Look for a line with left for a record that is in another bucket of the client, and for a load that skips rows by the cursor of other buckets.",
		},
		Evicts: {
			"eviction writes nothing",
			"A pull that takes records away from a client changes nothing on the server.",
			"Look for a departure that is stored as a deletion, and for a pull that writes what it sent.",
		},
		Rights: {
			"a client writes only what it may write",
			"An item changes a stored record only if its author may read a bucket of that record, and it adds the record only to buckets of its author. Each item is judged by the stored record joined with the items that passed before it, in ascending order of their greatest stamps.",
			"Look for rights that are read before the lock, for items that are judged by the record stored before the batch, and for a new record or a new life of a record that is not judged. See merge.Stored.MayRead and MayWrite.",
		},
		Allowed: {
			"an item is forbidden only for lack of rights",
			"An item whose author may read a bucket of the stored record, and which adds no bucket without rights, is not forbidden. Writes that are not above the stored ones are not judged.",
			"Look for rights that are not stored, for a restart that loses them, for buckets that are compared in another spelling, and for a guard that is asked about the whole item instead of the writes above the stored record.",
		},
		HandedOver: {
			"a retry after a hand-over changes nothing",
			"An item that was accepted is accepted again if all its writes still stand, even if its author may no longer read the record, for example because the item moved it. If a write was overwritten, it is forbidden.",
			"Look for a guard that is asked before the item is compared with the stored record.",
		},
	}
}
