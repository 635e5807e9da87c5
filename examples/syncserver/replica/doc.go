// Package replica implements the client side of sync: the state that the server has confirmed, an
// outbox of edits that it has not answered yet, and a clock. The Replica shows the join of the
// confirmed state and the outbox. The package knows nothing of HTTP, browsers or databases.
//
// # Map
//
//	replica.go     opening a Replica, and reading what it shows
//	edit.go        edits
//	outbox.go      the edits that wait to be sent
//	batch.go       choosing the edits to send next
//	answer.go      the server's answer to a batch
//	pull.go        records from the server
//	leave.go       starting over with a server that was restored
//	clock.go       the clock, and the stamps that it follows
//	servertime.go  how wrong the device's clock is
//	restamp.go     new stamps for waiting edits
//	why.go         why a field has its value
//	notice.go      what to tell the user
//	changed.go     which records to draw again
//	held.go        everything held of one record
//	saves.go       what to write to the device's storage
//	savedwhy.go    the saved form of a Why
//	load.go        reading what was saved
//	remote         sync over HTTP
//
// # Use
//
// [Open] makes a Replica from its saved entries. Edit with [Replica.Edit] and read with
// [Replica.Shown] and [Replica.Records]. To push, send the lines that [Replica.Batch] returns and
// pass the answer to [Replica.Answer]. To pull, ask for the records after [Replica.Cursor] and pass
// them to [Replica.Pulled]. Pull before you push: the Replica then holds the value that an edit is
// about to replace, and [Replica.Why] can show it. Package replica/remote does both over HTTP.
//
// Make one request at a time. If a pull is answered before a push but passed to Pulled after the
// push's answer, the Replica shows the older state until the next pull. Edits may be made at any
// time.
//
// After any of these calls, collect the results:
//
//   - [Replica.TakeSaves]: entries to write to the device's storage, in one transaction;
//   - [Replica.TakeChanged]: keys of the records to draw again;
//   - [Replica.TakeNotices]: notices to show to the user.
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
// its user saw. It does not follow a stamp too far ahead of the server's time: no server would
// accept a stamp above that one, so following it would stop all pushes. Stamps are judged by the
// server's time and not by the device's clock, which may be slow. Until a server time is known, the
// clock follows all stamps except those in the last day of the range.
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
// # A server that was restored
//
// A server that was restored from a backup, or a standby that missed some commits, does not know
// the cursor: it answers a pull with cursor_ahead. [Replica.Leave] then forgets everything that
// came from the server and keeps the edits that wait. Edits that the old server accepted and the
// new one lacks, the user's own included, are lost unless somebody makes them again. The restore
// goes unnoticed if, by the next pull, the new server has stored at least as many changes as it
// lacked.
//
// A server purges deletions that are older than its retention. If the last pull of a client
// was longer ago, the server answers with resync_required, and [Replica.Leave] is called as well.
// Edits that are older than the retention and that change purged data are refused with the code
// gone.
//
// A client ID can be in use twice, for example after a device was restored from a backup. A Notice
// of kind [NewIDNeeded] reports it. Save, join the workspace again, and open the saved entries
// under the new ID: the Replica starts as after Leave, and waiting edits are restamped with the new
// ID and their old times. Two devices that share an ID are detected only if both issue the same
// stamp, or if one pushes a stamp below the other's mark. Until then, their edits of one field
// replace each other unreported, because the server takes them for edits of one client.
//
// # Trust
//
// A server can show anything and refuse everything. It cannot make a Replica fail, or make it hold
// more than the server sent: notices are bounded, and an answer must have one reply for each item.
//
// A Replica starts no goroutines and must not be used from two goroutines at once.
package replica
