// Package imports plans how the rows of an older system come over: rows that no one has stamped,
// from a table of SQL, a REST API or a file. A run of an import brings all rows over. Run it as often
// as you like, for as long as the older system is in use.
//
//	run := imports.Run{ID: id, Number: number, Fence: fence, Level: level}
//	plan, err := run.Plan(stored, row, ledger) // what the run does about one row
//
// The package is pure: it stores nothing and reads no clock. memory.Server.Import is a complete
// import to read, and the example of [Run] shows the parts.
//
// # Files
//
//	row.go     Row, CheckRows, and the errors
//	ledger.go  Ledger: what the runs have seen of a row
//	plan.go    Run, and Run.Plan
//
// # The rule
//
// A run stamps all that it writes with one stamp: its time is the fence plus the number of the run, and
// its client ID is the ID of the import. Without a fence, that is some nanoseconds after 1970. It
// writes a field of a row
//
//   - if the import wrote the stored value, and the source has another one; or
//   - if the field is absent from the normal form of the record, see merge.Purge, and the ledger does
//     not have the hash of the source value: no run has seen this value of this field.
//
// It writes no other field. In particular, it never writes over people, over other imports, or over a
// deletion that stands. If the record is absent or dead, the row creates it, as a whole and marked New,
// if no run has seen the row, or if a value that a run has seen has changed. At level 1, a record that
// is known as deleted stays deleted in the first run.
//
// Each run notes in the ledger what it saw, also where it writes nothing. So
//
//   - every edit that is stamped above the import wins, whenever it arrives;
//   - a second run with the same source changes nothing, whatever people and purging have deleted
//     between the two;
//   - a changed source wins over the run before, and over no one else. It brings back what people
//     deleted only after purging has removed the deletion;
//   - a late edit from below the fence is superseded or gone, as it would be without the import.
//
// These are laws, and a test visits all histories of a small world to check them. In that world, each
// simpler rule breaks one: the time of the run as the stamp wins over edits that were made before and
// arrive later; a write with the least stamp of all is below the fence, so it is gone; one stamp for
// all runs has two values; without a ledger, a run brings back what people deleted; a ledger without
// hashes never brings a changed row back; and a ledger that notes only what was written brings a
// deletion back as soon as it is purged.
//
// # A run
//
//  1. Check all rows with [CheckRows].
//  2. Take the next number of the import, in a transaction of its own. A run that broke off has used
//     its number: the next run takes a new one, and begins again with the first row.
//  3. For each part of the rows, such as 500, in one transaction, inside the lock: read the fence, the
//     records and the ledgers; call [Run.Plan] for each row; push the mutations that have fields, with
//     merge.Request.Actor set to the ID of the import, and Request.Imports to the IDs of all imports;
//     save the answer, with sequences, as for any push. Engine.MaxAhead must be negative, because a
//     fence may be ahead of a wall clock that was set back. If a later run has taken its number meanwhile, stop
//     with [ErrRun] instead: that run has read newer rows.
//  4. In the same transaction, store the ledgers that have changed, except the ledgers of refused items.
//     The item of a full record is refused, as is an item that the Guard does not permit.
//
// Clients pull what was imported like any other change, and need no new code.
//
// # Hazards
//
// The key of a row must be stable. If a row gets another key in the next run, it is another record.
// A UUID of version 5, made from the name of the table and the primary key, is a good ID.
//
// The ID of the import must be stable too, or the next run finds only fields of someone else. Mint
// it once, store it, and give it to no client.
//
// NULL is the value null, an empty text is an empty text, and 0 is 0. Leave a column out of the row
// if the source has no such column; do not pass null.
//
// A row that was deleted in the source changes nothing here: the import cannot tell it from a row that
// was left out. Delete the record with a write of the server, as an edit that is stamped by its
// clock. If the row is still there in the next run, the deletion stands.
//
// If a lens translates the stored records, translate the ledgers in the same transaction, with
// [Ledger.Up], and let later runs give the new names and values. See package record/lens.
//
// A column that changes by itself, such as the time of the last login, counts as a change of its row:
// it brings deleted records back when their deletions are purged. Leave such columns out.
//
// An edit loses to the import if its stamp is above the fence by at most the number of the run. Only a
// client whose clock is behind the fence stamps so closely above it. It is told that the edit is
// superseded, but not that it is lost.
//
// There is one case in which an import changes what becomes of a late edit. At level 1, or without a
// level, an edit that creates a record is accepted even if it comes from below the fence, because a
// record that is missing has never existed. If the import has created the record in the meantime, the
// edit is superseded, or gone. That takes a client that chose the key of a row before the first run.
//
// Ledgers belong to the records: keep them in the same database and in the same backups. If they are
// lost, the next run brings back what was deleted and purged.
//
// A hash does not hide a short value: it can be guessed. When a record is erased, store [Closed] as its
// ledger in every import, also in one that has not seen its row. Then no run writes the row again. An
// import that is set up later has no such ledger: delete the row in the source as well.
package imports
