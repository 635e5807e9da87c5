package law

// storeLaws are the laws about the store as a whole, and about pulls.
func storeLaws() map[Law]Text {
	return map[Law]Text{
		Whole: {
			"an item is stored whole or not at all",
			"If the server dies during a push, or answers it with an error, either all winning fields of an item are stored, or none of them.",
			"Store all fields of an item in one transaction.",
		},
		RefusedLeavesNothing: {
			"a refused item leaves nothing behind",
			"A refused item stores no field and does not move the clock.",
			"Look for data that is stored before the whole item is judged.",
		},
		Damaged: {
			"damaged data is not merged",
			"A batch that is not JSON in valid UTF-8 is refused, with an error or item by item. Any part of it that is stored is stored as it was sent. The same batch is accepted when it arrives undamaged.",
			"Decode with merge.Engine.Decode. Look for encoding/json, which replaces bytes that are not UTF-8, and for a streaming decoder that stores the first half of a batch.",
		},
		Stays: {
			"a stored write is replaced only by a greater one",
			"A write that was seen in the store is replaced by a greater write, and by nothing else.",
			"Perhaps a push of another write overwrote it with an older copy of the row: look for a cache, for a row that is read before the lock or outside the transaction, and for an UPDATE or REPLACE of the whole row. Or the write is gone or hidden: look for DELETE, for a purge of a deleted record or of old deletions, and for a pull that leaves out deleted data.",
		},
		Durable: {
			"accepted writes survive a restart",
			"An item is committed before it is answered.",
			"Look for state that is kept only in memory, and for an answer that is sent before the commit.",
		},
		Restored: {
			"a restored server starts from its backup",
			"A server that is restored from a backup has exactly the state of the backup. A write that came after the backup is stored only if a client pushes it again, as if it arrived for the first time.",
			"Look for state that is kept outside the store that is backed up, such as caches, marks, or the keys of answered requests.",
		},
		Meet: {
			"concurrent pushes lose nothing",
			"Two pushes of one record that are served at the same time have the same result as if they were served one after the other.",
			"Look for a read followed by a write without a lock. Lock the rows before you read them, or compare and swap.",
		},
		Skip: {
			"a pull skips nothing",
			"A client that pulls from its last cursor ends with the same state as a client that pulls from the beginning. Only the deletions of dead records, which have no stamp above the fence, may be missing.",
			"Look for a change, such as an erasure, that gets no new sequence number, and for a sequence number that is drawn before the commit. Look for a cursor that is a stamp or an offset, that is read after the rows, or that comes from before the server was restored. Where two rows share a sequence number, look for a comparison with >, and for a page that ends between them.",
		},
		Stale: {
			"a pull returns everything accepted before it",
			"A pull that begins after a push was answered returns the writes that the push stored.",
			"The write is stored: sent again, it changes nothing, and a later pull returns it. Look for a pull that reads from a lagging replica, from a cache, or from a snapshot taken before the last commit, and for a store that is written after the answer. Make this test read from the primary.",
		},
		Names: {
			"tables, IDs and field names are kept byte for byte",
			"A name is read back as it was written, and two names that differ in one byte are different names.",
			"With plain names instead, the same steps break no law. Look for a collation, or code, that ignores case, accents, Unicode normal form or trailing spaces, for LIKE, for a key that joins several names or lacks the table, for a name that is read as a number, a path, a format or an escape, and for a column or an index that truncates names.",
		},
		Readable: {
			"a pull is readable and ends",
			"A pull returns mutations as JSON Lines or as a JSON array, each with a table, an ID, and fields with stamps. After the last mutation, a pull returns the cursor that it was sent.",
			"Write records with record.Mutation.AppendJSON, one per line, and return the cursor unchanged if there is nothing new.",
		},
		ServerClock: {
			"the server's clock observes accepted stamps",
			"A write of the server's own is later than the write that it replaces.",
			"Let the clock observe Answer.Greatest after each commit, and restore Last after a restart.",
		},
		Poison: {
			"a refused stamp does not move the server's clock",
			"The server does not stamp its own writes further ahead than the stamps that it accepted.",
			"Observe Answer.Greatest, after the commit, and not the stamps that were pushed.",
		},
		Derived: {
			"an audit of the rules changes nothing",
			"What a backend derives from its records with each write is what an audit derives from all of them.",
			"The last step of the schedule made the write whose rules were skipped. Look for a write of the server's own, an import, an erasure or a retry that stores records without running the rules, and for rules that run outside the transaction of the write, or on the records from before it.",
		},
		Filled: {
			"what a backend stores at first is pulled as it is",
			"When newBackend returns, the store has the records of Options.Stored. A client that pulls from the beginning gets each of them with these values and these stamps.",
			"Look for rows that a migration left without a sequence number, so that no pull returns them, for stamps that are NULL or the time of the migration, and for values that it converted. Look also for a store that newBackend fills after it read its state into memory.",
		},
		Kept: {
			"no value of a kept field vanishes",
			"Each accepted value of a field that Keeper.Keeps names stands, or was overwritten by a write that has it as its base, or lies at or below the fence, or was erased, or is among the writes that Held returns.",
			"Hold the loser of each decision unless the base of the winner is its stamp: an unknown Seen counts as unseen, also if both writes are by one client or the late one may be a retry. Look for a held value that is stored outside the transaction of the push, that is dropped to make room, or whose key is the stamp alone, which a clone may use for several values.",
		},
	}
}

// runLaws are the laws about a run as a whole.
func runLaws() map[Law]Text {
	return map[Law]Text{
		Settle: {
			"everything settles when the faults end",
			"When all devices are online and no answer is lost, each item is accepted or refused permanently within ten rounds.",
			"Look for an item that is refused as retryable over and over, and for a serverTime that does not help a client to correct its clock.",
		},
		Dies: {
			"a server that dies does nothing more",
			"When Env.Crash returns an error, the process is dead: Push returns that error at once.",
			"Look for an error from Env.Crash that is logged or dropped, and for a loop that retries after any error.",
		},
		Panics: {
			"nothing panics",
			"Neither the backend nor a Client panics, whatever is sent and whatever is stored.",
			"The first line of the stack shows where the code panicked. Report a problem with an item in the reply to it, and a problem with a whole request as an error.",
		},
		Kit: {
			"the kit works",
			"This is a bug in the kit, or in the client side of this library.",
			"Please report it with this text.",
		},
	}
}
