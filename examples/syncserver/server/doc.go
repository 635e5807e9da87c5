// Package server is a sync server to use as a starting point for your own: clients push what
// they wrote offline, pull what changed, and hear of changes as they come.
//
// # Map
//
//	server.go      the options and the limits
//	http.go        the routes and errors
//	body.go        a body, and how long it may take
//	compress.go    compressed answers
//	push.go        a push, from the body to the answer
//	health.go      whether pushes are stored
//	admission.go   how many pushes are under way
//	quota.go       how much a client and a workspace do over time
//	pull.go        a pull, by sequence, page by page
//	readers.go     how many pulls and uploads are under way
//	events.go      live updates
//	access.go      who may join, and the tokens
//	database.go    the database and its transactions
//	schema.go      its tables, and how those of earlier versions are completed
//	sqlite.go      SQLite: a file, and whether it is still there
//	postgres.go    PostgreSQL: what each connection is set to
//	ahead.go       stored writes that are stamped too far ahead
//	repair.go      the command that restamps them
//	records.go     reading and storing records
//	recount.go     counts that an earlier version left wrong
//	violations.go  the index that the rules look things up in
//	unchecked.go   what rules could not check
//	log.go         what is logged
//	journal.go     the journal, for examples/replay
//	audit.go       all violations, derived again, and the index with them
//
// # A workspace is the unit of locking
//
// Each transaction that stores something begins by locking the row of its workspace,
// which holds the last sequence. That is the only lock, so there is no deadlock; two
// pushes cannot overwrite each other, nor both miss a conflict that only the two of them
// make; and sequences become visible in their order, so that a puller skips none. This
// holds for any number of server processes on one database.
//
// The price is that the pushes to one workspace come one by one. Where a workspace is
// as large as a company, lock its records instead, as examples/storage does.
//
// # A process that freezes
//
// A process that is stopped while it has a workspace, such as by SIGSTOP, a debugger or a
// machine that hangs, does not let go of it by itself. PostgreSQL ends such a transaction
// after 10 seconds, and a push of another process that waits for the workspace gets it then.
// SQLite cannot do that: all other processes answer 503 until it goes on or is killed. So does
// GET /v1/health, which tries to store something.
//
// # A database file that goes away
//
// If the file of SQLite, or a file of its log, is removed or replaced while a server runs,
// writes go to a file without a name, and are gone when the process ends. The server checks the
// names after each commit; if one has changed, it answers 503 and acknowledges nothing.
//
// # Too large
//
// A push that has more than 2 MiB, or writes to records of more than 16 MiB together, is
// refused as a whole with the status 413, and nothing of it is stored. The client sends a half
// of it then, until it has found the item, so that its neighbours get through. It is the same for
// a push of several records that are in more than 4,000 scopes of rules, counted before and after
// the push, such as 112 new bookings of many years. A single record is never refused for that.
//
// An item that would make a stored record larger than 256 KiB, or than what
// Options.TableMaxRecord has for its table, is refused by itself with
// record_full, and one that would make a record grow where the workspace has Options.Storage
// bytes of records with storage_full. Deleting stored records and fields, and replacing values
// by others that are no longer, is always accepted.
//
// A rule reads all records that share a scope with a changed one, such as the meetings of a
// room in one month, and at most 16 MiB of them. If a scope has more, the push is stored, and
// the rule is not asked about that scope. The answer names the rule as unchecked, the log has
// an error, and GET /v1/health names the rule until the scope has been checked or audited:
// give the rule smaller scopes, and its tables a limit in Options.TableMaxRecord. Deleting
// records of the scope helps as well, since the built-in rules do not read deleted ones.
//
// # Too much
//
// A push counts the bytes that it reads and writes, and a pull the bytes that it sends; see
// quota.go for the limits. A client that has used up its quota is refused with the status 429,
// the code quota_exceeded and the header Retry-After, before anything of the push is applied.
// A push of the greatest size fits a quota that is not used up. If a workspace has used up its
// quota, its clients get equal parts of it. Joins and event streams are limited by address. All this is counted
// by each process, in memory.
//
// At most 128 pulls are under way, 32 of a workspace and 4 of a client. A further one ends the
// pull whose client has not read for longest, if that is 2 seconds, and waits otherwise. A
// workspace has at most 2,000 event streams: 500 from one address and 4 of a client.
//
// At most 128 uploads of more than 64 KiB are under way, 32 of a workspace and 2 of a client. One
// that has taken 5 seconds makes way for a further one, and is refused with the status 408. The
// pushes of one client are decided one after the other.
//
// What a client causes is logged up to 100 lines a minute, and 1,000 for its workspace. The next
// line has the number of lines that were left out.
//
// # Slow networks
//
// A body may arrive slowly, at 4 KiB a second or more, and takes nine minutes at most. One that
// does not, or pauses for 30 seconds, gets the status 408 and the code timeout: the client sends
// less at once. Each part of an answer must be read within a minute. Pulls and answers to pushes
// are compressed with zstd or gzip for clients that accept it, chunk by chunk. Bodies of
// requests must not be compressed.
//
// # Stamps from the future
//
// While the clock of the server is ahead, it accepts stamps that are. When it is right again,
// these win until their time has come, and every client that has pulled one stamps above it
// and is refused as too far ahead. The answer to such a push names some of these writes. The
// command "syncserver repair" restamps them all, and lowers the marks of their clients; the
// clients pull what it changed, and go on.
//
// # Upgrading
//
// OpenDatabase adds the columns that an earlier version lacks, and New makes the index again if
// it was made by other rules or in another form. On PostgreSQL, servers of an earlier version may
// run beside newer ones while they are replaced one by one. What they do not count, a newer one
// counts with its next pushes. Their index differs: they may name other scopes, so a newer one can
// miss a violation in what they wrote, and health names the rules. When the last of them has
// stopped, run "syncserver audit" for each workspace, or restart a newer server, which audits
// all. It is the same after a database went back to an earlier version for a time.
//
// # A backup that was restored
//
// A client whose cursor lies above the sequence of a restored database is told so, with the
// status 409 and the code cursor_ahead: it joins again, pulls everything, and sends again what
// still waits. It is the same after a failover to a standby that lacked some commits.
//
// The server cannot tell where the sequence has passed the cursor of a client by the time that
// it comes back: the client misses what took the sequences between. Where many have pushed
// since the restore, or some clients stay away for days, stop the servers, delete the row of
// the table secrets, and start them: all tokens have ended, so all clients join again. Either
// way, what the backup does not have is lost, except for what still waits to be sent.
package server
