package law

// clientLaws are the laws about a Client.
func clientLaws() map[Law]Text {
	return map[Law]Text{
		ClientErrors: {
			"a client returns no error and sends a valid batch",
			"No method of a Client returns an error, and its outbox is a batch of mutations of records that were edited.",
			"Look at the error. The answers and the pulls that are handed to a Client were found correct before.",
		},
		ClientAnswers: {
			"a client answers every call",
			"A program that runs a client answers each call in time.",
			"Look at the call, and at the standard error of the program. The program must end each answer with LF and write it at once, without a buffer.",
		},
		ClientEdit: {
			"an edit is shown at once and stays until it is answered",
			"An edit is shown until it is refused permanently, unless a later write is confirmed.",
			"Look for an outbox that is emptied when it is sent, or when any answer arrives, and for an edit whose stamp is below the write that it replaces.",
		},
		ClientObserves: {
			"a client's clock observes every confirmed stamp",
			"An edit is stamped above every write that was confirmed to the client before, and above the clock at the end of every pull. Once the server has answered that an edit is too far ahead, confirmed writes above its bound need not count.",
			"Let the clock observe every pulled stamp and the clock at the end of a pull, and start a new clock with the greatest of them as Last, even after the app is reopened.",
		},
		ClientKeeps: {
			"an edit is sent until it has a final answer",
			"An edit leaves the outbox when it is accepted or is refused as not retryable, and not before.",
			"Look for an outbox that is emptied when it is sent, for edits that are made during a push, and for edits that count as answered because another edit of their record was.",
		},
		ClientRetry: {
			"a retry carries the stamps of the first attempt",
			"A write is stamped when it is edited, and keeps its stamp, whatever happens on the way. It is restamped only after the answer too_far_ahead.",
			"Store stamps in the outbox. To a server that stored the first attempt, another stamp is another edit, above the writes that others made since.",
		},
		ClientOrder: {
			"restamped edits keep their order",
			"After the answer too_far_ahead, the waiting edits are restamped in the order in which they were made, so that the last edit of a field stays the last.",
			"Keep the outbox in the order of its stamps before you pass it to record.Restamp.",
		},
		ClientRefused: {
			"a permanently refused item is not sent again",
			"An item that was refused as not retryable leaves the outbox.",
			"Look at the code that handles a reply whose verdict is refused and whose retryable is false.",
		},
		ClientInvents: {
			"a client sends only edits of its user",
			"Each write that a client stamps is one that its user made.",
			"Look for a whole record that is sent where one field was edited, and for pulled values that are written again.",
		},
		ClientBase: {
			"the base is the stamp that was shown",
			"An item has a base for each field: the stamp of the write that its author saw there, or null.",
			"Make items with record.Record.Edit, called on the record that was shown. A write that replaces an unsent write keeps the base of the unsent write. When edits are restamped, each base that is a stamp of such an edit changes with it: keep everything that record.Restamp returns.",
		},
		ClientRollback: {
			"a refused item is rolled back",
			"After an item is refused permanently, none of its writes is shown, unless a later edit wrote the same value.",
			"Keep the confirmed state and the waiting edits apart, and join them to show them. To roll an item back, drop it.",
		},
		ClientShows: {
			"a client shows what the server confirmed",
			"A pulled field replaces the confirmed one, and an accepted item is confirmed. Where no edit waits, the confirmed state is shown.",
			"Look for a pull that is skipped while an edit waits, for dropped fields, for a JSON parser that rounds numbers above 2^53, and for pulled data that is not stored before its cursor.",
		},
		ClientReopens: {
			"a reopened client shows what it showed before",
			"A reopened client shows everything that it showed before, unchanged: the confirmed state, the waiting edits, and their stamps.",
			"Store an edit before Edit returns, the result of an answer or a pull before Answer or Pulled returns, and the cursor together with the pulled data.",
		},
		ClientSettles: {
			"the outbox is empty in the end",
			"When all devices are online and no answer is lost, every edit is accepted or refused permanently within ten rounds.",
			"Look for an item that stays in the outbox after its answer, and for a clock that is not corrected after too_far_ahead.",
		},
		ClientCounts: {
			"a client sends each addition once, and resets what it showed",
			"An addition to a counter is a field of its own, qty/ID. It is sent under this name until it has a final answer, and it is shown once. A reset deletes the additions that were shown when it was made, and no others.",
			"Look for an ID that is drawn when an item is sent instead of when the user adds, for a reset that names its fields when it is sent or answered, and for additions that leave the outbox because a reset was pulled.",
		},
		ClientForgets: {
			"a client forgets what a pull tells it to forget",
			"A reset removes everything that was confirmed, and a line with left removes a record. A pulled record replaces the confirmed one with all its fields. The fence at the end of a pull removes from the confirmed records what merge.Purge removes.",
			"Look for a pulled record that is joined to the confirmed one, for a reset after which the old records stay, and for a fence that is not stored with the records. A server sends no line about a record that died because the fence rose.",
		},
		ClientJudges: {
			"a client shows nothing that is gone",
			"A client that was told a fence shows what merge.Engine makes of three things under that fence: the confirmed record, the accepted items that no pull has returned yet, and the waiting items. Of an accepted item, the fields whose outcome is gone are not confirmed.",
			"Look for waiting items that are joined to the confirmed record without being judged, and for an accepted item that is joined to it as a whole. Keep accepted items apart from the confirmed records until a pull that began after the answer is complete.",
		},
		ClientCreates: {
			"an edit that creates a record says so",
			"An item whose author saw a record without fields has the member new. Without it, the server takes the item for a late edit of a record that was purged.",
			"Make items with record.Record.Edit, called on the record that was shown, and keep Mutation.New in the outbox. An item that replaces an unsent item keeps the mark of the unsent item.",
		},
		ClientResends: {
			"a client sends its own writes again after a restore",
			"After a reset whose why is epoch, the server lacks what came after its backup. When that pull is complete, the outbox begins with the client's own confirmed writes that are later than the pulled ones, without a base.",
			"Look for a reset that removes the client's own writes before they are set aside, and for accepted items that no pull has returned yet: they are set aside as well, even below a pulled write of another client.",
		},
		ClientHides: {
			"an edit of a record that left is not shown",
			"A client shows a record that it forgot, or that a line with left names, only when a line brings it again. Until then, the edits of it that wait or were accepted before are not shown, even if they create the record.",
			"Look for a waiting edit that is joined to nothing, and for an accepted item that stays an overlay of a record that left.",
		},
	}
}
