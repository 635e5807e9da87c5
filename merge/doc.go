// Package merge joins records field by field, last write wins, and decides what a sync
// server accepts from its clients.
//
// # Map
//
// The join: [Records] joins two records of one key, and [Join] two [Collection] values,
// the states of replicas. [Collect] makes a Collection of records, and a [Fold] makes one from a
// stream of writes. [Delta] returns the writes of one replica that another lacks. [Changes] and
// [Fold.Write] report what a write did: a [Change] with an [Outcome]. Equal [Digest] values mean
// equal state.
//
// The boundary: [Engine.Prepare] judges the items of a [Request] and returns a [Push],
// which names the records to load. [Push.Apply] decides on the [Stored] state and returns
// an [Answer]: a [Result] for each item, with a [Decision] for each field or a [Refusal],
// and the records to store. [Push.Renamed] gives it in the field names of an old client. A [Guard]
// decides who may write what, and the functions of [Stored] do so with a look at the record. [Code]
// lists every code that a client may get. [Push.AppendJournal] and [ParseJournalLine] keep and
// replay decisions.
//
// # Files
//
//	join.go collection.go delta.go digest.go   joins and collections
//	fold.go nameset.go                         Fold
//	change.go                                  Change, and the steps of the rule
//	engine.go prepare.go admission.go          Engine and Prepare, before anything is loaded
//	apply.go room.go watermarks.go notes.go    Apply, on the stored state
//	seen.go                                    what the author of a winner had seen
//	rights.go                                  guards that look at the stored record
//	purge.go gone.go erase.go                  Purge, late writes of purged data, and Erase
//	answer.go result.go decision.go            Answer, Result and Decision
//	sentence.go                                a Decision in words
//	refusal.go code.go reply.go renamed.go     the answer to the client
//	journal.go journalline.go wire.go          lines of a journal, and JSON
//	journalerase.go                            JournalEraser
//	buckets                                    which client holds which records
//	memory                                     a reference backend
//	mergetest                                  the convergence kit
//	imports                                    what a run of an import writes
//	internal/lawtest internal/repotest         tests of the laws, and of the module
//
// # The rule
//
// Of two writes of one field the greater one wins: the later time, then the greater client
// ID, then a deletion over a value, then the greater canonical bytes. This order is total,
// so the winner depends on the two writes alone, not on where, when or in which order they
// met. For each field, a join is the maximum of a set of writes. So joins are commutative,
// associative and idempotent, no field vanishes, and no value is invented: the same writes
// in any order, grouping and repetition end in byte-identical state. Tests check these
// laws.
//
// The last two steps decide only if one stamp was used twice: see [Collision].
//
// # Pushing
//
// A push handler, in this order:
//
//	items, err := engine.Decode(body) // on error answer 400: nothing was applied
//	push := engine.Prepare(merge.Request{Actor: client, Wall: time.Now(), Items: items})
//	tx := begin()
//	mark := lockMark(tx, client)                // the pushes of one client take turns
//	found := lockRecords(tx, push.Keys())       // in the order of the keys
//	answer, err := push.Apply(merge.Stored{Records: found.Lookup(push.Keys()), Watermarks: mark})
//	save(tx, answer.Updates, answer.Watermarks) // each update with a new sequence
//	tx.Commit()                                 // on error answer 503: the client sends the same batch again
//	clock.Observe(answer.Greatest)              // if the server stamps writes of its own
//	respond(answer.AppendJSON(nil))
//
// With a store that uses compare-and-swap instead of locks, load again after a conflict, and
// apply the same Push to the new Stored.
//
// Items are accepted or refused one by one, and sending an item again is always safe: see
// [Push.Apply]. [Code] lists what a client should do about each answer. A batch that is
// malformed or exceeds the limits is refused as a whole: a client sends a large outbox in
// parts, and after a 400 it sends its items one by one, to find the invalid one.
//
// Bound the size of the body before reading it, and write the line of [Push.AppendJournal]
// in the same transaction. A Guard judges writes, see Guards below; the pull handler decides what a
// client may read. Package merge/memory is a complete server; the example named Sync has clients
// for it.
//
// Servers exchange state with each other by Join, not by pushing. Join refuses nothing,
// because otherwise servers with different limits would not converge. Stamps with a
// server's own ID reach another server only in this way.
//
// # Writes of the server
//
// A job, an admin page or an API without sync writes records as well. Such a write needs the locks of
// a push, or it overwrites a push that it did not see:
//
//	tx := begin()
//	stored := lockRecords(tx, keys)[0]
//	for _, w := range stored.All() {
//		err := clock.Observe(w.Stamp.Time) // inside the lock, so these stamps are committed
//	}
//	m, err := stored.Edit(clock.Stamp{Time: clock.Now(), Client: server}).Set("done", true).Mutation()
//	after, err := merge.Records(stored, m.Data)
//	save(tx, merge.Update{Before: stored, After: after}) // with a new sequence, after the rules are checked
//	tx.Commit()
//
// The stamp must be above the stored writes, or Mutation refuses the edit with record.ErrStamp. Three
// mistakes make it lower:
//
//   - A clock with a bound. The stored stamps were accepted by an Engine, so the clock must observe
//     them whatever the wall clock shows: create it with MaxAhead: -1. With the bound of the Engine it
//     refuses them, with clock.ErrAhead, as soon as the wall clock has been set back, or in a process
//     that runs on a machine with a slower clock.
//   - A new client ID in place of Observe. It makes a stamp unique, not later. The server needs both:
//     an ID that no client has, new in each process.
//   - A stamp drawn before the lock. A push that commits in between may have stored a greater one.
//
// Options.Last of that clock is the greatest stored watermark. A server that purges edits the result
// of [Purge], and its clock observes Stored.Fence too. A mergetest.ServerWriter tests such writes.
//
// # Pulling
//
// Every stored change gets a sequence, and a client asks for the changes after the last
// sequence that it saw. The cursor is not a stamp: a write made offline last week arrives today
// with a stamp of last week, and a cursor of stamps would skip it.
//
// Transactions may commit in an order that differs from their sequences. A client that
// sees 8 before 7 is committed takes 8 as its cursor, and never asks for 7. So draw the
// sequence last, from a row that stays locked until the commit; a database sequence such
// as nextval() does not wait for other transactions.
//
// # The client
//
// A client holds confirmed state and an outbox of its own items, and shows the join of both. It
// reads pulled records with record.Decoder{Trusted: true}: with limits, one large record would
// stop all pulls. A pulled record replaces the confirmed one, and the client's clock observes
// its stamps without a bound. An accepted item moves from the outbox to the confirmed state. An
// item that is refused permanently is dropped, and that is the rollback: the value that it
// covered is shown again. A later edit of the same field stays in the outbox, and is still
// shown.
//
// Call record.Record.Edit on the record that is shown, because the base comes from it. A
// client that puts several unsent edits of a field into one item keeps the base of the
// first.
//
// # Lost edits
//
// Last write wins drops one of two edits. If the author of the winner had not seen the
// loser, the loser is a lost edit, and the Engine reports it. Of two writes by different
// clients, with different values, the loser is lost when they meet
//
//   - if the incoming write wins, and its base lies below the stored write: its author was
//     shown an older state;
//   - if the incoming write loses, it has a base, and it is above the watermark of its client,
//     the greatest stamp accepted from that client before: it arrives for the first time, so
//     the author of the stored write cannot have seen it.
//
// Only the pusher is told, in its Reply, once and without values; if that answer is lost,
// no client is told. If no lost edit may go unreported, store the result of
// [Answer.LostEdits] in the same transaction, and let it sync. Package violation turns lost edits
// into rows.
//
// There are no false positives, and no false negatives if each client of a server pushes
// its own items, with a base, in strictly ascending order of their stamps; items that
// share a stamp go in one push. Nothing is claimed about a write based on one that the
// server refused, since it is unknown what else its author saw; about an edit that loses
// as it arrives through a gateway, or at or below a fence; or between servers, which
// exchange no watermarks. Keep the watermark with the records, and lock it with them;
// otherwise each of two simultaneous deliveries of one item counts as the first.
//
// Rows of an older system come over as package merge/imports describes, with the ID of their import
// and not with the time of the run. Name the IDs of imports in [Request.Imports], or their writes are
// reported as lost edits of 1970.
//
// # Clocks that are wrong
//
// An item stamped further ahead than the bound is refused with TooFarAhead and the
// server's time. The client corrects its clock and restamps its outbox, see
// record.Restamp; the server never restamps, because a retry would then win over later
// edits. Old stamps are normal. A phone whose clock is slow still stamps above everything
// that it has seen if its clock observes what it pulls; otherwise it is told
// StampBelowBase.
//
// A stamp beyond the bound that was stored before there was a bound, or while the server's
// clock was wrong, wins until its time has come. The example named Repair shows how to replace
// a record with such a stamp, instead of joining it, and how to lower the client's watermark.
// Store the record, with a new sequence, and the watermark in one transaction. Other servers
// must replace their copies as well. A client that joined pulled records, instead of replacing
// its own, would keep the old stamp permanently. A clock that observed the old stamp stays
// ahead: create a new clock whose Last is the greatest stamp that is left.
//
// # Storing
//
// Three layouts work. Their SQL, for SQLite and PostgreSQL, is in examples/storage, where
// a test shows each trap below.
//
//   - One JSON document for each record. It fits any record and needs no change for a new
//     field; begin with it. The column scans to a record.Record.
//   - One row for each field, in which NULL is a deletion and the text null is the value null.
//     It stores and sends only the fields that changed.
//   - Columns next to the columns of an existing table: title also gets title_at and
//     title_by. Queries read the table as before; each new field is a migration. Programs that
//     do not know of sync may go on writing to it, with triggers: see examples/storage.
//
// The traps:
//
//   - Reading and then writing without a lock loses fields when two pushes meet. Lock the
//     records. A record that does not exist cannot be locked, so insert an empty row first.
//     In SQLite begin with BEGIN IMMEDIATE.
//   - A statement that locks rows of one table and reads another table sees that other table as
//     it was before the wait for the lock. Lock first, and load in the next statement.
//   - Locks taken in different orders deadlock. Push.Keys is sorted.
//   - If a page of a pull ends between two rows of one sequence, the second is skipped.
//   - A comparison with a NULL stamp is NULL, so an UPDATE … WHERE excluded.at > t.at
//     ignores every write over an old row. Stamp old rows once, as the server's own writes
//     and with a sequence, before clients push.
//   - A plain UPDATE by another program puts a second value under a stamp. A trigger must keep the
//     stored value for pulls and pushes, until the server has stamped the new one.
//   - A conditional upsert whose condition is false returns no row. That is neither an error
//     nor "not found".
//   - SQLite compares by storage class: a stamp bound as bytes beats every stamp bound
//     as text or as an integer. Use STRICT tables, and bind a clock.Timestamp itself.
//   - A collation orders text by its own rules. Declare stamps, IDs and names that are
//     compared or sorted with COLLATE "C".
//   - A timestamptz keeps microseconds, and rounds: stamps change, and some become
//     newer. Store a Timestamp as BIGINT; for a text column bind its String.
//   - JSONB refuses U+0000 in strings, which records may hold. JSON stores it, and then
//     fails in queries that look inside; TEXT has no such problem. Or let a Guard refuse such
//     strings. JSONB also rewrites the text, which does no harm: it scans to the same record.
//   - A record that grew push by push can exceed every limit of a single push. Read a stored
//     record with Scan; read one that was pulled, or stored in another form, with
//     record.Decoder{Trusted: true}. UnmarshalJSON and a default Decoder have limits:
//     with these limits each push and pull of such a record fails permanently.
//   - A clock that observes before the commit keeps stamps that were rolled back.
//
// # Guards
//
// Three functions decide what an actor may do. [Engine.Guard] sees the item alone, before anything
// is loaded: it checks names, shapes and sizes. [Stored.MayRead] and [Stored.MayWrite] see the
// record, inside the lock: may this user change this task? Make them for each push, from the roles
// that the same transaction has read. Package merge/buckets has both for an application whose users
// have rights in buckets, such as projects.
//
// A task changes hands: Ana moves it to a project in which she has no rights, and the answer is
// lost. Her phone sends the move again. MayWrite would refuse it now, so it is not asked: it is
// asked only about writes above the record, and there are none. Since Ana may no longer read the
// task, the answer does not describe it. The item is accepted without outcomes if it wrote
// everything that it holds under Ana's own client ID and all of this still stands. Otherwise it is
// [Forbidden]. So an item that was accepted is forbidden when it comes again, if another client has
// overwritten one of its writes in the meantime. Its client drops the item, which does no harm. The
// example of Stored shows the whole story.
//
// A MayWrite should
//
//   - look at both records. One that looks at after alone lets users take any task that they can
//     read by moving it into their project. One that looks at seen alone lets them put tasks anywhere;
//   - take a record seen without fields for a creation: the record is absent, or it is dead and this
//     item begins a new life. A record can also be dead only because of an earlier item of the same
//     push; then seen has fields;
//   - decide by its arguments and by rights that are locked until the commit, and not by other
//     records;
//   - name no values of the record in its error, since the client may get the text, see [Guard].
//
// Rights are judged when the push arrives, not when the edit was made, and in the order of the
// stamps. In one push, an edit and then a move to a project that the actor cannot read are
// both accepted. If the move has the lower stamp, the edit is forbidden. Sent in two pushes, with
// the edit first, both are accepted.
//
// Rights cost a join for each item that changes its record. Push.Keys names all records that the
// Guard does not refuse, so a client makes the server load and lock records that it may not write:
// let the Guard refuse what it can, and bound the number of items in a push. Bound the size of
// records too, see Engine.MaxRecord: each item is joined to the whole record.
//
// An actor that may not read a record can still learn
//
//   - whether everything that one of its own items wrote still stands: the item is accepted again,
//     or it is forbidden;
//   - whether a record with an ID that it knows exists, was purged or erased, or never existed: an
//     item is forbidden, gone, or creates the record;
//   - that some record has a value, if a rule such as violation.Unique spans records that the actor
//     may not read;
//   - from the sequences, how many writes there were, and from the told stamp, when the last was.
//
// A gateway, whose Request has AnyClient, has one set of rights for all its clients. Only its own
// writes count as its own: an item of another client on a record that the gateway may not read is
// always forbidden.
//
// # Purging
//
// Without purging, deleted data stays with its tombstones. To purge, a server keeps two numbers
// with its records, which are read inside the lock and never fall: H, a stamp, and F, a sequence.
// Now and then it records its last sequence and its greatest stamp, but not a stamp too far ahead
// of the wall time. Such a sample becomes F and H when it is older than the retention. Then
//
//   - pass H and the level as Stored.Fence and Stored.Level. A late write of purged data is
//     answered [Gone], and nothing that was deleted comes back;
//   - store the result of [Purge] in place of a record, at any time: Apply judges by it anyway.
//     Give all readers of records, such as rules, the result of Purge too. Drop a record without
//     fields only when its sequence is at most F, because a late deletion must be pulled. Until
//     then, a dead record that has no fields at level 2 is pulled as a line with "left":true, or as
//     its field $deleted;
//   - let a client whose cursor is below F pull everything and replace what it holds. If that takes
//     several pages, their cursors must contain the sequence at which the load began, and are not
//     below F if that sequence is not. Otherwise each page begins the load again;
//   - give a restored server a new epoch, a random name that is a part of each cursor. A client
//     whose cursor has another epoch pulls everything as well, and is told "epoch" as the reason,
//     because it must then send again all its own writes, which the backup may lack;
//   - send H, the level and the told stamp with each pull. The told stamp is the greatest of H, the
//     greatest stamp of the newest sample, and the greatest accepted stamp or, if that is lower, the
//     wall time plus Engine.MaxAhead. The stamps of erasures count as accepted. A client observes the
//     told stamp, so its later edits are above the next H, or its cursor is below the next F. It
//     judges what it shows with the same Engine and fence;
//   - drop the watermarks at or below H, if you like, and pass a zero time in place of each. An edit at
//     or below H that loses as it arrives is not reported as lost, with or without a watermark.
//
// Set Request.WholeItems for a client that does not know of fences. Servers that exchange state by
// Join must not purge. Package merge/memory is a minimal server that purges, and examples/syncserver
// a complete one; its page PURGING.md says why simpler rules fail. The examples of Purge show three
// of those rules.
//
// # Erasing
//
// A deletion keeps the values, and a client can overwrite only the values that it has seen. To erase
// a record, a server replaces it, inside the lock:
//
//	erased, err := merge.Erase(found, clock.Stamp{Client: server})
//	save(tx, merge.Purge(erased, fence, level)) // with a new sequence, in place of the record
//
// Clients replace their copies with the next pull, and drop their unsent edits of the record, which
// are gone. In the same transaction, erase what was derived from the record: rows of violations and
// of lost edits, and the lines of the journal, with a JournalEraser. Keep the key and the stamp of
// each erasure outside the backups, and repeat the erasures after a restore, before the server
// answers. The journal has no data of items that are gone, so later pushes bring nothing back. But
// an item that Prepare refuses, for example as TooFarAhead, is journaled as always.
//
// Out of reach are backups, devices that never pull again, and the pages and logs of a database until
// it reuses them. Erasing is for one database: a Join with the state of another server would bring
// the values back, although they stay hidden beneath the deletion.
//
// # Hazards
//
// Stamps come from the writers' clocks. A clock that runs ahead wins over honest ones for
// as long as it is ahead; refuse a stamp that is too far ahead with clock.Clock.Check
// before joining it. The join itself judges nothing and reads no clock, or replicas would
// differ; an Engine judges by the wall time that it is given.
//
// Two devices that share one client ID, from a restored backup or a cloned disk, look like
// one client that overwrites its own edits. If they edit one field in turn, the earlier
// edit vanishes unreported: it is not a lost edit, because both writes are by one client.
// Rewound is noted only for an edit stamped below a stamp that the other device has sent, and
// StampCollision only if both used one stamp. So mint a client ID for each installation,
// keep it out of backups and images, and take a new one after a restore.
//
// Limits and guards bound one item, not the stored record, to which a client may add fields
// with each push. Engine.MaxRecord bounds a record, and Stored.StorageFull stops the growth
// of all records; neither prevents deletions or shorter values, see Engine.MaxRecord.
// Tombstones stay until they are purged, so a record whose fields come and go, such as a set that
// keeps getting new elements, can still become full: begin another record before that. An item is accepted
// or refused as a whole, so do not combine a deletion with writes that make the record
// grow. Limits make no exception for deletions and shorter values: do not lower Limits.Name below
// the length of stored names, or their fields can no longer be changed or deleted, nor Limits.Value
// below the size of values that clients shorten step by step. A Guard that limits counts or sizes
// must itself permit deletions.
//
// Journals and Decision.WithValues contain users' values, which may be private.
//
// Last write wins keeps one of two edits of a field. That is wrong for text that two people
// type at once, and for a counter in one field, which loses increments: package record/fields
// has counters that do not.
package merge
