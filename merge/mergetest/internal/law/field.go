package law

// fieldLaws are about the write that is stored of a field.
func fieldLaws() map[Law]Text {
	return map[Law]Text{
		Later: {
			"the later write wins",
			"Of two writes of a field, the one with the later time wins, in whatever order they arrive.",
			"Look for an assignment without a comparison, for a comparison of something else than updatedAt (arrival, rows, text in several forms), for a deletion that is taken to be final, and for a cache or a read that is older than the last push.",
		},
		Counter: {
			"the digits below the millisecond count",
			"Stamps keep all nine digits of a second. Within one millisecond they are ordered by the last six.",
			"Look for stamps that are compared in milliseconds, for a stamp on its way through a Date of JavaScript, a timestamp column, or a float64, and for a text that is cut or rounded, on the way in and out. If it takes a flood, look for a large batch of which a part is not stored.",
		},
		Client: {
			"at equal times the greater client ID wins",
			"Writes of the same time are ordered by the bytes of the client ID, unsigned, in whatever order they arrive.",
			"Look for > or >= on times alone, for keep mine or take theirs, for signed bytes, and for a collation.",
		},
		Kind: {
			"at equal stamps a deletion wins over a value",
			"If one stamp was used twice, a deletion is above every value, in whatever order they arrive.",
			"Look for a comparison that ends at the time or at the stamp, or that takes a deletion to be the least value, and for a list of stamps that were seen before.",
		},
		Value: {
			"at equal stamps the greater value wins",
			"If one stamp was used twice, the value whose canonical JSON has the greater bytes wins, in whatever order they arrive.",
			"Look for a comparison that ends at the time or at the stamp, or that compares values as numbers or backwards, and for a list of stamps that were seen before.",
		},
		Tombstone: {
			"what is deleted stays deleted",
			"A deletion is a write like any other. It is kept as a tombstone, so that an older value that arrives late does not bring the field back.",
			"Look for DELETE or a purge of old deletions, for a NULL without a stamp, and for a delete that is ignored since there is no such record or field: it is stored all the same. If it is stored, look for a pull that leaves out what is deleted.",
		},
		Revive: {
			"only a delete or a restore touches $deleted",
			"$deleted is a field like any other: only a later false brings a record back, and not a later write of another field.",
			"Look for code that clears or sets $deleted when something else is written, or that ignores a deletion which is older than a field, and for a list of fields that lacks it.",
		},
		Vanish: {
			"what was accepted is stored and can be pulled",
			"A field that was accepted is stored, whether the server knows its name or not, and a client that pulls from the beginning gets it.",
			"Look for a fixed list of fields or columns on the way in and out, for a REPLACE of a whole record by what was pushed, for a WHERE that hides deleted records from a pull, for writes of a deleted record that are dropped, and for a page that ends between two rows of one sequence.",
		},
		Four: {
			"absent, null, deleted and empty are four things",
			"Each of them comes back as what it was written as.",
			"Look for SQL NULL, omitempty, or a nil that stands for two of them.",
		},
		Exact: {
			"a value comes back as it was written",
			"The stored value has the canonical JSON of the written one, with all digits of integers.",
			"Look for json.Unmarshal into any, float64, normalisation, and a column that rewrites what it holds.",
		},
		Stamp: {
			"the server does not stamp anew",
			"A write keeps the time and the client that it came with.",
			"Look for time.Now or for the client of the request where a field is stored, and for a fraction of a second that is read as a number: .5Z is half a second.",
		},
		Invented: {
			"nothing is stored that was never written",
			"Each stored write is one that a client sent.",
			"Look for a merged value, a counter, or fields of two writes that were mixed.",
		},
	}
}
