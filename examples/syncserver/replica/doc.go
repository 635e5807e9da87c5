// Package replica is the client's side of sync: what the server confirmed, an outbox of what
// was edited here and is not answered yet, and a clock. What it shows is the join of both. It
// knows nothing of HTTP, of browsers and of databases.
//
// # Map
//
//	replica.go     opening a Replica, and reading what it shows
//	edit.go        edits
//	outbox.go      what waits to be sent
//	batch.go       what to send of it
//	answer.go      what the server said to it
//	pull.go        what came from the server
//	leave.go       beginning again with a server that was restored
//	clock.go       the clock, and what it follows
//	servertime.go  how wrong the clock of the device is
//	restamp.go     new stamps for what waits
//	why.go         why a field is what it is
//	notice.go      what to tell the user
//	changed.go     what to draw again
//	held.go        all that is held of one record
//	saves.go       what to write to the device's storage
//	savedwhy.go    the form of a Why in there
//	load.go        reading what was saved
//	remote         sync over HTTP
//
// # Use
//
// [Open] makes a Replica of what was saved. Users edit with [Replica.Edit] and read with
// [Replica.Shown] and [Replica.Records]. To push, send what [Replica.Batch] returns and give
// the answer to [Replica.Answer]; to pull, ask from [Replica.Cursor] and give what comes to
// [Replica.Pulled]. Pull before a push: then the value that an edit is about to replace
// is here, and [Replica.Why] can tell it. Package replica/remote does both over HTTP.
//
// One request at a time: a pull that was answered before a push, and is taken after it, shows
// what was there before until the next pull. Edits may come at any time.
//
// After any of these calls, take what it did:
//
//   - [Replica.TakeSaves]: what to write to the device's storage, in one transaction;
//   - [Replica.TakeChanged]: what to draw again;
//   - [Replica.TakeNotices]: what to tell the user.
//
// # Crashes
//
// A Replica can be lost at any moment and opened again from what was saved. Two rules make
// that safe. An edit is saved before it is sent; otherwise its stamp could be reused after a
// crash. And the entries of one TakeSaves are written together or not at all. If the entries
// of an answer or of a pull are not written, the same is sent or pulled again, which does no
// harm.
//
// # Clocks that are wrong
//
// Give the time that comes with each answer of the server to [Replica.ServerTime], before the rest
// of the answer is taken: the Replica finds out how wrong the clock of the device is, corrects it,
// and drops the correction when the clocks agree again. ServerTime has the rule. Call
// [Replica.ForgetOffset] when the clock of the device was set, so that the Replica need not wait for
// the next answer.
//
// When the correction changes, an edit that was never sent is restamped with the time at which it
// was made, by the clock as it is corrected now. One that may have been sent keeps its stamp, unless
// the server refuses it as too far ahead: with a greater stamp, a retry would win over edits made
// since. An edit that was refused so was made before the server's time in that answer, so no later time
// of the edit is assumed. If the clock of the device was set while edits waited, those made before are
// moved with the others, up to the present.
//
// # Stamps from the future
//
// A clock follows what is pulled, so that an edit is stamped above what its user saw. A stamp too
// far ahead of the server's time is the exception: no server would accept one above it, and a clock
// that followed it would stop all pushes. It is judged by the server's time, and not by the clock of
// the device, which may be slow. As long as no server time is known, the clock follows all but the
// last day of the range of stamps.
//
// An edit of a field that has such a stamp is shown, and waits: the server refuses it until that
// time has come, or until the record is repaired. The user is told by a Notice of the kind
// [FutureStamp]. When the repaired record is pulled, the edit is restamped and sent by itself.
//
// # Many edits
//
// A later edit takes the place of unsent ones, if no field of theirs is left that it or another
// unsent edit does not write. It keeps the base of the first. So if it is refused, all of them are
// rolled back. An edit that may have been sent stays as it is.
//
// An item that the server refuses for now is sent again after the items that it has not refused yet,
// so it cannot hold up the rest. If the storage of the server is full, the user is told once, by a
// Notice of the kind [StorageFull].
//
// # A server that was restored
//
// A server that was restored from a backup, or a standby that lacked some commits, does not know
// the cursor: it answers a pull with cursor_ahead. [Replica.Leave] forgets all that came from the
// server and keeps what waits. Edits that the old server had accepted and the new one lacks are
// lost, own ones among them, unless somebody makes them again. If the new server has stored at least
// as many changes as it lacked by the time of the next pull, nothing shows that it was restored.
//
// A client ID that is in use twice, as after a device was restored from a backup, is a notice of
// the kind [NewIDNeeded]. Save, join the workspace again, and open what was saved under the new ID:
// that begins as after Leave, and what waits is restamped with the new ID and its old time. Two
// devices that use one ID are found out only where one stamp was given twice, or where one of them
// pushes below the mark of the other. Until then edits of one field in turn replace each other
// unreported: to the server they are edits of one client.
//
// # Trust
//
// A server can show what it likes, and refuse everything. It cannot make a Replica fail, or hold
// more than it was sent: notices are bounded, and an answer must have one reply for each item.
//
// A Replica has no goroutines and must not be used from two at once.
package replica
