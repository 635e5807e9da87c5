// Package violation flags merged data that makes no sense: two offline users who
// booked one room for 2 pm. The writes are accepted, the violation is a row that syncs
// like all data, and a normal write resolves it.
//
// # Map
//
// A [Rule] finds what is wrong among records. [NoOverlap], [Capacity],
// [LiveReference], [Unique] and [Single] are the rules that are there; a rule of one's
// own has two methods. A [Checker] holds rules, and turns the updates of a merge.Answer
// into rows to store: a [Report]. It looks at the storage through a [View], of which
// [Memory] is one. [Checker.Audit] looks at everything. [Parse] reads a row as a
// [Violation], and [Guard] keeps clients from writing what is derived.
// [Checker.LostEdit] makes a row of a lost edit. The package violationtest tests a View
// of one's own.
//
// # A row is derived
//
// Whether a violation is open, what it is about and what it says follow from the
// merged records and nothing else. So servers that hold the same records, and can read
// them, hold the same open rows, byte for byte, whatever came when and in which calls, and
// an audit finds the same again. Closed rows tell what each server has seen. The derived part is computed anew whenever one of its records
// changes, and stored in place of the old one: it is never joined, and no client may
// write it. What people say of it, [FieldAcknowledged], [FieldDismissed] and
// [FieldNote], are fields of the same row that merge like all others.
//
// The ID of a row is made of the name of the rule and a key that the rule chose, so
// two servers that find the same thing, find it once.
//
// A row is closed only on evidence. A record that is missing on a client that holds
// a part of the data, or that is encrypted, or of a newer form, neither opens nor
// closes anything.
//
// # How a row lives
//
// A row is [Open] while its condition holds, however long. A normal write makes it
// [Resolved], and another one open again, under the same ID. It is [Obsolete] when the
// record that it is about is gone, or from the time on at which its relevance ends: that
// needs a time, so either give Input.Now always, or never and ask [Violation.StatusAt] on
// reading. A closed row is looked at again only when its condition holds. A
// dismissal falls when the evidence changes; that somebody acknowledged it stays. Keep
// closed rows as long as clients may be offline, so that those hear of it too; and where
// notices about an open row are to stop after a time, count from when the row was stored,
// not from DetectedAt, which may be long ago.
//
// A row may hold what people wrote and nothing else, where it came from elsewhere before
// it was derived here: [Parse] says [ErrRow], and a check completes it.
//
// # In a server
//
// The engine has a guard that keeps clients from what is derived: a check would not
// notice what they write there.
//
//	engine := merge.Engine{Guard: violation.Guard(violation.DefaultTable, guard)}
//
// In the transaction of a push, after Apply:
//
//	report := checker.Check(ctx, violation.Input{View: view, Changes: answer.Updates, Now: now})
//	save(tx, answer.Updates)
//	save(tx, report.Updates) // after the others: a row may be among both
//	log(report.Err)          // a rule that failed does not stop the push
//
// A row that is stored in place of another one must not lose what somebody writes to it at
// the same time: lock the rows before they are saved, in the order of their keys, and join
// to each what [Written] returns of the stored one.
//
// Clients pull rows like all data and show what Parse returns. They may run the same
// rules on what they hold, before they push, as advice.
//
// Servers that exchange state join their records, and of their rows what [Written]
// returns. Then each checks what changed. The derived parts are the same by then; to join
// them would mix the old and the new.
//
// # The race
//
// Two transactions that each check what they see, and do not see each other, both
// find nothing. Measured on PostgreSQL 15, two writers who book one room at once, 200
// rounds, six runs (in examples/storage: ./postgres.sh go test -count=1 -run
// TestMeasureRace -v . -measure 200):
//
//	how it is checked                       missed    aborted
//	in the transaction, READ COMMITTED      192–199   0
//	in the transaction, REPEATABLE READ     196–199   0
//	in the transaction, SERIALIZABLE        0         108–200
//	READ COMMITTED, scopes locked           0         0
//	READ COMMITTED, checked after commit    0         0
//
// So lock the scopes first, those of [Checker.Scopes] in the order of [Scope.Lock], in a
// transaction that reads what was committed when it gets the lock, as READ COMMITTED
// does. Or check them once more after the commit, with the same Scopes and no Changes, in
// a transaction that locks them: of two such checks without a lock, the earlier may store
// what the later one has seen end. Locking is simpler; checking afterwards keeps pushes
// from waiting for each other. Run an audit now and then all the same. All of them find
// the same rows with the same IDs, so doing more than one is harmless. A database with a
// single writer, such as SQLite, has no such race.
//
// # Hazards
//
// A description goes to everybody who may read the row. It should not tell what the
// readers of one record may not know of another.
//
// A rule that failed has left groups unchecked, and no later check knows which: audit
// once it is mended.
//
// A rule whose name changes finds everything anew, and leaves its old rows open. A rule
// that is removed leaves its rows as they are.
package violation
