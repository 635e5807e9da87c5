package law

// answerLaws are the laws about the answer to a push.
func answerLaws() map[Law]Text {
	return map[Law]Text{
		Answered: {
			"requests are answered",
			"A push or a pull returns no error, unless Env.Crash returned one, another request is being served, or the batch was damaged. A problem with one item is reported in the reply to that item.",
			"Look at the error above. If it is about one item of the batch, return a verdict on that item instead.",
		},
		WellFormed: {
			"verdicts are well-formed",
			"The answer is a JSON array with one reply for each item. A reply is accepted, or refused with a code.",
			"Answer with merge.Answer.AppendJSON, or compare your answer with merge.Reply.",
		},
		Order: {
			"replies are in the order of the batch",
			"The reply at position i has the index i, and names the table and the ID of item i.",
			"Look for a map, or for a sort of the items, between the batch and the answer.",
		},
		Fine: {
			"valid items are accepted",
			"An item that is well-formed, carries the ID of the client that pushes it, and is not too far ahead is accepted, however old its stamp is and whatever is stored.",
			"An item that loses to the stored write must not be refused: accept it and answer superseded. If your backend allows only certain tables or fields, set Options.Table and Options.Fields. If the code is limit_exceeded, your limit is below what the kit sends: see Backend.Push.",
		},
		Neighbours: {
			"an invalid item does not block its neighbours",
			"Each item is accepted or refused on its own.",
			"Look for an early return or a rollback at the first refused item, and for a transaction that cannot be used after it.",
		},
		BadRefused: {
			"invalid items are refused permanently",
			"An item is refused if it is malformed, carries another client's ID, writes a reserved name, or contains a write of Options.Refused. The refusal has retryable false, and the same code each time that the item arrives.",
			"Check each item before the join. merge.Engine does so if Request.Actor is the authenticated client.",
		},
		Blind: {
			"a server with an unset clock accepts nothing",
			"While the server's own wall clock is not set, the server cannot judge stamps. It refuses each item with the code server_clock, retryable, so that clients keep the item.",
			"Set merge.Request.Wall to the time that Env.Now returns, and do not substitute another time. While the clock is not set, too_far_ahead is wrong: clients would set their clocks by the serverTime.",
		},
		Ahead: {
			"stamps that are too far ahead are refused",
			"A stamp that is ahead of the server's wall clock by more than MaxAhead is refused with the code too_far_ahead, retryable, and with the server's time, at least to the second. The same stamp is accepted once it is within MaxAhead. A stamp within MaxAhead is never refused as too far ahead.",
			"Compare with the wall clock alone, in whole milliseconds, with the bound inclusive, as clock.Clock.Check and merge.Engine do. If your bound differs, set Options.MaxAhead.",
		},
		Retry: {
			"a retry changes nothing",
			"An item that was accepted before is accepted again, and changes nothing.",
			"Look for a stamp or an ID that the server assigns to the item on each push, and for a conflict with the write that the item itself stored. Look also for an answer kept under an idempotency key: do not replay it, since changed and the outcomes describe the current delivery.",
		},
		Outcome: {
			"the answer says what happened",
			"A field is applied, superseded, equal or collision, compared with the greatest write accepted before. The member changed says whether the item stored a write that was not stored before.",
			"Look at the state that the batch is compared with. It must be the newest state, read in the same transaction.",
		},
		Collision: {
			"a stamp that is used twice is reported",
			"If another write with the same stamp is already stored, the reply has the note collision, or the outcome collision for that field. The client then takes a new ID.",
			"Where stamps are equal, compare the values as well. A retry has the same stamp and the same value. A clone or a restored backup has the same stamp and another value.",
		},
		Lost: {
			"lost edits are reported, and no other edits",
			"Suppose that a write meets a stored write of the same field, by another client and with another value. The stored write is lost if the incoming one wins and its base is below the stored write. The incoming write is lost if it loses, has a base, and is above the greatest stamp accepted from its client before. No other edit is lost.",
			"See Lost edits in package merge. If you use its Engine: pass the base on, store Answer.Watermarks in the same transaction as the records, and read them into Stored.Watermarks together with the records. If you do not: the member lost of each field in the answer says whether an edit was lost, and leaving it out means that none was. A server that does not detect lost edits leaves out fields altogether. If the law is broken only after a retry, look for an answer that was kept from the first delivery.",
		},
		Note: {
			"notes, winners and losers in a reply are true",
			"A reply may leave out its notes, and the winner and the loser of a field. Each one that is present must be true, as merge.Code and merge.FieldReply define them.",
			"Look at the state from which the note is derived. It must be the newest state of the record before this item. It must belong to this item, not to another item of the batch or of the record. The note rewound needs the mark of this client alone, and only accepted items raise that mark.",
		},
	}
}
