package law

// importLaws are the laws about a backend that imports.
func importLaws() map[Law]Text {
	return map[Law]Text{
		ImportWrites: {
			"an import writes what is absent or has changed",
			"A run writes a field of a row if the field is absent and the source has a value that no run has brought, or if an import wrote the field last and the source has another value. A client that pulls afterwards gets these writes.",
			"Look for a run that stores rows without a new sequence number, that skips columns with NULL or with a zero value, that stops at the first row, or that decides by the row instead of by the field. Look also for the number of a run that is used twice, so that the second run cannot win over the first.",
		},
		ImportYields: {
			"an import wins over no person",
			"A field that a person wrote last stays as it is, whatever the source has. Each write of an import has the ID of the import, and lies above the fence by less than a millisecond, so that each edit made above the fence wins, also one that arrives after the run.",
			"Look for an import that is stamped with the time of the run or by the server's clock, that writes all columns of a row, or that compares values without a look at who wrote the field. Plan each row with merge/imports.",
		},
		ImportRepeats: {
			"a second run changes nothing",
			"A run over rows that have not changed writes nothing: no value, no stamp and no sequence number.",
			"Compare the stored value with the value of the source before you write, as merge/imports does. Look for a run that stamps all of its fields again.",
		},
		ImportBrings: {
			"an import brings nothing back",
			"A field or a record that people deleted, or that was purged or erased, stays away until a value of its row changes in the source. An erased record is never imported again.",
			"Keep a ledger of the values that the runs have seen, as merge/imports does, in the transaction and in the backups of the records. Look for a run that takes an absent field for a new one, for a tombstone that it overwrites, and for a ledger that a restore loses.",
		},
	}
}
