// Package replica is the client's side of sync: what the server confirmed, an outbox of what
// was edited here and is not answered yet, and a clock. What it shows is the join of both. It
// knows nothing of HTTP, of browsers and of databases.
//
// # Map
//
//	replica.go   opening a Replica, and reading what it shows
//	outbox.go    edits, and what waits to be sent
//	answer.go    what the server said to it
//	pull.go      what came from the server
//	clock.go     the clock, and its correction
//	why.go       why a field is what it is
//	notice.go    what to tell the user
//	changed.go   what to draw again
//	held.go      all that is held of one record
//	saves.go     what to write to the device's storage
//	savedwhy.go  the form of a Why in there
//	load.go      reading what was saved
//	remote       sync over HTTP
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
// If the server says that an edit is too far ahead, the Replica takes the server's time,
// makes a new clock above all that is confirmed, and stamps what waits anew. Only this looks
// at all records that are held; everything else costs what it changes. Tell the Replica with
// [Replica.ForgetOffset] when somebody has set the clock of the device.
//
// A client ID that is in use twice, as after a backup was restored, is a notice of the kind
// [NewIDNeeded]. Save, join the workspace again, and open what was saved under the new ID:
// what waits is stamped anew with that.
//
// A Replica has no goroutines and must not be used from two at once.
package replica
