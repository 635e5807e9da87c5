package law

// answerLaws are about what a push is answered.
func answerLaws() map[Law]Text {
	return map[Law]Text{
		Answered: {
			"requests are answered",
			"A push or a pull returns no error, unless Env.Crash did, another request is being served, or the batch was damaged. What is wrong with one item is said in the reply to that item.",
			"Look at the error above. If it is about one item of the batch, make a verdict of it.",
		},
		WellFormed: {
			"verdicts are well-formed",
			"The answer is a JSON array with one reply for each item, which is accepted, or refused with a code.",
			"Answer with merge.Answer.AppendJSON, or compare with merge.Reply.",
		},
		Order: {
			"verdicts come in the order of the batch",
			"The reply at position i has the index i, and names the table and the ID of item i.",
			"Look for a map, or for a sorting of the items, on the way from the batch to the answer.",
		},
		Fine: {
			"what is sound is accepted",
			"An item that is well-formed, written by the client that pushes it, and not too far ahead, is accepted, however old its stamp is and whatever is stored.",
			"Losing against what is stored is no reason to refuse: accept it and answer superseded. If only the tables or fields of the kit are not allowed, set Options.Table and Options.Fields. If the code is limit_exceeded, your limit is below what the kit sends, see Backend.Push.",
		},
		Neighbours: {
			"a bad item does not block its neighbours",
			"Each item is accepted or refused by itself.",
			"Look for an early return, or a rollback, on the first item that is refused, and for a transaction that is dead after it.",
		},
		BadRefused: {
			"what is bad is refused for good",
			"An item that is malformed, has the client ID of somebody else or a reserved name, or has what Options.Refused has, is refused, with retryable false and the same code, each time that it comes.",
			"Check before the join: merge.Engine does, if Request.Actor is the client that was authenticated.",
		},
		Blind: {
			"a server without the time accepts nothing",
			"While the server's own wall clock is not set, it can judge no stamp: it refuses each item with the code server_clock, retryable, so that clients keep it.",
			"Give merge.Request.Wall the time as Env.Now returns it, and do not make up another one. If the clock is not set, too_far_ahead is wrong: clients would set their clocks by the serverTime.",
		},
		Ahead: {
			"what is too far ahead is refused",
			"A stamp further ahead of the server's wall clock than MaxAhead is refused with the code too_far_ahead, retryable, and with the server's time, to the second at least; the same later on is accepted. One that is not further ahead is no reason to refuse.",
			"Judge by the wall clock alone, as clock.Clock.Check and merge.Engine do, in whole milliseconds, inclusive. If the bound is another one, set Options.MaxAhead.",
		},
		Retry: {
			"a retry changes nothing",
			"An item that was accepted before is accepted again, and changes nothing.",
			"Look for a stamp or an ID that the server gives to an item anew, for a conflict with what the item itself stored, and for an answer that was kept by an idempotency key: it must not be replayed, since changed and the outcomes tell of this time.",
		},
		Outcome: {
			"the answer says what happened",
			"A field is applied, superseded, equal or collision by comparing it with the greatest write that was accepted before, and changed says whether one of them is stored now and was not before.",
			"Look at what the batch is compared with: is it the newest state, read in the same transaction?",
		},
		Collision: {
			"a stamp that was used twice is reported",
			"If another write with the same stamp is there already, the reply has the note collision, or the outcome collision for that field. The client then takes a new ID.",
			"Compare the values as well where stamps are equal. A retry is equal in both; a clone or a restored backup is not.",
		},
		Lost: {
			"a lost edit is reported, and no other",
			"Of two writes by different clients, with different values, one is lost if the incoming one wins and its base is below the other, or if it loses, has a base, and is above the greatest stamp that was accepted from the client before.",
			"See Lost edits in package merge. With its Engine: is the base handed on, and are Answer.Watermarks stored in the same transaction as the records, and read with them into Stored.Watermarks? Without it: a field that is in the answer says by its lost, also by leaving it out, whether an edit was lost. A server that does not find that out leaves out fields altogether. If it takes a retry, look for an answer that was kept from the first time.",
		},
		Note: {
			"notes and names in a reply are true",
			"A reply may leave out its notes, and who won and who lost. Those that are there must be true, by what merge.Code and merge.FieldReply say of them.",
			"Look at what it is made of. Is it the newest state of the record, as it was before this item? Is it about this item, and not about another one of the batch or of the record? Rewound needs the mark of this client alone, which only accepted items raise.",
		},
	}
}
