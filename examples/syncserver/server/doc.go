// Package server implements a sync server to use as a starting point for your own: clients push
// their offline writes, pull the changes of others, and are notified of new ones.
//
// # Map
//
//	server.go      options and limits
//	backend.go     what a backend does
//	frontend.go    the protocol over any backend
//	sqlbackend.go  the backend of a Server
//	http.go        routes
//	failures.go    errors
//	body.go        request bodies and their deadlines
//	compress.go    compressed answers
//	sealer.go      compressing a pull without revealing one bucket to the readers of another
//	push.go        pushes, from the body to the answer
//	groups.go      which waiting pushes share a turn
//	group.go       applying several pushes in one transaction
//	prefetch.go    reading for several pushes at once
//	health.go      the health check, which tests a write
//	admission.go   limits for concurrent pushes
//	quota.go       quotas over time for clients and workspaces
//	pull.go        admitting pulls, and sending them in chunks
//	chunk.go       pulls with a cursor
//	page.go        pulls by sequence, of clients of an earlier version
//	lines.go       the lines of a chunk, or columns
//	versions.go    the versions of the app that clients state
//	oldform.go     what old clients push, pull and are answered
//	lostform.go    rows of lost edits in the form of another version
//	upgrade.go     translating all records after Options.Schema has changed
//	reading.go     how a pull looks up the next records
//	snapshot.go    what a chunk of a pull is made from
//	restored.go    after a restore from a backup: the epoch, and the erasures since the backup
//	readers.go     limits for concurrent pulls and uploads
//	events.go      live updates
//	feed.go        which event streams to wake
//	account.go     who sends a request
//	users.go       binding client IDs to users
//	members.go     the buckets of users, granted and revoked
//	membership.go  changing them by request
//	rights.go      what the user of a push may read and write
//	dropped.go     refusing edits of violation rows that were dropped
//	origins.go     web pages of other origins
//	access.go      joining a workspace, and renewing tokens
//	tokens.go      the tokens and invitations of the server itself
//	database.go    the database and its transactions
//	schema.go      the tables, and the migration of earlier versions
//	sqlite.go      SQLite: the file, and whether it still exists
//	statements.go  SQLite: statements that stay prepared
//	postgres.go    PostgreSQL: the settings of each connection
//	fence.go       the fence, and the normal forms of records below it
//	retention.go   daily samples, and how the fence rises
//	sweep.go       purging what is below the fence
//	ahead.go       stored writes that are stamped too far ahead
//	repair.go      the command that restamps them
//	write.go       writes of the server itself
//	read.go        reads of records without the lock, and whether a workspace exists
//	import.go      imports of rows that no client has stamped
//	importcheck.go which sources and rows an import accepts
//	importpart.go  the part of an import that one transaction stores
//	ledgers.go     the ledgers of imports
//	registry.go    the imports of a workspace
//	own.go         the client IDs of servers, which no client may use
//	session.go     the transaction that holds the lock of a workspace
//	records.go     reading records in it
//	stored.go      storing them, each with a new sequence
//	marks.go       storing the watermarks of clients
//	filing.go      in which buckets records are found, and which ones they have left
//	division.go    filing all records again after Options.Buckets has changed
//	recount.go     counters that an earlier version left wrong
//	violations.go  the index in which the rules look up records
//	lostedits.go   the rows of lost edits, in the index and in sweeps
//	lostrow.go     what such a row holds
//	lostpush.go    the rows that a push makes, and how many a client gets
//	kept.go        fields whose values must not vanish: which of their edits count as lost, and what is refused
//	losers.go      the buckets through which a row reaches the client that lost the edit
//	rows.go        violation rows move with the records that they are about
//	unchecked.go   scopes that rules could not check
//	log.go         log lines, and their limits
//	pushlog.go     the log lines of a push
//	metrics.go     the metrics for Prometheus
//	metricslabels.go
//	               the values of their labels
//	journal.go     the journal, for examples/replay
//	journalevents.go
//	               fences, epochs and resets in the journal
//	segments.go    compressed segments of the journal
//	history.go     the history of a field, drawn from the journal
//	historylines.go
//	               reading the end of the journal
//	erase.go       erasing records
//	eraserows.go   erasing the violation rows about them
//	erasejournal.go
//	               erasing their values in the journal
//	erasures.go    the file that remembers erasures
//	rewrite.go     writing the files of the database again
//	audit.go       deriving the index and all violations again
//
// # The protocol
//
// The page PROTOCOL.md describes the protocol for clients in any language: each request, answer, code and
// limit. The sections below say why, and what an operator must know.
//
// # Another database
//
// A Server is a Frontend over SQL. A Frontend does everything that does not depend on where the data is:
// HTTP, tokens, quotas, event streams and the text of pulls. For another database, implement Backend and
// call NewFrontend, as examples/cluster does. The Backend decides with EngineOf, files records with WithRows if
// there are buckets, and answers with the failures of this package.
//
// # Versions of the app
//
// With Options.Schema and Options.Lenses, clients of earlier versions of the app write next to clients of the
// newest one. The Frontend translates at the boundary: a Backend decodes a push with [Pushed.Items], returns the
// merge.Push in its Outcome, and otherwise stores and sees one form only. The page RENAMING.md has the steps of a
// change, and the section "Versions of the app" of PROTOCOL.md says what old clients see.
//
//   - New translates what is stored, once, and there is no way back: only a backup. Stamps, sequences and buckets
//     stay, so old clients are sent nothing again. A server with the former Schema answers 503 from then on.
//   - The functions of a lens run on what clients wrote. A record that they cannot translate stops New. A field
//     that they cannot translate for an old client is left out for that client, and logged.
//   - The journal is not translated. The history of a field begins with the upgrade; the earlier part is under the
//     old name.
//   - examples/cluster translates at the boundary, but not what it stores: there, add a lens before the fields have
//     data.
//
// # A workspace is the unit of locking
//
// Each transaction that stores records first locks the row of its workspace, which contains the
// last sequence. The transaction takes no other lock, so there is no deadlock. Two pushes cannot
// overwrite each other, and cannot each miss a conflict that they create together. Sequences become
// visible in ascending order, so a puller skips none. All this holds for any number of server
// processes on one database.
//
// Pushes that arrive while another push to the workspace is handled share the next transaction: up to
// 32 pushes with bodies of 2 MiB in total. So they share the lock, the commit and its sync to disk, and
// most look-ups. Within the transaction they are applied one after another, so the answers and the
// stored state are the same as with a transaction for each push. A push that is refused as a whole
// does not affect the others. No push is answered before the commit, and if the commit fails, all
// pushes of the transaction get the status 503. No push waits for others to arrive.
//
// The price is that the pushes to one workspace, although they share transactions, are applied one at a
// time. If a workspace is as large as a company, lock single records instead, as examples/storage does.
//
// # A process that freezes
//
// A process can freeze while it holds the lock of a workspace, for example through SIGSTOP, in a
// debugger, or on a machine that hangs. It does not release the lock by itself. PostgreSQL ends
// such a transaction after 10 seconds, and a push that waits for the workspace in another process
// then gets the lock. SQLite has no such timeout: pushes to all other processes, and
// GET /v1/health, which writes to the database, fail with 503 until the frozen process continues or
// is killed.
//
// # A database file that disappears
//
// If the SQLite file, or a file of its log, is removed or replaced while a server runs, the
// server writes to a file without a name, and these writes are lost when the process ends. The
// server checks the file names after each commit. If one has changed, it answers 503 and
// acknowledges nothing.
//
// # Size limits
//
// A push of more than 2 MiB, or one to stored records of more than 16 MiB in total, is refused as a
// whole with the status 413, and nothing is stored. The client then sends half of the push, and
// goes on halving until it has found the item that is too large, so the other items get through. A
// push of several records is refused in the same way if the records are in more than 4,000 scopes
// of rules, counted before and after the push. For example, 112 new bookings that each last many
// years exceed this limit. A single record is never refused for its number of scopes.
//
// An item that would make a stored record larger than 256 KiB, or than the limit of its table in
// Options.TableMaxRecord, is refused with record_full; the other items of the push are not
// affected. When the records of a workspace take Options.Storage bytes, an item that would make a
// record grow is refused with storage_full. Deleting stored records and fields, and replacing a
// value with one that is not longer, is always accepted.
//
// A rule reads all records that share a scope with a changed record, such as the meetings of a room
// in one month, up to 16 MiB. If a scope is larger, the push is stored without checking the rule
// for that scope. The answer lists the rule as unchecked, an error is logged, and GET /v1/health
// names the rule until the scope has been checked or audited. To avoid this, give the rule smaller
// scopes, and limit its tables in Options.TableMaxRecord. Deleting records of the scope helps too,
// because the built-in rules do not read deleted records.
//
// # Rate limits
//
// A push is charged for the bytes that it reads and writes, and a pull for the bytes that it
// sends; see quota.go for the quotas. All clients of a user share a quota. When it is used up, they are
// refused with the status 429, the code quota_exceeded and the header Retry-After, before any item of a
// push is applied. A push of maximum size always fits if the quota is not used up yet. When a workspace
// has used up its quota, each of its users gets an equal share. Joins and event streams are
// limited per address. Each process keeps its own counts, in memory.
//
// At most 128 pulls run at a time, 32 per workspace and 4 per user. A further pull ends the
// pull whose client has not read for the longest time, if that time is at least 2 seconds;
// otherwise it waits. A workspace has at most 2,000 event streams, 500 per address and 20
// per user.
//
// At most 128 uploads of 64 KiB or more run at a time, 32 per workspace and 2 per user. An
// upload that has taken 5 seconds gives way to a further one, and is refused with the status 408.
// The pushes of one user are handled one at a time.
//
// Per minute, the server logs at most 100 lines that one user causes, and 1,000 for the workspace
// of the user. The first line after a gap reports how many lines were omitted.
//
// # People
//
// A request comes from a user, on a client, in a workspace; see Account. A client ID belongs to the user
// and the workspace of its first request, so a stamp says who wrote. Another user who sends it is refused
// as client_taken: on a device that changes its user, each user needs a store and a client ID of its own.
// A client that an earlier version of the server knew belongs to the user that its first request names,
// so let the clients of a database move to an Options.Authenticate with new client IDs, unless each sends
// a request with its old token before. A user has at most 1,000 client IDs in a workspace.
//
// Without Options.Authenticate, the server issues the tokens. POST /v1/join creates a user, whose ID is
// the ID of the first client. A second device joins as the same user with a token of the user, or with an
// invitation that names the user. A token ends after 30 days. POST /v1/renew exchanges it for a new one
// of the same client, up to 90 days after its end, so a device that was away keeps its outbox. Later, the
// device needs an invitation for its user, and asks for the client ID that it has:
//
//	POST /v1/join {"workspace":"demo","invite":"…","clientId":"…"}
//	{"workspace":"demo","user":"…","clientId":"…","token":"…","ends":"2026-04-01T12:00:00.000000000Z"}
//
// A token of an earlier version has no end and stays valid; its user has the ID of its client, and is a
// member of the bucket "", which was everything. To refuse it, call Server.SignOut for that user, after
// the client has renewed it. A new user of the server's tokens becomes a member of the bucket "", with the
// role "writer", unless something was granted to the user, or revoked, before.
//
// With Options.Authenticate, the app has its own tokens, such as the ID tokens of OpenID Connect, and the
// client sends its ID in the header Client-Id. A token can say which buckets its user has, in
// Account.Rights; otherwise Server.Grant and Server.Revoke say it, as do "syncserver grant" and
// "syncserver revoke". A grant takes a sequence, so the clients of the user load the bucket with their
// next pull; with the pull after a revocation they forget what they may not read any longer. A client
// that does not pull keeps what it has.
//
// Members change memberships themselves, with requests to /v1/members, if Options.MayGrant lets them. An
// event stream reports the writes in the buckets of its user, and each change of these buckets. It ends
// when the token ends, and when the user is signed out.
//
// # Stamps from the future
//
// While the server's clock is ahead, the server accepts stamps that are ahead too. After the clock
// has been corrected, these writes win until their time has come. Each client that has pulled one
// of them gives its own writes later stamps, and its pushes are refused as too far ahead. The
// answer to such a push names some of the writes. The command "syncserver repair" restamps them all
// and lowers the watermarks of their clients. The clients pull the restamped writes, and their
// pushes succeed again.
//
// # The server's own writes
//
// A cron job, an admin page, or an API that existed before writes with Server.Write, or with
//
//	syncserver set WORKSPACE TABLE ID FIELD=JSON…
//
// while the servers run. Such a write is a push of the server itself: it is decided on the stored record
// with the workspace locked, checked by the rules, journaled, and stored with a sequence. Clients are
// woken for it, and the answer to a client that overwrites it without having pulled it reports a lost edit.
// Server.WriteAll writes several records in one transaction, and Server.Read reads records without the
// lock. An UPDATE in SQL does none of this, so do not use one.
//
// A job that is a process of its own opens the database and calls New with the Options of the other
// processes. So the command "syncserver set", which has the options of the sample app, is only for its
// databases. The clients of other processes are woken if these call Server.Watch.
//
// The write gets a stamp above everything that is stored in its records, and above the fence. For that, a
// clock must observe the stored stamps without a bound, with clock.Options.MaxAhead: -1. The bound of
// the engine, 5 minutes, is for the stamps of clients. A stamp that was accepted 4 minutes ahead stays
// stored if the server is then restarted with a wall clock that was set back: a clock with the bound of the
// engine would refuse the server's own data, and no write of the server could win over it. So the server
// makes a clock for each write, which observes what is stored, and keeps no clock in between. What
// follows:
//
//   - A write to a record with a stamp from the future is stamped just above it. Clients that pull it
//     are too far ahead, as they are without the write. "syncserver repair" restamps it too, and later writes
//     have the time of the wall clock again.
//   - Such a stamp does not spread to other records.
//   - While the wall clock is not set, nothing is written.
//
// Each process makes a client ID when it starts, and does not keep it, so no stamp is used twice, even after
// a restore from a backup. The ID makes stamps unique, not later: the write wins because of its time.
// Several processes may write at once, on one machine or on several: the lock of the workspace puts
// their writes and the pushes in an order, and each sees the ones before it. A client that uses the ID of a server
// is refused as client_taken.
//
// # Imports
//
// Server.Import, and the command
//
//	syncserver import WORKSPACE TABLE NAME < ROWS.jsonl
//
// bring the rows of another system over, as often as you like. The page IMPORTING.md has the steps, and
// package merge/imports the rule. Each import has a client ID that no client may use. A run stores some hundred
// rows in each transaction, and a transaction that changes nothing takes no sequence. Replace all servers of an
// earlier version before the first run: they do not know imports, and report lost edits where there are none.
//
// # Retention
//
// Each day, the server takes a sample of each workspace: its last sequence and its greatest stamp.
// The newest sample that is older than Options.Retention becomes the fence of the workspace: F, a
// sequence, and H, a stamp. The fence is stored in the row of the workspace, read inside its lock,
// and never falls. What was deleted at or below H is purged: the fields of deleted records, and the
// tombstones of deleted fields. At Options.PurgeLevel 1, the deletion of a record is kept, and at
// level 2 it is dropped too, once its sequence is at most F. A sweep rewrites the stored records in
// small transactions. A record that is not rewritten yet is read as if it were; see merge.Purge.
// The watermarks of clients that have written nothing since the fence are removed as well. A
// violation row that was closed before the fence is dropped, and the clients that pull with a
// cursor are told to forget it. So is the row of a lost edit, once a user has closed it or its
// record is dead; an open row of a lost edit stays. A hidden row stays until an audit finds that its
// violation no longer holds. Only the server may make such a row again: an edit of a violation row
// that is not stored is refused as gone.
//
// The journal is kept for the retention too. With each sample, its entries are compressed into
// segments, and a segment that ends before the fence is removed as a whole. Without a retention,
// the journal loses only its oldest entries, when it is larger than a GiB.
//
// An item at or below H that edits purged data is refused as gone, or accepted without the fields
// that are gone, with the note gone. A client that understands this note pushes with v=2. Any other
// client joins an accepted item as a whole, so its items that are partly gone are refused as a
// whole; see merge.Request.WholeItems.
//
// A pull after a sequence below F is refused with the status 410 and the code resync_required. The
// client pulls everything again, from after=0 on; the refused sequence stays refused. A pull with a
// cursor gets chunks, each with a trailer that has the next cursor, H, the level, and a stamp for
// the clock of the client. If the cursor is below F, the first chunk begins with a reset, also if it
// is empty: the client may hold edits that were accepted before its first pull. A client that pulls for
// the first time gets no records that were dead when it began; see chunk.addRecord. At each trailer, a
// client purges the records that it stores, because no line of a pull reports what a fence has
// purged.
//
// The server must run all the time, or for some hours of each day: it checks each hour whether the
// newest sample is a day old. After more than 48 hours without a sample, which can mean that the
// wall clock has jumped ahead, the fence stays until three further samples were taken. While the
// wall clock is behind the newest sample, no samples are taken. If the clock was ahead and is right
// again, run "syncserver repair", which drops the samples with a time in the future. A fence that
// has risen cannot be lowered, so a clock that is ahead must be noticed within three days.
//
// # Lost edits
//
// The answer to a push tells one of two clients of a lost edit: the one that pushed last. With
// Options.LostEdits, the transaction of the push also stores a row for the client that wrote the losing
// edit, in the table of violations; see lostrow.go. That client pulls the row even if it was offline for
// days. For each bucket of the record, the row is in a bucket that only the client has, and only while
// its user has the bucket of the record. So the row moves with its record, and no other client receives it. The
// user settles it with ordinary writes: perhaps one to the field, and then "acknowledged":true to the row.
//
// A losing write has one row, and a client gets its latest 100 rows. A row costs a write of its own
// client, so other members cannot fill the list. A row is charged to the push that made it, and counts
// in Options.Storage; when the storage is full, no rows are made. A row that the user has not closed goes
// after the retention. A client whose user may not read the record any longer is not told.
//
// Of a field that Options.Keep names, no accepted value vanishes: it stands, or the author of a later write
// had seen it, or it is in a row with both values. Such a row is for the clients of both authors, and
// stays until one of them closes it or the record is dead. For such fields, unknown counts as unseen: a write
// without a base, one that arrives late, or one by the same client on another device. So a retry may make a
// row for a value that was seen, and a client that sends no base makes many. A row counts for the client
// whose push made it, so no client can stop another: if it has made 100 that are open, its writes that
// would need a row are refused. If the storage is full, all such writes are refused.
//
// # Erasure
//
// A deleted record keeps its values until the retention has passed. To meet a request for erasure, run
//
//	syncserver erase WORKSPACE TABLE ID…
//
// or call Server.Erase and then Database.Rewrite. There is no HTTP request for it, because no role
// of a member includes it. The servers may keep running. If the command does not say that
// the records were erased, run it again: it changes everything or nothing, and may be repeated.
//
// The record becomes its erased form, which has the fields $deleted and $erased and no others; see
// merge.Erase. Every item on it is refused as gone, and its data is not journaled, until the retention
// has passed. Clients replace their version by the erased form with the next pull. In the journal, the
// names and values of the record's fields become marks, which still replay to the same decisions. The
// violation rows about the record are erased too, whatever their status, with the notes of users and the
// values of lost edits. The rules then derive again the violations that still hold without the record.
// If a rule had unchecked scopes, GET /v1/health names it until an audit. Database.Rewrite then removes
// what is left of all this in the files of the database; its documentation says how long that takes.
//
// A backup still has the record. So each erasure, that is, the key of the record and a stamp, is
// written to the file Options.Erasures before it is committed. By default, this is the file
// syncserver.db.erasures next to the database; for PostgreSQL, name a file with the flag -erasures,
// always the same one. Do not restore that file with the database: it must be at least as new as
// the last erasure. Then "syncserver restored" erases the same records again, before the servers
// start.
//
// What an erasure does not reach:
//
//   - The keys of records, that is, their tables and IDs, the client IDs and the times of edits. They
//     are in the erased form, in the journal and in the file of erasures. Do not use names or addresses
//     as IDs. The ID of a violation row is a hash of a text that the rule chose, such as the value that
//     must be unique, and that text can be found by guessing. The ID is removed after the retention,
//     unless the row is open again.
//   - Values that users copied into other records, such as the notes of another task.
//   - Violation rows that were closed before and do not name the record, if the rule describes a record
//     that the finding only depends on; see violation.Finding.DependsOn. They are dropped after the
//     retention.
//   - Backups, replicas of the database that lag behind, and the write-ahead log of PostgreSQL and
//     its archive, which only the operator can remove. A dead row of the table pg_statistic may
//     hold a value until the next autovacuum.
//   - Blocks of a disk that no file uses any more, and snapshots of a file system.
//   - Log lines. They never contain values, but they contain IDs and the names of fields, including
//     names that users chose, as in tag/urgent. PostgreSQL logs values if it is told to log
//     statements or their parameters.
//   - Clients that have not pulled. An edit that never reached the server was not erased: its client may
//     still show it, and push it, as part of a new record, after the retention.
//   - Journal files and exports that were made before the erasure.
//
// A server of a version without erasure does not know the erased form, and would accept writes to it:
// do not run one on a database in which something was erased.
//
// # Upgrading
//
// OpenDatabase adds the columns that an earlier version lacks, and New builds the index again if
// it was built by other rules or in another format. On PostgreSQL, servers of an earlier version
// may run next to newer ones while they are replaced one by one. A newer server updates the
// counters that the earlier version does not maintain, as part of its next pushes. The earlier
// version may index records under other scopes, so a newer server can miss a violation that
// involves a write of the earlier version; GET /v1/health then names the rules. When the last
// earlier server has stopped, run "syncserver audit" for each workspace, or restart a newer
// server, which audits all workspaces. Do the same after a temporary downgrade. A server of a
// version without retention does not know the fence: do not run it on a database that was purged,
// because it would accept writes that bring deleted data back. The command journal of an earlier
// version prints only the entries that are not compressed yet.
//
// # A restored backup
//
// After the database was restored from a backup, or after a failover to a standby that lacked some
// commits, run "syncserver restored" before the servers start again. It gives each workspace a new
// epoch, a random name of its history that is a part of each cursor. A client that pulls with a
// cursor of another epoch is told to forget what came from the server, and pulls everything. Its
// pushes are refused until then, with the status 409 and the code epoch_changed. The command also
// erases again what was erased since the backup; see the section Erasure. Without the command, the
// server notices only a cursor that is above the restored sequence.
//
// A client that pulls with after=N has no epoch. If N is above the restored sequence, the pull is
// refused with the status 409 and the code cursor_ahead. The client joins again, pulls everything,
// and sends its outbox again. The server cannot detect the loss if the restored sequence has passed
// N before that client comes back: the client misses the records that took the sequences in between.
// If many clients have pushed since the restore, or some clients stay offline for days, stop the
// servers, delete the row of the table secrets, and start the servers again. This ends all tokens,
// so all clients join again, as new users unless they have an invitation that names the user.
//
// Either way, the writes that the backup lacks are lost, except the writes that are still in an
// outbox, or that a client sends again. A client sends its own writes again, those that it still holds;
// package replica says which these are. A client that pulls with after=N, and one that joins again
// under a new client ID, sends only its outbox. The writes of devices that do not come back are lost. A
// backup that is older than the retention also brings back what was deleted since.
package server
