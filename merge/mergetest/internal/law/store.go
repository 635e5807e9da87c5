package law

// storeLaws are about the store as a whole, and about pulls.
func storeLaws() map[Law]Text {
	return map[Law]Text{
		Whole: {
			"an item is stored whole or not at all",
			"If the server dies during a push, or answers it with an error, either all fields of an item that win are stored, or none.",
			"Store in one transaction what belongs to one item.",
		},
		RefusedLeavesNothing: {
			"a refused item leaves nothing behind",
			"Of an item that was refused, nothing is stored: no field, and nothing in the clock.",
			"Look for something that is stored before the whole item was judged.",
		},
		Damaged: {
			"what was damaged on its way is not merged",
			"A batch that is no JSON in valid UTF-8 is refused, with an error or item by item. Whatever is stored of it is what was sent, and the same batch is accepted when it comes undamaged.",
			"Decode with merge.Engine.Decode. Look for encoding/json, which replaces bytes that are not UTF-8, and for a stream of which the first half is stored.",
		},
		Stays: {
			"what is stored stays",
			"A write that was stored and seen is replaced by a greater one, and by nothing else.",
			"Either an older copy of the row was written over it, with a push that is about something else: look for a cache, for a row that is read before the lock or outside of the transaction, and for an UPDATE or REPLACE of the whole row. Or it is gone, or hidden: look for DELETE or a purge of a deleted record or of old deletions, and for a pull that leaves out what is deleted.",
		},
		Durable: {
			"what was accepted survives a restart",
			"An item is answered after it was committed, and not before.",
			"Look for what is kept in memory only, or for an answer that is sent before the commit.",
		},
		Restored: {
			"a restored server begins again from its backup",
			"A server that is restored from a backup has what the backup has. What came later is stored if a client pushes it again, as if it came for the first time, and not otherwise.",
			"Look for what is kept elsewhere than in the store that is backed up: caches, marks, keys of requests that were answered.",
		},
		Meet: {
			"pushes that meet lose nothing",
			"Two pushes of one record that are served at the same time end like one after the other.",
			"Look for read, then write without a lock: lock the rows before reading them, or compare and swap.",
		},
		Skip: {
			"a pull skips nothing",
			"A client that pulls from its last cursor ends with the same as one that begins anew.",
			"Look for a change that gets no new sequence, for a cursor that is a stamp, for > where two rows share a sequence, for a page that ends between them, for a cursor that is an offset, or is read after the rows, for a sequence that is drawn before the commit, and for a cursor from before the server was restored.",
		},
		Stale: {
			"a pull returns what was accepted before it",
			"A pull that begins after a push was answered returns what that push stored.",
			"The write is stored: sent again, it changes nothing, and a later pull returns it. Look for a pull that reads from a replica that lags, from a cache, or from a snapshot taken before the last commit, and for a store that is written after the answer. Let this test read from the primary.",
		},
		Names: {
			"tables, IDs and field names are kept apart, byte by byte",
			"A name comes back as it was written, and two names that differ in one byte are two names.",
			"With plain names in the place of these the same steps break no law. Look for a collation, or code, that ignores case, accents, normal form or spaces at the end, for LIKE, for a key that is joined from several names or has lost its table, for a name that is read as a number, a path, a format or an escape, and for a column or an index that cuts names.",
		},
		Readable: {
			"a pull can be read and ends",
			"A pull returns mutations as JSON Lines or as an array, with a table, an ID, and fields with stamps, and after the last one the cursor that it was sent.",
			"Write records with record.Mutation.AppendJSON, one a line, and return the cursor unchanged if there is nothing new.",
		},
		ServerClock: {
			"the server's clock observes what it accepted",
			"A write of the server's own is later than what it replaces.",
			"Let the clock observe Answer.Greatest after each commit, and restore Last after a restart.",
		},
		Poison: {
			"a refused stamp does not move the server's clock",
			"The server's own writes are not stamped further ahead than the stamps that it accepted.",
			"Observe Answer.Greatest, after the commit, and not what was pushed.",
		},
	}
}

// runLaws are about a run as a whole.
func runLaws() map[Law]Text {
	return map[Law]Text{
		Settle: {
			"all settles when the faults end",
			"When all devices are online and no answer is lost, each item is accepted or refused for good within ten rounds.",
			"Look for an item that is refused as retryable over and over, and for a serverTime that does not help to mend a clock.",
		},
		Dies: {
			"a server that dies does nothing more",
			"Where Env.Crash returns an error, the process is dead: Push returns that error at once.",
			"Look for an error of Env.Crash that is logged or dropped, and for a loop that tries again after any error.",
		},
		Panics: {
			"nothing panics",
			"Neither the backend nor a Client panics, whatever is sent and whatever is stored.",
			"The first line of the stack is where it panicked. Say what is wrong with an item in the reply to it, and what is wrong with a whole request by an error.",
		},
		Kit: {
			"the kit works",
			"This is a bug of the kit, or of what the client side of this library does.",
			"Please report it with this text.",
		},
	}
}
