package law

// fieldLaws are the laws about the stored write of a field.
func fieldLaws() map[Law]Text {
	return map[Law]Text{
		Later: {
			"the later write wins",
			"Of two writes of a field, the one with the later time wins, in whatever order they arrive.",
			"Look for an assignment without a comparison, and for a comparison of anything but updatedAt, such as the order of arrival, whole rows, or text in several forms. Look also for a deletion that is treated as final, and for a cache or a read that is older than the last push.",
		},
		Counter: {
			"the digits below the millisecond are kept and compared",
			"Stamps keep all nine digits of the fraction of a second. Within one millisecond, the last six digits decide their order.",
			"Look for stamps that are compared in milliseconds, for stamps that pass through a JavaScript Date, a timestamp column or a float64, and for text that is cut or rounded on the way in or out. If it takes a flood to break the law, look for a large batch that is stored only in part.",
		},
		Client: {
			"at equal times the greater client ID wins",
			"Writes of the same time are ordered by the unsigned bytes of their client IDs, in whatever order they arrive.",
			"Look for > or >= on times alone, for a rule such as \"keep mine\" or \"take theirs\", for signed bytes, and for a collation.",
		},
		Kind: {
			"at equal stamps a deletion wins over a value",
			"If one stamp is used twice, a deletion is above every value, in whatever order the writes arrive.",
			"Look for a comparison that ends at the time or at the stamp, or that ranks a deletion below every value, and for a list of stamps that were seen before.",
		},
		Value: {
			"at equal stamps the greater value wins",
			"If one stamp is used twice, the value whose canonical JSON has the greater bytes wins, in whatever order the writes arrive.",
			"Look for a comparison that ends at the time or at the stamp, or that compares values as numbers or in reverse, and for a list of stamps that were seen before.",
		},
		Tombstone: {
			"deleted data stays deleted",
			"A deletion is a write like any other. It is kept as a tombstone, so that an older value that arrives late does not bring the field back.",
			"Look for DELETE or a purge of old deletions, for a NULL without a stamp, and for a delete that is ignored because the record or the field does not exist: store the deletion anyway. If the tombstone is stored, look for a pull that leaves out deleted data.",
		},
		Revive: {
			"only a delete or a restore changes $deleted",
			"$deleted is a field like any other: only a later false restores a record, not a later write of another field.",
			"Look for code that clears or sets $deleted when another field is written, for code that ignores a deletion older than some field, and for a list of fields that lacks $deleted.",
		},
		Vanish: {
			"accepted writes are stored and can be pulled",
			"An accepted field is stored, whether the server knows its name or not, and a client that pulls from the beginning receives it.",
			"Look for a fixed list of fields or columns on the way in or out, for a REPLACE of a whole record with the pushed fields, for a WHERE that hides deleted records from a pull, for dropped writes of a deleted record, and for a page that ends between two rows with the same sequence number.",
		},
		Four: {
			"absent, null, deleted and empty are distinct",
			"Each of the four is read back as it was written.",
			"Look for SQL NULL, omitempty, or a nil that represents two of the four.",
		},
		Exact: {
			"a value is read back as it was written",
			"The stored value has the same canonical JSON as the written value, with every digit of an integer.",
			"Look for json.Unmarshal into any, for float64, for normalization, and for a column that rewrites its values.",
		},
		Stamp: {
			"the server does not restamp writes",
			"A write keeps the time and the client ID with which it arrived.",
			"Look for time.Now, or for the client of the request, where a field is stored, and for a fraction of a second that is read as a number: .5Z is half a second.",
		},
		Invented: {
			"only writes that were sent are stored",
			"Each stored write is one that a client sent.",
			"Look for a merged value, for a counter, and for a mixture of the fields of two writes.",
		},
		Counted: {
			"no accepted addition is lost or counted twice",
			"A counter is the sum of its additions. Each addition is a field of its own, qty/ID. It counts once, however often it is sent and answered, until it is deleted by a reset whose author had seen it.",
			"Look for field names that are folded by case or cut, for a reset that deletes by a prefix or by time instead of the fields that it names, for additions that are summed up when they arrive, and for an answer that tells a retry as changed. Other additions to the counter are other fields: a write of one changes no other.",
		},
	}
}
