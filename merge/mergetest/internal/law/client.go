package law

// clientLaws are about Clients.
func clientLaws() map[Law]Text {
	return map[Law]Text{
		ClientErrors: {
			"a client does its part",
			"A Client returns no error, and what it sends is a batch of the records that were edited.",
			"Look at the error. The answers and pulls that a Client is given were found to be right before.",
		},
		ClientEdit: {
			"an edit is shown at once, and until it is answered",
			"What was edited is shown, unless a later write is confirmed, until it is refused for good.",
			"Look for an outbox that is emptied when it is sent, or when any answer arrives, and for an edit that is stamped below what it replaces.",
		},
		ClientObserves: {
			"a client's clock observes what it is shown",
			"An edit is stamped above every write that was confirmed to the client before.",
			"Let the clock observe every stamp that is pulled, and give a new clock, also after the app was closed, the greatest of them as Last.",
		},
		ClientKeeps: {
			"an edit is sent until it is answered for good",
			"An edit leaves the outbox when it was accepted, or refused as not retryable, and not before.",
			"Look for an outbox that is emptied when it is sent, for what is edited during a push, and for edits that are taken to be answered because their record is.",
		},
		ClientRetry: {
			"a retry carries the stamps of the first sending",
			"A write is stamped when it is edited, and keeps its stamp, whatever happens on the way. Only after too_far_ahead was heard it is stamped anew.",
			"Store stamps in the outbox. A server that stored the first sending takes another stamp for another edit, above what others wrote since.",
		},
		ClientOrder: {
			"edits that are stamped anew keep their order",
			"After too_far_ahead was heard, what waits is stamped anew in the order in which it was edited, so that the last edit of a field stays the last.",
			"Keep the outbox in the order of stamps before it goes through record.Restamp.",
		},
		ClientRefused: {
			"what is refused for good is not sent again",
			"An item that was refused as not retryable leaves the outbox.",
			"Look at what is done with a reply whose verdict is refused and whose retryable is false.",
		},
		ClientInvents: {
			"a client writes what was edited, and nothing else",
			"Each write that a client stamps is one that its user made.",
			"Look for whole records that are sent where one field was edited, and for a write of what was pulled.",
		},
		ClientBase: {
			"the base is what was shown",
			"An item has, for each field, the base: the stamp of the write that its author saw there, or null.",
			"Make items with record.Record.Edit, from the record that was shown. A write that takes the place of an unsent one keeps its base. If edits are stamped anew, the bases that are stamps of theirs change with them: keep all that record.Restamp returns.",
		},
		ClientRollback: {
			"a refused item is rolled back",
			"After an item was refused for good, nothing of it is shown, unless a later edit wrote the same.",
			"Keep what is confirmed and what waits apart, and join them to show them; then dropping an item rolls it back.",
		},
		ClientShows: {
			"a client shows what the server confirmed",
			"What was pulled takes the place of what was confirmed before, and what was accepted is confirmed. Where nothing waits, that is what is shown.",
			"Look for a pull that is passed over while something waits, for fields that are dropped, and for what was pulled that is not stored before its cursor.",
		},
		ClientReopens: {
			"a client that is opened again shows the same",
			"Of what was shown before a client was closed nothing is gone and nothing changed: what is confirmed, what waits, and its stamps.",
			"Store an edit before Edit returns, what an answer or a pull brings before Answer or Pulled returns, and the cursor with what was pulled.",
		},
		ClientSettles: {
			"the outbox is empty in the end",
			"When all devices are online and no answer is lost, all is answered for good within ten rounds.",
			"Look for an item that stays after its answer, and for a clock that is not mended after too_far_ahead.",
		},
	}
}
