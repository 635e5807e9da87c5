// Package violation flags merged data that breaks an application rule, such as two bookings
// of one room for 2 pm by two offline users. The writes are accepted, the violation is a row
// that syncs like all data, and a normal write resolves it.
//
// # Map
//
// A [Rule] finds what is wrong among records. [NoOverlap], [Capacity], [LiveReference],
// [Unique] and [PerRecord] are built in. A [Checker] holds rules and turns the updates of a
// merge.Answer into rows to store: a [Report]. It reads the storage through a [View]; [Memory]
// is one. [Checker.Audit] checks everything. [Parse] reads a row as a [Violation], and [Guard]
// keeps clients from writing derived fields. [Checker.LostEdit] makes a row of a lost edit. The
// package violationtest tests a View of your own.
//
//	checker.go                the API of a check: Checker, Input, Report
//	rule.go                   the API of a rule: Rule, Group, Finding
//	view.go memory.go         the API of a storage, and one in memory
//	row.go guard.go           the API of a row: Violation, Parse, UserFields, Guard
//	lostedit.go               rows of lost edits
//	overlap.go capacity.go reference.go unique.go perrecord.go
//	                          the built-in rules
//	slots.go                  for NoOverlap: what a record takes, and in which months
//	meetings.go repeated.go pairs.go
//	                          for NoOverlap: the pairs that overlap, counted and listed
//	scope.go touch.go         which groups a change touches
//	overlay.go                the storage with the changes laid over it
//	rulecheck.go lifecycle.go the check of one rule: find, then open and close rows
//	listed.go derive.go       from findings to rows, within the limits
//	identity.go               IDs, and hashes of evidence
//	read.go                   reading fields and keys
//	failure.go                what a rule could not check
//
// # Adding a rule
//
// Use a built-in rule if one fits: its functions say what a record takes, refers to or is worth.
// Otherwise write a type with two methods, as in the example of [Rule]:
//
//  1. Scopes names the groups of a record. Records that can only be judged together share a
//     group, such as the bookings of one room in one month. Return none for records of other
//     tables and for deleted records, and [ErrUnknown] for a record that cannot be read.
//  2. Check returns a [Finding] for each thing that is wrong in one group. It looks at the
//     records of the group alone. Key identifies the finding: [PairKey] for two records,
//     [RecordKey] for one. Record and Others name what it is about ([Newest] picks the
//     newcomer), and Fields what it depends on.
//
// Both are pure functions of their arguments: no I/O, no clock, no state, no map order in the
// result. A rule that returns an error or panics leaves its rows as they are.
//
// Register the rule in Checker.Rules under a name that never changes, as it is part of the IDs
// of its rows. Then audit what is stored: in examples/syncserver, register the rule in
// app/board/rules.go and change RulesVersion there. To test the rule, give records to
// [Checker.Audit] and read the updates with [Parse]. A rule that you add to this package also gets a case among the rules of
// rules_test.go and a naive version in oracle_rules_test.go, which random histories compare.
//
// # A row is derived
//
// Whether a violation is open, which records it is about and what it says follow from the
// merged records alone. So servers that hold the same records, and can read them, hold the
// same open rows, byte for byte, whatever came when, in which calls, and whatever their
// clocks said. An audit finds the same rows again. Closed rows tell what each server has
// seen. The derived part is recomputed whenever one of its records changes, and stored in
// place of the old one: it is never joined, and no client may write it. What people say of
// it, [FieldAcknowledged], [FieldDismissed] and [FieldNote], are fields of the same row that
// merge like all others.
//
// The ID of a row is made of the name of the rule and a key that the rule chose, so two
// servers that find the same thing give it the same row.
//
// A row is closed only on evidence. A record that is missing on a client that holds a part
// of the data, or that is encrypted or of a newer form, neither opens nor closes anything.
//
// # How a row lives
//
// A row is [Open] while its condition holds, however long. A normal write makes it
// [Resolved], and another one open again, under the same ID. It is [Obsolete] when the
// record that it is about is gone. It is obsolete as well from its RelevantUntil on, and
// that is judged by those who read it, with [Violation.StatusAt]: what a clock says is
// stored nowhere, so a wrong clock leaves nothing behind. A dismissal falls when the evidence
// changes; an acknowledgement stays.
//
// Closed rows are in no index and cost a check nothing. A check asks for a closed row by
// its ID when it finds its condition again, or when somebody has written to it. Keep closed
// rows as long as clients may be offline, so that those are told too. Where notices about an
// open row are to stop after a time, count from when the row was stored, not from DetectedAt,
// which may be long ago.
//
// A row synced before it is derived here may hold only user-written fields: [Parse] returns
// [ErrRow], and a check completes it.
//
// # What is bounded
//
// Users decide how many records a scope has and what they are named, so nothing that a check
// does may grow with that without a limit.
//
//   - A row fits the default limits of every decoder, and 64 KiB with what people write: it
//     lists at most [MaxConflicting] records, with the exact number in ConflictingTotal, and
//     its texts are cut. All participants are evidence, listed or not.
//   - A group has at most Checker.MaxPerScope rows, and one more row that stands for all of
//     its violations, with their number. Rows are chosen by RelevantUntil, the latest first,
//     and then by key; the order does not depend on the time, so all servers choose the same
//     rows. A row that leaves the list is [Hidden].
//   - A View bounds what it reads, and reports by ScopeRecords.Err which scopes it left out.
//   - A check finds at most about 10,000 rows for a rule, and leaves the remaining scopes.
//   - NoOverlap forms only the pairs that it lists. A record is in at most 36 of its
//     scopes. Bookings with several slots are compared up to a number of steps, after which
//     the total is a lower bound.
//
// Nothing is left out silently: [Report].Failed names the rule and the scope, their rows stay
// as they are, and the next check of the scope, or an audit, makes up for it. A rule never
// fails a push. [Report].Unknown counts the records that a rule could not read.
//
// # Scopes
//
// A change reads all records of the scopes that it touches, so scopes should not grow with
// the years. NoOverlap divides a resource into months if it is Monthly; a slot that reaches
// over the end of a month is in both. After changing the scopes of a rule, rebuild the index of
// the view, and audit: rows are looked up in the scope that they name.
//
// # In a server
//
// The engine has a guard that keeps clients from derived fields, where a check would not
// notice what they write, and from long texts.
//
//	engine := merge.Engine{Guard: violation.Guard(violation.DefaultTable, guard)}
//
// In the transaction of a push, after Apply:
//
//	report := checker.Check(ctx, violation.Input{View: view, Changes: answer.Updates, Now: now})
//	save(tx, answer.Updates)
//	save(tx, report.Updates) // after the others: a row may be among both
//	log(report.Err)          // a rule that failed does not stop the push
//	remember(report.Failed)  // to tell the client, and to check the scopes again
//
// A row that is stored in place of another one must not lose what somebody writes to it at
// the same time: lock the rows before they are saved, in the order of their keys, and join
// to each what [UserFields] returns of the stored one.
//
// Clients pull rows like all data and show what Parse returns. They may run the same
// rules on what they hold, before they push, as advice.
//
// Servers that exchange state join their records, and of their rows what [UserFields]
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
// A record that a rule fails on, or that makes its scope too large, leaves all records of the
// scope unchecked: let the Guard bound what users write to records that rules read, and
// merge.Engine.TableMaxRecord how large these become.
//
// If a row lists only the first records, a record that is not listed and becomes unreadable
// counts as gone.
//
// A rule whose name changes finds everything again, and leaves its old rows open. A rule
// that is removed leaves its rows as they are.
package violation
