// Package replica implements the client side of sync: the state that the server has confirmed, an
// outbox of edits that it has not answered yet, and a clock. The Replica shows the join of the
// confirmed state and the outbox, judged as the server will judge it. The package knows nothing of
// HTTP, browsers or databases.
//
// # Map
//
//	replica.go     opening a Replica, and reading what it shows
//	edit.go        edits
//	outbox.go      the edits that wait to be sent
//	batch.go       choosing the edits to send next
//	answer.go      the server's answer to a batch
//	overlay.go     accepted edits that were not pulled yet
//	pull.go        records from the server
//	chunk.go       the lines of a pull
//	fence.go       purged data, and edits that it makes gone
//	reset.go       replacing what came from the server
//	buckets.go     the buckets of a record
//	left.go        records that have left
//	again.go       sending edits again that a restored server lacks
//	clock.go       the clock, and the stamps that it follows
//	servertime.go  how wrong the device's clock is
//	restamp.go     new stamps for waiting edits
//	why.go         why a field has its value
//	notice.go      what to tell the user
//	changed.go     which records to draw again
//	log.go         what the Replica did, for Options.Log
//	held.go        everything held of one record
//	saves.go       what to write to the device's storage
//	saveditem.go   the saved form of edits
//	savedwhy.go    the saved form of a Why
//	load.go        reading what was saved
//	remote         sync over HTTP
//
// # Use
//
// [Open] makes a Replica from its saved entries. Edit with [Replica.Edit] and read with
// [Replica.Shown] and [Replica.Records]. To push, send the lines that [Replica.Batch] returns and
// pass the answer to [Replica.Answer]. To pull, ask for the records after the cursor of the [Pull] that
// [Replica.BeginPull] returns, pass them to [Replica.Pulled], and repeat until the Pull is settled.
// Pull before you push: the Replica then holds the value that an edit is about to replace, and
// [Replica.Why] can show it. Package replica/remote does both over HTTP; its example has two
// devices and a server.
//
// Pulls are answered in chunks, and pushes say v=2 and the cursor; see package server. Make one push at a
// time. Edits may be made at any time.
//
// After any of these calls, collect the results:
//
//   - [Replica.TakeSaves]: entries to write to the device's storage, in one transaction;
//   - [Replica.TakeChanged]: keys of the records to draw again;
//   - [Replica.TakeNotices]: notices to show to the user.
//
// # Earlier versions
//
// Entries that an earlier version saved can be opened. Their cursor was a sequence, so the first pull
// brings everything, and its first chunk replaces the confirmed records. Servers that do not answer
// in chunks are not supported.
//
// # Crashes
//
// A Replica can be lost at any moment and opened again from its saved entries. Two rules make that
// safe. Save an edit before you send it; otherwise its stamp could be reused after a crash. Use one
// transaction for all entries that a call of TakeSaves returns. If the entries of an answer or a
// pull are not written, the same edits are sent or the same records pulled again, which is
// harmless.
//
// # Clocks that are wrong
//
// Pass the time in each server answer to [Replica.ServerTime] before the rest of the answer. The
// Replica then corrects its readings of the device's clock, and drops the correction when the
// clocks agree again; ServerTime documents the rule. After the device's clock was set, call
// [Replica.ForgetOffset], so that the Replica need not wait for the next answer.
//
// When the correction changes, an edit that was never sent is restamped with the corrected time at
// which it was made. An edit that may have been sent keeps its stamp, because with a greater one a
// retry would win over edits made since. The exception is an edit that the server refuses as too
// far ahead, which is restamped. It was made before the server's time in that answer, so no later
// time is assumed for it. If the device's clock was set while edits waited, the correction also
// moves the edits made before that, but not past the present.
//
// # Stamps from the future
//
// The clock follows the records that are pulled, so that an edit is stamped above every write that
// its user saw. It also follows the stamp in the trailer of each chunk, whatever it is, and is not
// corrected below it: the server may raise its fence up to that stamp. It does not follow a stamp
// too far ahead of the server's time: no server would accept a stamp above that one, so following
// it would stop all pushes. Stamps are judged by the server's time and not by the device's clock,
// which may be slow. Until a server time is known, the clock follows all stamps except those in the
// last day of the range.
//
// An edit of a field whose stamp is too far ahead is shown but waits: the server refuses the edit
// until the time of that stamp has come or the record is repaired. A Notice of kind [FutureStamp]
// tells the user. When the repaired record is pulled, the edit is restamped and sent automatically.
//
// # Many edits
//
// An unsent edit is replaced once later unsent edits have written all of its fields again. The
// later edit keeps the base of the earlier one. So if the later edit is refused, all of them are
// rolled back. An edit that may have been sent is not replaced.
//
// An item that the server refuses temporarily is sent again after the items that it has not refused
// yet, so it cannot hold up the rest. If the server's storage is full, a Notice of kind
// [StorageFull] tells the user once.
//
// # What had been pulled
//
// Each item says what the Replica had pulled when the edit was made: the member "seen" of the last
// trailer. It stays when the item is restamped, and decides nothing. The server's journal keeps it,
// to explain later on which state an edit was made. While a load is not settled, items have none.
//
// # A log for bug reports
//
// With [Options.Log], the Replica keeps what it does: edits, what was sent and answered, what a pull
// changed, what was shown and dropped, and what the user was told, each with the corrected time. The
// log is bounded, lives in memory, and has no values unless they are asked for; see package
// clientlog. Command replay compares an exported log with the journal of the server.
//
// # Purged data
//
// A server purges deletions that are older than its retention; see merge.Purge. Each chunk ends with
// the fence, a stamp: what was deleted at or below the fence may have been purged. The Replica
// purges its own records by the same function, and judges what it shows with the same merge.Engine:
// an edit that is gone is not shown, and a dead record is shown without fields. An edit of a dead
// record creates it again. A raised fence wakes no client: without a pull, a Replica keeps showing what
// the server has purged.
//
// The accepted writes of an edit remain an overlay until a pull has brought them, that is, until the
// first settled pull that began after the answer. If the fence rises earlier, the overlays of records
// that the chunk does not bring are joined to the confirmed records, judged by the old fence, which the
// server used. A record that is known only from overlays is forgotten with them.
//
// An edit that arrives too late is refused with the code gone, as a whole or in some fields, and a
// Notice of kind [Refused] reports what was rolled back. A record that was created offline longer ago
// than the retention, and never sent, is stamped again with the present time, together with the edits
// that follow its creation. An edit that was saved and loaded again counts as sent.
//
// If the last pull was longer ago than the retention, the server resets the Replica: a pull brings
// everything again and replaces what was confirmed. A Notice of kind [Resync] tells why. The edits
// that wait are kept, and the server decides about them.
//
// # Buckets
//
// A server with partial replication sends only the records of the buckets that its user may read; see
// package merge/buckets. Each record is held with its buckets, which a line replaces as a whole. A
// record is forgotten when a line says that it has left, or when the client has lost the last of its
// buckets: the trailer does not name the bucket any longer, or the bucket is loaded again. Nothing is
// written for it. The edits of a record that has left are hidden until a line brings the record
// again, but they are sent. This includes a record that is loaded again after a reset: it may be in
// buckets now that the user may not read. A server without partial replication names no buckets in its
// trailers, so the edits stay shown during and after the load. If the server refuses one because the user may no longer read the record,
// the Why of the Notice is [WhyLeft].
//
// # Several tabs
//
// A store has one cursor, whatever number of tabs or processes share it under a lock. Each may open the
// Replica, begin a pull, and save. When the answer arrives, it opens the Replica again and passes the same
// [Pull]. A chunk is applied only if the cursor is still the one that the pull had reached, and is
// discarded otherwise: it could bring back what has left. An overlay ends with a settled pull that
// began, in any tab, after its answer was saved.
//
// # A server that was restored
//
// A server that was restored from a backup, or a standby that missed some commits, lacks writes that
// it had accepted. It gets a new epoch, which makes it reset its clients. Before the Replica forgets
// what came from the server, it sets its own accepted writes aside, in confirmed records and in
// overlays, even if a confirmed write of another client replaces them. Once the pull is settled, it
// puts those that the server lacks before its outbox, and a Notice of kind [SentAgain] tells how many.
// They keep their stamps. Until then Batch returns nothing, because a later edit could be gone without
// the earlier one. They are also kept if the client ID changes meanwhile, and are then restamped like
// waiting edits.
//
// The server can also be restored while a reset for another reason is under way: the Replica was below
// the fence, and its load broke off. So a reset by the fence sets the own accepted writes aside as well.
// They are forgotten when a line brings their record or says that it has left, and all of them once
// the pull is settled. They are sent only if a new epoch comes before that. Edits are pushed meanwhile.
//
// A Replica does not send again an own write that it has ceased to hold: one that a later write
// replaced before the last settled pull, one that was purged or erased, and one of a record that it may
// not read any longer. Nor does it send again the writes of another client.
//
// An edit of a record that another client created can arrive before that client has sent its creation
// again. If such an edit is gone, it is sent once more, after a pull that brings the record, or else
// after the second settled pull.
//
// Without a new epoch, the server notices the restore only if the cursor is above its sequence.
//
// A client ID can be in use twice, for example after a device was restored from a backup. A Notice
// of kind [NewIDNeeded] reports it. Save, join the workspace again, and open the saved entries
// under the new ID: only waiting edits, and writes that a reset has set aside, are kept. They are
// restamped with the new ID and their old times. Two devices that share an ID are detected only if both issue the same
// stamp, or if one pushes a stamp below the other's mark. Until then, their edits of one field
// replace each other unreported, because the server takes them for edits of one client.
//
// # Users
//
// A store belongs to one user. Pass the user to [Open], which refuses the entries of another user with
// [ErrUser], so that a device which changes users keeps their data apart. If a token ends, nothing
// changes: renew it and go on.
//
// # Trust
//
// A server can show anything and refuse everything. It cannot make a Replica fail, or make it hold
// more than the server sent: notices are bounded, and an answer must have one reply for each item.
//
// A Replica starts no goroutines and must not be used from two goroutines at once.
package replica
