// Package clientlog keeps what a client did: what its user edited, what it sent, received, showed
// and dropped, and what it told its user. A user who reports a bug exports the log as one file, and
// command replay compares it with the journal of the server.
//
//	event.go  one event, and its form as a line of JSON
//	log.go    the bounded log of a client
//	file.go   reading an exported log
//
// An exported log is JSON Lines. The first line is the head; each other line is an event:
//
//	{"clientLog":1,"client":"7f3c…","dropped":12}
//	{"at":"2026-03-02T13:40:02.000000000Z","event":"received","seen":{"epoch":"N5XQ","seq":17}}
//	{"at":"2026-03-02T14:02:11.000000000Z","event":"edited","seen":{…},"records":[{"table":"tasks","id":"42","stamp":{…},"fields":[…]}]}
//
// Times are read from the device's clock and corrected by the offset that the client knew then, so
// they are comparable with the times of the server.
//
// # Privacy
//
// A log has no values unless [Log.Values] asks for them, field by field. It always has client IDs,
// times, tables, IDs and the names of fields, including names that users chose, as in tag/urgent.
// It lives in memory only: what it holds ends with the program, unless the program stores it.
// Erasing a record on the server does not reach a log, nor a file that was exported.
//
// # Hazards
//
// The log is bounded: the oldest events go first, and an event with many fields keeps only some of
// them. So the absence of an event proves nothing about the time before the first line. An exported
// log is untrusted text: its author may have changed it.
package clientlog
