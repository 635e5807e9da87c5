// Package merge joins what replicas wrote: record by record, field by field, the
// later write wins.
//
// # Map
//
// The join: [Records] joins two records of one key, and [Join] two [Collection]
// values, which are what replicas hold. [Collect] makes a Collection of records,
// and a [Fold] of a stream of single writes. [Delta] is what one replica lacks of
// another. [Changes] and [Fold.Write] tell what each incoming write did: a
// [Change] with its [Outcome] for each field. A [Digest] tells whether two
// replicas agree.
//
// The boundary: an [Engine] is what a server puts where clients push. [Engine.Prepare]
// judges the items of a [Request] and returns a [Push], which names the records to load.
// [Push.Apply] decides on what is [Stored], and returns an [Answer]: a [Result] for each
// item, with a [Decision] for each field or a [Refusal], and the records to store. A
// [Guard] keeps clients from what is not theirs. Every [Code] that a client may get is
// listed in one place. [Push.AppendJournal] and [ParseJournalLine] keep and replay what was
// decided.
//
// # Files
//
//	join.go collection.go delta.go digest.go   the join, and collections
//	fold.go nameset.go                         the join of a stream of writes
//	change.go                                  what one write did, by which step of the rule
//	engine.go prepare.go admission.go          a push before anything is loaded
//	apply.go room.go watermarks.go notes.go    what is decided on what is stored
//	answer.go result.go decision.go            what was decided
//	refusal.go code.go reply.go                what a client is told
//	journal.go journalline.go wire.go          lines of a journal, and JSON
//	memory                                     a reference backend
//	mergetest                                  the convergence kit
//	internal/lawtest internal/repotest         tests of the laws, and of the module as a whole
//
// # The rule
//
// Of two writes of one field the greater one wins: the later time, then the
// greater client ID, then a deletion above a value, then the greater canonical
// bytes. The order is total, so the winner depends on the two writes alone, and
// not on where, when or in which order they met. Per field, a join is the greatest
// of a set. From that follow the laws that tests of this package check:
// commutative, associative, idempotent, no field vanishes, no value is made up.
// Any order, any grouping and any repetition of the same writes ends in
// byte-identical state.
//
// The last two steps decide only when one stamp was used twice, by a restored
// backup or a cloned device. Then the writes still have a winner everywhere, and
// the Outcome is [Collision], so that the client can be told to take a new ID.
//
// An equal value with a newer stamp is a newer write: it takes the stamp, and the
// stored bytes change, but nothing that a user sees.
//
// # Cost
//
// A join that changes nothing allocates nothing and returns its first operand. One
// that changes something copies the records that changed and shares the rest. It
// costs a comparison for each field of b and its records, and where a record is
// added or changed, a copy of the slice of records.
//
// # Pushing
//
// A push handler decodes the batch, begins a transaction, loads and locks what the
// batch is about, applies, stores, commits, and only then lets its clock observe:
//
//	items, err := engine.Decode(body) // on error answer 400: nothing was applied
//	push := engine.Prepare(merge.Request{Actor: client, Wall: time.Now(), Items: items})
//	tx := begin()
//	mark := lockMark(tx, client)                // so a client's pushes come one by one
//	found := lockRecords(tx, push.Keys())       // in this order
//	answer, err := push.Apply(merge.Stored{Records: found.Lookup(push.Keys()), Watermarks: mark})
//	save(tx, answer.Updates, answer.Watermarks) // each update with a new sequence
//	tx.Commit()                                 // on error answer 503: the client sends the same again
//	clock.Observe(answer.Greatest)              // if the server stamps writes of its own
//	respond(answer.AppendJSON(nil))
//
// A store that compares and swaps instead of locking loads and applies again after a
// conflict: the same Push, another Stored. An error of Apply is a bug of the handler.
//
// Items are accepted or refused one by one; a bad one does not touch the others.
// Sending an item again is always safe: it is accepted and changes nothing. The
// client reads a [Reply] for each item and acts on its code: it drops, keeps or mends
// the item, or tells the user. A batch that is refused as a whole is malformed, or
// larger than the limits: a client whose outbox is large sends a part at a time, and
// one that is told 400 sends its items one by one, to find the bad one.
//
// Bound the size of the body before reading it, and write the line of AppendJournal
// in the same transaction. A Guard is asked about writes only: what a client may read
// is for the pull handler to decide.
//
// Package merge/memory is a whole server in this shape, in memory; the example named Sync has
// clients for it.
//
// Servers that exchange state with each other do not push. They join what they
// have, with Join, which refuses nothing; else servers with different limits would
// not converge. Stamps with a server's own ID reach another server in this way only.
//
// # Pulling
//
// Every stored change gets a sequence, and a client asks for what has a greater one
// than the last it saw. The cursor is not a stamp: what was written offline last
// week arrives today with a stamp of last week, and would be skipped.
//
// Transactions commit in another order than that in which they drew their numbers.
// A puller that sees 8 while 7 is not committed yet takes 8 as its cursor, and never
// asks for 7. So draw the sequence last, from a row that stays locked until the
// commit; a database sequence such as nextval() waits for nobody.
//
// # The client
//
// A client holds confirmed state and an outbox of its own items, and shows the join
// of both. It reads what it pulls with record.Decoder{Trusted: true}: a record that a
// limit refused would stop all pulls. What it pulls replaces what is confirmed, and its
// clock observes it without a bound. An accepted item moves from the outbox to what is confirmed. One that is
// refused for good is dropped, and that is the rollback: what it covered shows again.
// A later edit of the same field stays in the outbox, and stays shown.
//
// record.Record.Edit takes the base from what it is called on: call it on what is
// shown. A client that puts several unsent edits of a field into one item keeps the
// base of the first.
//
// # Lost edits
//
// Last write wins drops one of two edits. If the later author had seen the earlier edit,
// that is what editing means. If not, an edit is lost, and the Engine reports it. Of two
// writes by different clients, with different values, one is lost when they meet
//
//   - if the incoming one wins, and its base lies below the stored one: its author was
//     shown something older;
//   - if the incoming one loses, it has a base, and it is above the watermark of its client,
//     the greatest stamp accepted from it before: it arrives for the first time, so the
//     author of the stored one cannot have seen it.
//
// Only the pusher is told, in its Reply, once and without values; if that answer is lost,
// no client is. Where an edit must not be lost, store what [Answer.LostEdits] returns in the
// same transaction, and let it sync. Package violation makes rows of it.
//
// There are no false positives. There are no false negatives if the clients of one server
// push by themselves, with a base, in strictly ascending order of their stamps: items that
// share a stamp go in one push. Nothing is claimed about a write made upon one that the
// server refused, since what its author saw beneath is not known; about an edit that loses
// as it arrives through a gateway; or between servers: one that takes in the state of
// another passes no watermarks. Keep the watermark with the records, and lock it with them:
// two deliveries of one item at the same time would both be the first.
//
// # Clocks that are wrong
//
// An item that is stamped further ahead than the bound is refused with TooFarAhead
// and the server's time. The client corrects its clock and stamps its outbox again,
// see record.Restamp; the server never does, for a retry would then win over later edits. Old stamps are
// normal. A phone whose clock is slow stamps above what it has seen all the same, if
// its clock observes what it pulls; one that does not is told StampBelowBase.
//
// A stamp beyond the bound that is stored already, from before there was a bound
// or from a time when the server's own clock was wrong, wins until its time has
// come. Repair it: give the write a stamp of the server's, and store the record in
// place of the old one, with a new sequence. Do not join, or the old stamp wins. That
// holds everywhere: other servers replace their copy, and a client that joined what it
// pulls would keep the old stamp for good. A clock that observed it is ahead as well,
// and stays so: make it anew with the greatest stamp that is left as its Last.
// Watermarks that were taken from such stamps are ahead too: lower them to the time of the
// repair, in the same transaction. Otherwise every edit of such a client is noted as
// Rewound, and if it loses, it is not reported as lost. The example named Repair shows it.
//
// # Storing
//
// Three layouts work. Their SQL, for SQLite and PostgreSQL, is in examples/storage,
// where each trap below has a test that shows it.
//
// One document for a record. It fits any record and needs no change for a new
// field; begin with it. A record.Record is what the column scans to.
//
//	CREATE TABLE documents (tbl TEXT COLLATE "C", id TEXT COLLATE "C", data JSON, seq BIGINT, PRIMARY KEY (tbl, id))
//	SELECT seq, tbl, id, data FROM documents WHERE (tbl, id) IN (…) ORDER BY tbl, id FOR UPDATE
//	INSERT INTO documents … ON CONFLICT (tbl, id) DO UPDATE SET data = excluded.data, seq = excluded.seq
//
// One row for a field, in which NULL is a deletion and the text null is the value. It
// stores and sends only the fields that changed.
//
//	CREATE TABLE fields (tbl …, id …, field TEXT COLLATE "C", value TEXT, at BIGINT, client TEXT COLLATE "C", seq BIGINT, PRIMARY KEY (tbl, id, field))
//
// Columns beside the columns of a table that is there already: for title also
// title_at and title_by. SQL reads it as ever; each new field is a migration.
//
//	ALTER TABLE tasks ADD title_at BIGINT, ADD title_by TEXT
//	UPDATE tasks SET title_at = $1, title_by = $2, seq = … WHERE title IS NOT NULL -- once, as the server's own writes
//
// The traps:
//
//   - Reading and then writing without a lock loses fields when two pushes meet. Lock
//     the records, and, since a record that does not exist cannot be locked, insert an
//     empty row first. In SQLite begin with BEGIN IMMEDIATE.
//   - A statement that locks rows of one table and reads another one reads the other as
//     it was before it waited. Lock first, and load in the next statement.
//   - Locks taken in different orders deadlock. Push.Keys is sorted.
//   - A page of a pull that ends between two rows of one sequence skips the second.
//   - A comparison with a NULL stamp is NULL, so an UPDATE … WHERE excluded.at > t.at
//     ignores every write over an old row. Stamp old rows once, before clients push.
//   - A conditional upsert that loses returns no row. That is no error, and not "not
//     found".
//   - SQLite compares by storage class: a stamp bound as bytes beats every one bound
//     as text or as an integer. Use STRICT tables, and bind a clock.Timestamp itself.
//   - A collation orders text by its own rules. Write COLLATE "C" beside stamps, IDs
//     and names that are compared or sorted.
//   - A timestamptz keeps microseconds, and rounds: stamps change, and some become
//     newer. Store a Timestamp as BIGINT; for a text column bind its String.
//   - JSONB refuses U+0000 in strings, which records may hold. JSON stores it, and then
//     fails in queries that look inside; TEXT has no trouble. Or let a Guard refuse such
//     strings. JSONB rewrites the text otherwise, which does no harm: a record scans to
//     the same.
//   - A record that grew push by push can exceed every limit of a single push. Read what
//     is stored with Scan, and what is stored otherwise or pulled with
//     record.Decoder{Trusted: true}. UnmarshalJSON and a default Decoder have limits:
//     with them each push and pull of such a record fails permanently.
//   - A clock that observes before the commit knows of stamps that were rolled back.
//
// # Hazards
//
// The later write is the one with the greater stamp, and stamps are made of the
// writers' clocks. A clock that runs ahead wins over honest ones for as long as it
// is ahead; refuse what is too far ahead with clock.Clock.Check before joining
// it. The join itself judges nothing and reads no clock, or replicas would differ;
// an Engine judges by the wall time that it is given.
//
// Two devices that share one client ID, after a backup was restored onto both or a disk
// was cloned, look like one client that overwrites its own edits. Where they edit one field
// in turn, the earlier edit vanishes unreported: no lost edit, since both writes are by one
// client, and no note, as long as each push is stamped above the watermark. Rewound is noted
// only for an edit stamped below what the other device has sent, and StampCollision only if
// both used one stamp. So mint a client ID for each installation, keep it out of backups
// and images, and take a new one after a restore.
//
// Limits and guards bound one item, and not the stored record: a client may add fields to
// a record with each push. Engine.MaxRecord bounds a record, and Stored.StorageFull stops
// the growth of all records. Neither freezes a record: it and its stored fields can still be
// deleted, and values replaced by others that are no longer. Tombstones stay, so a record
// whose fields come and go, such as a set with ever new elements, still becomes full: begin
// another one in time. An item is accepted or refused as a whole, so do not put a deletion
// into one item with writes that make the record grow. Limits have no such exceptions: do not
// lower Limits.Name below stored names, or fields of these names can no longer be changed or
// deleted, nor Limits.Value below the size of values that clients shorten step by step. A
// Guard that counts or measures has to permit deletions itself.
//
// A journal and Decision.WithValues hold what users wrote, which may be private.
//
// Last write wins is the wrong rule for counters, which lose increments, and for
// text that two people type at once. It keeps one of two edits of the same field;
// it is for data in which that is right.
package merge
