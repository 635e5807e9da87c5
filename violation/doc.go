// Package violation flags merged data that breaks an application rule, such as two bookings
// of one room for 2 pm by two offline users. The writes are accepted. The violation becomes a
// row that syncs like all other data, and a normal write resolves it.
//
// # Map
//
// A [Rule] finds violations; [NoOverlap], [Capacity], [LiveReference], [Unique] and
// [PerRecord] are built in. A [Checker] applies rules to the updates of a merge.Answer and
// returns a [Report] with the rows to store. It reads the storage through a [View], such as
// [Memory]. [Checker.Audit] checks everything. [Parse] reads a row as a [Violation]. [Guard]
// keeps clients from writing derived fields. [Checker.LostEdit] returns the row of a lost
// edit. Package violationtest tests a View of your own.
//
//	checker.go                the API of a check: Checker, Input, Report
//	rule.go                   the API of a rule: Rule, Group, Finding
//	view.go memory.go         the API for reading storage, and storage in memory
//	row.go guard.go           the API of a row: Violation, Parse, UserFields, Guard
//	lostedit.go               rows of lost edits
//	buckets.go                the buckets of rows, for partial replication
//	overlap.go capacity.go reference.go unique.go perrecord.go
//	                          the built-in rules
//	slots.go                  NoOverlap: the slots and months that a record occupies
//	meetings.go repeated.go pairs.go
//	                          NoOverlap: counting and listing overlapping pairs
//	scope.go touch.go         which groups a change touches
//	overlay.go                the storage with the changes laid over it
//	rulecheck.go lifecycle.go the check of one rule: find, then open and close rows
//	listed.go derive.go       from findings to rows, within the limits
//	identity.go               IDs, and hashes of evidence
//	read.go                   reading fields and keys
//	failure.go                errors of rules, and unchecked scopes
//
// # Adding a rule
//
// Use a built-in rule if one fits: you supply the functions that read your records. Otherwise
// write a type with two methods, as in the example of [Rule]:
//
//  1. Scopes names the groups of a record. Records that must be judged together share a
//     group, such as the bookings of one room in one month. Return none for records of other
//     tables and for deleted records, and [ErrUnknown] for a record that cannot be read.
//  2. Check returns a [Finding] for each violation in one group. It looks at the records of
//     the group alone. Key identifies the finding: [PairKey] for two records, [RecordKey] for
//     one. Record and Others name the records that it is about ([Newest] picks the newer
//     one), and Fields the fields that it depends on.
//
// Both methods are pure functions of their arguments: no I/O, no clock, no state, no map
// order in the result. If a rule returns an error or panics, its rows stay as they are.
//
// Register the rule in Checker.Rules under a name that never changes, because the name is part
// of the IDs of the rule's rows. Then audit the stored records: in examples/syncserver,
// register the rule in app/board/rules.go and change RulesVersion there. To test the rule,
// pass records to [Checker.Audit] and read the updates with [Parse]. A rule in this package
// also needs a case in rules_test.go and a naive version in oracle_rules_test.go; tests
// compare the two on random histories.
//
// # Derived and user-written fields
//
// Whether a violation is open, which records it is about and what it says follow from the
// merged records alone. So servers that hold the same records, and can read them, hold the
// same open rows, byte for byte, whatever the order of arrival, the division into calls and
// the clocks. An audit finds the same rows. Closed rows may differ: they show what each server
// has seen. The derived part of a row is recomputed when one of its records changes, and
// replaces the old part. It is never joined, and no client may write it. Users write
// [FieldAcknowledged], [FieldDismissed] and [FieldNote] of the same row, which merge like all
// fields.
//
// The ID of a row is a hash of the rule's name and a key that the rule chose, so two servers
// that find the same violation give it the same ID.
//
// A row is closed only on evidence. A record that is encrypted, in a newer form, or missing on
// a client that holds part of the data neither opens nor closes a row.
//
// # Life of a row
//
// A row is [Open] while its condition holds, however long that is. A normal write makes it
// [Resolved], and another write can open it again under the same ID. It is [Obsolete] once the
// record that it is about is gone, and also from its RelevantUntil on. Readers judge that time
// with [Violation.StatusAt]; no row stores the result, so a wrong clock leaves nothing behind.
// A dismissal ends when the evidence changes; an acknowledgement stays. Deleted records and deleted
// fields are not evidence, so a server may purge them; see [merge.Purge].
//
// Closed rows are in no index of a rule and cost a check nothing. A check reads a closed row only if it
// finds the condition again, or if a user has written to the row. Keep closed rows as long as
// clients may be offline, so that these clients learn of the change too. To stop notices about
// an open row after a time, count from when the row was stored: DetectedAt may be long past.
//
// A row that is synced to a server before that server has derived it may hold only
// user-written fields. [Parse] returns [ErrRow] for it, and a check completes it.
//
// # Partial replication
//
// If clients receive only some buckets of the data, set Checker.Buckets to the function that
// names the buckets of a record. Each row then holds the buckets of the record that it is about
// in [Violation.Buckets], whatever its status. A row moves when that record moves, is in no
// bucket while it is deleted, and returns when it is restored: [Checker.Check] returns these rows
// in Report.Updates with all others, whether or not a rule sees the change. To find them, a view
// indexes each row under the scopes of [Checker.ScopesOf]: one of them, of [BucketsRule], holds all
// rows about one record. For rows, an application's own function of buckets returns what Parse reads:
//
//	if r.Key().Table == violation.DefaultTable {
//		v, _ := violation.Parse(r)
//		return v.Buckets
//	}
//
// Pass rows of lost edits to a check, among Input.Changes, and store the row that it returns.
// Give each row a sequence of its own, like every record: a reader who is given the row in one
// chunk and its record in the next must not miss either. A purge changes no row, because a record
// that may be purged was deleted before. Filter Report.Updates by the rights of a user before
// you show it.
//
// A row about one record names other records by ID, and the readers of the row may not be
// allowed to read these. So [Group].Restricted tells rules to keep everything else of them out
// of a finding, and the built-in rules do. The functions that an application gives to these rules
// get no fields of other records. A rule of your own must do the same. What a reader can still
// learn about a record that he may not read, from a row about one that he may read:
//
//   - that the record exists, and that the two are in conflict: for [Unique], that it has the
//     same value; for [NoOverlap], that it occupies the resource at some time within the slot of
//     his own record and, with Monthly, in which month the overlap ends; for [LiveReference], that
//     the target is missing or does not fit; for [Capacity], that the others use the rest;
//   - how many such records there are;
//   - when and by which client the newest evidence was written, from DetectedAt and the stamps of
//     the row, but not which field that was;
//   - that some evidence changed, because Evidence changes. It is a hash of keys, names of fields
//     and stamps, not of values, so no value can be guessed from it, however few values are
//     possible. A reader who guesses the stamps can confirm which fields a record has. If the
//     names of fields are private, such as the elements of a set, name the Fields of the rule:
//     with nil Fields, all names are in the hash.
//
// The row of a lost edit and a description may hold former values of the record itself. Everyone
// who may read the record now can read them, even a user who joined after they were overwritten.
//
// # Limits
//
// Users choose how many records a scope has and how long their names are, so every cost that
// grows with these has a limit.
//
//   - A row fits the default limits of every decoder. Together with its user-written fields,
//     and without its buckets, it takes at most 64 KiB. It lists at most [MaxConflicting] records, with their exact
//     number in ConflictingTotal, and its texts are cut. All participants are evidence, listed
//     or not.
//   - A group has at most Checker.MaxPerScope rows, and one more row that represents all its
//     violations and holds their number. Rows are chosen by RelevantUntil, the latest first,
//     and then by key. The order does not depend on the time, so all servers choose the same
//     rows. A row that drops out of the list is [Hidden].
//   - A View limits what it reads, and reports in ScopeRecords.Err the scopes that it left out.
//     If a record has more rows than a view reads, the rows cannot move with it, and the report
//     has an error named BucketsRule. Refuse such a push: rows that stay behind are still read.
//   - A check finds at most about 10,000 rows for a rule, and leaves the remaining scopes
//     unchecked.
//   - NoOverlap forms only the pairs that it lists. It checks a record in at most 36 scopes.
//     Bookings with several slots are compared up to a number of steps, after which the total
//     is a lower bound.
//
// Nothing is left out silently: [Report].Failed names the rule and the scope, the rows of the
// scope stay as they are, and the next check of the scope, or an audit, catches up. A rule
// never fails a push. [Report].Unknown counts the records that a rule could not read.
//
// # Scopes
//
// A check reads all records of the scopes that the changes touch, so scopes should not grow
// over the years. A Monthly NoOverlap divides a resource into months; a slot across the end of
// a month is in both months. After changing the scopes of a rule, rebuild the index of the
// view and run an audit: rows are looked up in the scope that they name.
//
// # In a server
//
// The engine needs a guard against writes of derived fields, which a check would not notice,
// and against long texts.
//
//	engine := merge.Engine{Guard: violation.Guard(violation.DefaultTable, guard)}
//
// In the transaction of a push, after Apply:
//
//	report := checker.Check(ctx, violation.Input{View: view, Changes: answer.Updates, Now: now})
//	save(tx, answer.Updates)
//	save(tx, report.Updates) // last: a row may be in both
//	log(report.Err)          // a rule that failed does not stop the push
//	remember(report.Failed)  // to tell the client, and to check the scopes again
//
// A new version of a row must not lose a concurrent write of a user: lock the rows in the
// order of their keys before saving, and join the [UserFields] of each stored row into its new
// version.
//
// Clients pull rows like all other data and show what Parse returns. Before a push, a
// client may run the rules on its own records, as advice to its user.
//
// Servers that exchange state join their records, but only the [UserFields] of their rows.
// Then each server checks what changed. The derived parts agree by then; joining them would
// mix old and new ones.
//
// # The race
//
// Two transactions that check at the same time, and do not see each other's writes, both find
// nothing. A measurement on PostgreSQL 15: two writers book one room at once, in six runs of
// 200 rounds each (in examples/storage: ./postgres.sh go test -count=1 -run TestMeasureRace -v
// . -measure 200):
//
//	how it is checked                       missed    aborted
//	in the transaction, READ COMMITTED      192–199   0
//	in the transaction, REPEATABLE READ     196–199   0
//	in the transaction, SERIALIZABLE        0         108–200
//	READ COMMITTED, scopes locked           0         0
//	READ COMMITTED, checked after commit    0         0
//
// So lock the scopes of [Checker.Scopes] first, in the order of [Scope.Lock], in a transaction
// that reads what was committed when it gets the lock, as READ COMMITTED does. Or check the
// same Scopes again after the commit, without Changes, in a transaction that locks them.
// Without these locks, a check of older data may save last, and reopen a violation that
// another check saw end. Locking first is simpler; checking after the commit keeps pushes from
// waiting for each other. In either case, run an audit now and then. Checks with locks, checks
// after the commit and audits find the same rows with the same IDs, so combining them is
// harmless. A database with a single writer, such as SQLite, has no such race.
//
// # Hazards
//
// Everyone who may read a row can read its description: keep out of it what readers of one
// record may not know about another. See the section Partial replication.
//
// A record on which a rule fails, or which makes its scope too large, leaves the whole scope
// unchecked. Use the Guard to limit what users write to records that rules read, and
// merge.Engine.TableMaxRecord to limit the size of these records.
//
// If a row lists only the first records, an unlisted record that becomes unreadable counts as
// gone.
//
// A renamed rule finds everything again, and leaves its old rows open. A removed rule leaves
// its rows as they are.
package violation
