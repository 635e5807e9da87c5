package mergetest

import (
	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/record"
)

// Importer is a Backend that brings over rows that have no stamps, from a source whose values change between the
// runs, as package merge/imports plans them. The rules are:
//
//   - A run writes a field of a row if the normal form of the stored record lacks the field and the source has a value
//     of it that no run has seen, or if the import wrote it last and its value differs from the source. It writes no
//     other field, so it wins over no person, and a second run over the same rows changes nothing.
//   - A second run over the same rows gives no record a new sequence number. A row that has left the source changes
//     nothing, and what the runs have seen of it still counts if it returns.
//   - A record that is absent or dead is begun, with all fields of its row, if one of the values that earlier runs
//     have seen has changed. If no run has seen the row, it is begun unless a deletion of the record is stored. An
//     erased record is never written again; if no run had brought it before, that is up to you once it is dead.
//   - Each write has the ID of the import, and a stamp above the fence by less than a millisecond. Without a fence,
//     that is within the first millisecond of 1970. A later run has a greater stamp. The fence may lie at
//     Options.MaxAhead, so an import has no such bound.
//   - What the runs have seen is part of the store: a restart keeps it, and a backup contains it.
//   - No edit is lost to a write of an import, and no write of an import is a lost edit: name the ID in
//     merge.Request.Imports of every push.
type Importer interface {
	// Import makes one run over all rows of the source. The kit makes all runs with the same ID, and never while the
	// server's clock is not set. An error fails the test.
	Import(id clock.ClientID, rows []ImportRow) error
}

// ImportRow is a row of the source of an import. It has the members of imports.Row, and converts to one.
type ImportRow struct {
	// Key is the key of the record. No two rows of a run have the same key.
	Key record.Key
	// Fields are the columns of the row. A NULL is null. A column that is absent is not in the map, and a row may have no
	// column. No value is a deletion, and no name is reserved.
	Fields map[string]record.Value
}

// ImportID returns the client ID under which the kit lets a Backend import. Records of Options.Stored may be stamped
// by it as well; name it in merge.Request.Imports then, even if the Backend is not an [Importer].
func ImportID() clock.ClientID { return schedule.Importer() }
