package law

// oldLaws are the laws about clients of an old version.
func oldLaws() map[Law]Text {
	return map[Law]Text{
		OldPull: {
			"a client of the old version pulls the old form",
			"A client of the old version pulls no name that only the new version has, and only values that the old version can have.",
			"Translate each record with lens.Lens.Down before it is sent. A set or a counter takes its elements with it: tags/x has the prefix that tags has.",
		},
		OldAnswer: {
			"a client of the old version is answered in the old form",
			"The outcomes and paths in an answer to a client of the old version have the names that the client used.",
			"Answer with merge.Push.Renamed.",
		},
		OldRefused: {
			"a client of the old version cannot write names of the new one",
			"An item of a client of the old version that has a name which only the new version has is refused with the code newer_name.",
			"Translate each item with lens.Lens.Items before the engine judges it.",
		},
		OldSplit: {
			"a field that was split has the greatest stamp of its parts",
			"For a client of the old version, a field that became several has their values, and the greatest stamp among them.",
			"Translate the whole stored record with lens.Lens.Down, not only the fields that changed.",
		},
	}
}
