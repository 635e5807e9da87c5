package mergetest

// law is something that must hold. The order of the list does not matter.
type law int

const (
	lawAnswered law = iota
	lawWellFormed
	lawOrder
	lawFine
	lawNeighbours
	lawBadRefused
	lawRefusedLeavesNothing
	lawBlind
	lawAhead
	lawRetry
	lawWhole
	lawOutcome
	lawCollision
	lawLost
	lawStays
	lawLater
	lawCounter
	lawClient
	lawKind
	lawValue
	lawTombstone
	lawRevive
	lawVanish
	lawFour
	lawExact
	lawStamp
	lawInvented
	lawDurable
	lawRestored
	lawMeet
	lawDamaged
	lawSkip
	lawReadable
	lawSettle
	lawDies
	lawPanics
	lawServerClock
	lawPoison
	lawKit // the last one of servers
)

// lawText is what is told of a law that is broken: its name, what it says, and where to
// look.
type lawText struct{ name, says, look string }

func (l law) text() lawText {
	if l <= lawKit {
		return serverLaws[l]
	}
	return clientLaws[l]
}

var serverLaws = [...]lawText{
	lawAnswered: {
		"requests are answered",
		"A push or a pull returns no error, unless Env.Crash did, another request is being served, or the batch was damaged. What is wrong with one item is said in the reply to that item.",
		"Look at the error above. If it is about one item of the batch, make a verdict of it.",
	},
	lawWellFormed: {
		"verdicts are well-formed",
		"The answer is a JSON array with one reply for each item, which is accepted, or refused with a code.",
		"Answer with merge.Answer.AppendJSON, or compare with merge.Reply.",
	},
	lawOrder: {
		"verdicts come in the order of the batch",
		"The reply at position i has the index i, and names the table and the ID of item i.",
		"Look for a map, or for a sorting of the items, on the way from the batch to the answer.",
	},
	lawFine: {
		"what is sound is accepted",
		"An item that is well-formed, written by the client that pushes it, and not too far ahead, is accepted, however old its stamp is and whatever is stored.",
		"Losing against what is stored is no reason to refuse: accept it and answer superseded. If only the tables or fields of the kit are not allowed, set Options.Table and Options.Fields. If it takes a push that is spelled otherwise, look for a text that is compared or checked before it is read.",
	},
	lawNeighbours: {
		"a bad item does not block its neighbours",
		"Each item is accepted or refused by itself.",
		"Look for an early return, or a rollback, on the first item that is refused.",
	},
	lawBadRefused: {
		"what is bad is refused for good",
		"An item that is malformed, has the client ID of somebody else or a reserved name, or has what Options.Refused has, is refused, with retryable false and the same code, each time that it comes.",
		"Check before the join: merge.Engine does, if Input.Actor is the client that was authenticated.",
	},
	lawRefusedLeavesNothing: {
		"a refused item leaves nothing behind",
		"Of an item that was refused, nothing is stored: no field, and nothing in the clock.",
		"Look for something that is stored before the whole item was judged.",
	}, lawBlind: {
		"a server without the time accepts nothing",
		"While the server's own wall clock is not set, it can judge no stamp: it refuses each item with the code server_clock, retryable, so that clients keep it.",
		"Give merge.Input.Wall the time as Env.Now returns it, and do not make up another one. If the clock is not set, too_far_ahead is wrong: clients would set their clocks by the serverTime.",
	},

	lawAhead: {
		"what is too far ahead is refused",
		"A stamp further ahead of the server's wall clock than MaxAhead is refused with the code too_far_ahead, retryable, and with the server's time; the same later on is accepted. One that is not further ahead is no reason to refuse.",
		"Judge by the wall clock alone, as clock.Clock.Check and merge.Engine do, in whole milliseconds, inclusive. If the bound is another one, set Options.MaxAhead.",
	},
	lawWhole: {
		"an item is stored whole or not at all",
		"If the server dies during a push, or answers it with an error, of each item all fields are stored that win, or none.",
		"Store in one transaction what belongs to one item.",
	},
	lawRetry: {
		"a retry changes nothing",
		"An item that was accepted before is accepted again, and changes nothing.",
		"Look for a stamp or an ID that the server gives to an item anew, for a conflict with what the item itself stored, and for an answer that was kept by an idempotency key: it must not be replayed, since changed and the outcomes tell of this time.",
	},
	lawOutcome: {
		"the answer says what happened",
		"A field is applied, superseded, equal or collision by comparing it with the greatest write that was accepted before, and changed says whether one of them is stored now and was not before.",
		"Look at what the batch is compared with: is it the newest state, read in the same transaction?",
	},
	lawCollision: {
		"a stamp that was used twice is reported",
		"If another write with the same stamp is there already, the reply has the note collision or the outcome collision. The client then takes a new ID.",
		"Compare the values as well where stamps are equal. A retry is equal in both; a clone or a restored backup is not.",
	}, lawLost: {
		"a lost edit is reported, and no other",
		"Of two writes by different clients, with different values, one is lost if the incoming one wins and its base is below the other, or if it loses, has a base, and is above the greatest stamp that was accepted from the client before.",
		"See Lost edits in package merge. Is the base handed on? Are Answer.Marks stored in the same transaction as the records, and read with them into Input.Marks? An answer may leave out fields and notes, but what it has must be true.",
	},

	lawStays: {
		"what is stored stays",
		"A write that was stored and seen is replaced by a greater one, and by nothing else.",
		"An older copy of the row was written over it, with a push that is about something else: look for a cache, for a row that is read before the lock or outside of the transaction, and for an UPDATE or REPLACE of the whole row.",
	},
	lawLater: {
		"the later write wins",
		"Of two writes of a field, the one with the later time wins, in whatever order they arrive.",
		"Look for an assignment without a comparison, or for a comparison of something else than updatedAt: arrival, rows, text in several forms.",
	},
	lawCounter: {
		"the digits below the millisecond count",
		"Stamps within one millisecond are ordered by their last six digits.",
		"Look for a stamp on its way through a Date of JavaScript, a timestamp column, a float64, or a cut text. If it takes a flood, look for a large batch of which a part is not stored.",
	},
	lawClient: {
		"at equal times the greater client ID wins",
		"Writes of the same time are ordered by the bytes of the client ID, unsigned, in whatever order they arrive.",
		"Look for > or >= on times alone, for keep mine or take theirs, for signed bytes, and for a collation.",
	},
	lawKind: {
		"at equal stamps a deletion wins over a value",
		"If one stamp was used twice, a deletion is above every value, in whatever order they arrive.",
		"Look for a comparison that ends at the stamp, or that takes a deletion to be the least value.",
	},
	lawValue: {
		"at equal stamps the greater value wins",
		"If one stamp was used twice, the value whose canonical JSON has the greater bytes wins, in whatever order they arrive.",
		"Look for a comparison that ends at the stamp, or that compares values as numbers or backwards.",
	},
	lawTombstone: {
		"what is deleted stays deleted",
		"A deletion is a write like any other. It is kept as a tombstone, so that an older value that arrives late does not bring the field back.",
		"Look for DELETE, or a NULL without a stamp, where a field is deleted, also one that was not there.",
	},
	lawRevive: {
		"only a delete or a restore touches $deleted",
		"$deleted is a field like any other: only a later false brings a record back, and not a later write of another field.",
		"Look for code that clears or sets $deleted when something else is written, and for a list of fields that lacks it.",
	},
	lawVanish: {
		"what was accepted is stored and can be pulled",
		"A field that was accepted is stored, whether the server knows its name or not, and a client that pulls from the beginning gets it.",
		"Look for a fixed list of fields or columns on the way in and out, for a REPLACE of a whole record by what was pushed, for a WHERE that hides deleted records from a pull, and for a page that ends between two rows of one sequence.",
	},
	lawFour: {
		"absent, null, deleted and empty are four things",
		"Each of them comes back as what it was written as.",
		"Look for SQL NULL, omitempty, or a nil that stands for two of them.",
	},
	lawExact: {
		"a value comes back as it was written",
		"The stored value has the canonical JSON of the written one, with all digits of integers.",
		"Look for json.Unmarshal into any, float64, normalisation, and a column that rewrites what it holds.",
	},
	lawStamp: {
		"the server does not stamp anew",
		"A write keeps the time and the client that it came with.",
		"Look for time.Now or for the client of the request where a field is stored, and for a fraction of a second that is read as a number: .5Z is half a second.",
	},
	lawInvented: {
		"nothing is stored that nobody wrote",
		"Each stored write is one that a client sent.",
		"Look for a merged value, a counter, or fields of two writes that were mixed.",
	},
	lawDurable: {
		"what was accepted survives a restart",
		"An item is answered after it was committed, and not before.",
		"Look for what is kept in memory only, or for an answer that is sent before the commit.",
	}, lawRestored: {
		"a restored server begins again from its backup",
		"A server that is restored from a backup has what the backup has. What came later is stored if a client pushes it again, as if it came for the first time, and not otherwise.",
		"Look for what is kept elsewhere than in the store that is backed up: caches, marks, keys of requests that were answered.",
	},

	lawMeet: {
		"pushes that meet lose nothing",
		"Two pushes of one record that are served at the same time end like one after the other.",
		"Look for read, then write without a lock: lock the rows before reading them, or compare and swap.",
	}, lawDamaged: {
		"what was damaged on its way is not merged",
		"A batch that is no JSON in valid UTF-8 is refused, with an error or item by item. What is stored of it was sent so, and the same batch is accepted when it comes undamaged.",
		"Decode with merge.Engine.Decode. Look for encoding/json, which replaces bytes that are not UTF-8, and for a stream of which the first half is stored.",
	},

	lawSkip: {
		"a pull skips nothing",
		"A client that pulls from its last cursor ends with the same as one that begins anew.",
		"Look for a cursor that is a stamp, for > where two rows share a sequence, for a page that ends between them, for a sequence that is drawn before the commit, and for a cursor from before the server was restored.",
	},
	lawReadable: {
		"a pull can be read and ends",
		"A pull returns mutations as JSON Lines or as an array, with a table, an ID, and fields with stamps, and after the last one the cursor that it was sent.",
		"Write records with record.Mutation.AppendJSON, one a line, and return the cursor unchanged if there is nothing new.",
	},
	lawSettle: {
		"all settles when the faults end",
		"When all devices are online and no answer is lost, each item is accepted or refused for good within ten rounds.",
		"Look for an item that is refused as retryable over and over, and for a serverTime that does not help to mend a clock.",
	},
	lawDies: {
		"a server that dies does nothing more",
		"Where Env.Crash returns an error, the process is dead: Push returns that error at once.",
		"Look for an error of Env.Crash that is logged or dropped, and for a loop that tries again after any error.",
	},
	lawPanics: {
		"nothing panics",
		"Neither the backend nor a Client panics, whatever is sent and whatever is stored.",
		"The first line of the stack is where it panicked. Say what is wrong with an item in the reply to it, and what is wrong with a whole request by an error.",
	},
	lawServerClock: {
		"the server's clock observes what it accepted",
		"A write of the server's own is later than what it replaces.",
		"Let the clock observe Answer.Greatest after each commit, and restore Last after a restart.",
	},
	lawPoison: {
		"a refused stamp does not move the server's clock",
		"The server's own writes are not stamped further ahead than the stamps that it accepted.",
		"Observe Answer.Greatest, after the commit, and not what was pushed.",
	},
	lawKit: {
		"the kit works",
		"This is a bug of the kit, or of what the client side of this library does.",
		"Please report it with this text.",
	},
}
