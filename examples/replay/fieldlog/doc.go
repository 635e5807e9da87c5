// Package fieldlog collects what the journal of a server holds about one field: who wrote it, what
// the server answered, and what changed without a push. Command replay puts such a log into words,
// and package timeline draws it.
//
//	push.go    a replayed line of a journal
//	collect.go the logs of all fields that a path can mean
//	log.go     the log of one field
//	event.go   one event of a log
//	notice.go  fences, epochs and resets: lines of a journal that are not pushes
//	text.go    numbers, durations, reasons and untrusted text for people
//
// # Hazards
//
// A log holds the values that users wrote, and keeps them in memory: one Event for each write of the
// field. The names and values in it are untrusted text.
//
// A journal does not hold pulls, except when a client had to pull everything again, and not the data of items
// that were refused as gone or could not be read. Such an item may have been meant for any field of its record: see Log.Unread.
package fieldlog
