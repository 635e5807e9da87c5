// Package mergetest implements a conformance test for sync backends, as testing/fstest does for
// file systems: simulated devices use your backend under faults, and the results are compared
// with the rule of package merge.
//
//	func TestConvergence(t *testing.T) {
//		mergetest.Run(t, func(env *mergetest.Env) (mergetest.Backend, error) {
//			return adapter{newServer(newDatabase(t), env.Now)}, nil // empty, and with this clock
//		}, mergetest.Options{})
//	}
//
//	type adapter struct{ s *server }
//
//	func (a adapter) Push(client clock.ClientID, batch []byte) ([]byte, error)          { return a.s.push(client, batch) }
//	func (a adapter) Pull(client clock.ClientID, cursor string) ([]byte, string, error) { return a.s.pull(client, cursor) }
//
// The devices go offline, edit, delete, restore, push and pull. Their clocks are wrong, jump, start
// in 1970, and run out of stamps within a millisecond. Answers are lost. Pushes arrive twice, a year
// late, damaged, in another order, in another spelling, or with hundreds of items. Items are
// malformed, or occur twice in a push. Devices are cloned, restored from a backup, or reinstalled.
// Other devices push between two pages of a pull. After some pushes, no device pulls until the
// server is restarted. The devices use IDs, names and values that databases and code often
// confuse, cut or change.
//
// A backend that offers more of the following is tested for more. [Run] logs each part that was not
// tested, and why.
//
//   - [Env.Now]: stamps that are too far ahead, and a server whose clock is not set
//   - [Env.Pause]: concurrent pushes, pushes during a pull, and endless conflicts
//   - [Env.Crash], [Restarter], [Restorer]: crashes, failed commits, restarts and restored backups
//   - [ServerWriter]: the server's own clock
//   - [Purger]: deleted data that is purged behind a fence, devices that are away for longer than the
//     retention, retries from below the fence, and Clients that are reset
//   - [Eraser]: erased records, late items on them, and restores from backups that still have them
//   - [Granter]: clients that read only some buckets, whose rights change, and records that move between buckets
//   - [Keeper]: fields whose accepted values must not vanish unseen
//   - [Importer]: imports of rows without stamps, which win over no person and bring nothing back
//   - [Auditor]: rules that a write skips
//   - [OldServer] and Options.Old: clients of an old version of the app, for which fields have other names or values, or
//     several fields are one
//   - Options.Refused: limits and guards
//   - Options.Stored: a store that is filled before the first request, as after a migration
//   - pulls with one row per page: paging
//   - Options.OnlyFields left false: counters as package record/fields writes them, and records that grow past the
//     limits of one push
//
// The laws are checked after almost every request, not only at the end. Every client ends with
// exactly the greatest accepted write of each field. Deleted data stays deleted. A retry changes
// nothing. An invalid item is refused, leaves nothing behind, and does not block its neighbours.
// Verdicts come in the order of the batch, say what happened, and report collisions. A backend that
// reports lost edits reports all of them, and no others. A note is present only where it can be
// true. No accepted addition to a counter is lost or counted twice. A pull skips nothing. Accepted
// writes survive a restart. Nothing panics. The kit finds the greatest write with its own
// implementation of the rule. A pull must return everything that was accepted before it, so it must
// not read from a lagging replica.
//
// If a law is broken, the test fails with the name of the law, where to look, a timeline of the
// shortest schedule found that breaks it, and the source of a test that repeats this schedule with
// [Replay]. Everything follows from the seed, in one goroutine and in virtual time. The kit repeats
// a failing run many times to shrink it, so a backend must start empty and behave the same each time.
//
// The kit does not test the following:
//
//   - how requests wait for locks, which takes two real connections
//   - an import that breaks off in the middle, or that runs during other requests; two imports of one record
//   - rows that other programs write into the tables of the server, without a stamp
//   - what the rules find: an audit that makes the same mistake as the writes passes
//   - roles, such as readers, and other rights than buckets
//   - journals, digests, and the member seen of an item
//   - whether the clock of the server observes stamps of Options.Stored, unless one is ahead of the time
//   - writes of the server, purges and erasures during other requests, and their failed commits
//   - with Options.Old: damaged batches of old clients, Clients of yours with the old version, two old names that meet in
//     one field, and three versions; if a field became several, also purging, and whether an outcome belongs to the part
//     for which it matters most
//   - what a store translates when it gets a lens: the records, and what imports have seen
//   - speed, memory and the size of the store
//   - what package merge does not do: servers that exchange state, and stamps that a server replaces
//
// # What it finds
//
// The tests of this package contain backends with mistakes of each of the following kinds. The kit
// finds each mistake with default Options:
//
//   - the rule: another order of writes, lost digits of a stamp, stamps from before 2001, client
//     IDs compared as text, deletions that are final, and deletions that any later write overrides
//   - values: numbers above 2^53 and 2^63, exponents and many digits; strings that are cut at 300
//     characters or at NUL, trimmed, folded, normalized, escaped or formatted; confusion of null,
//     empty and absent
//   - names: IDs, tables and fields that are folded, trimmed, cut, escaped, taken for patterns, paths
//     or numbers, or joined (an ID and a field name) into one key
//   - counters: additions whose names are folded by case, that are summed up, or that count or are told as new
//     when they arrive again; resets that delete additions which their authors had not seen
//   - transactions: items stored in part, a read and a write without a lock, answers before the
//     commit, changes that stay in memory until a pull stores them, and rows and marks in memory that
//     are not rolled back when a commit fails
//   - pulls: cursors that are stamps or offsets, or are read after the rows; pages that end within a
//     sequence number; sequence numbers drawn before the commit; reads from a lagging replica
//   - retries: answers that are kept and replayed, retries that change something, and a push that
//     arrives after a year
//   - restores: cursors, marks and idempotency keys that do not match the restored backup
//   - time: deletions, records, marks and cursors that expire; a server's clock that is not set, that
//     does not observe stamps, imports or the fence, or that refuses stored stamps
//   - answers: verdicts, outcomes, collisions and lost edits that are wrong or missing
//   - purges: by age, by the least pulled cursor, by the stamp of the deletion alone, by an older fence
//     or by the wall clock; new items that are taken for edits; records created again without "new" or below the fence, and new lives joined
//     to old ones; restores and last tombstones that are purged; a missing reset, and sweeps that drop a
//     late deletion or keep the dead; items of a batch that are judged in turn; a restored server without
//     a new epoch
//   - erasures: names or values that stay, a stamp that is too low, items that pass, and erasures that a
//     restored server does not repeat
//   - buckets: grants without a sequence, departures that are not stored, sent to clients that never had
//     them, or purged too early; cursors that forget where a load began; rights, rows and values of different
//     moments; lists of buckets that are sent once; lines that name wrong buckets; evictions that write
//   - rights: items that are judged by the record before the push, by their author alone, or not at all; retries
//     that are forbidden after a hand-over; replies that tell whether, when or how a record was written that their
//     client may not read
//   - kept fields: values that are not held because nothing is known about what an author had seen, or because
//     both writes are by one client; held values that share a key, or that room, a restart or a restore takes away
//   - stored records: rows without a sequence number, without a stamp or with a new one, and rows that pushes do not find
//   - imports: stamps that win over people or over late edits, runs without a ledger, that stamp everything again, that
//     use a number twice, that skip NULLs or whole rows, that give no sequence number, or a new one to rows that have not
//     changed, that delete what left the source, ledgers outside the backups, ledgers that forget what is not in the
//     source, and lost edits that are claimed against an import, and departures from buckets that are not stored
//   - rules that a push, a write of the server, an import or an erasure skips
//   - clients of a server that purges: edits that are shown although they are gone, resets and clocks of
//     pulls that are ignored, creations that are not marked, and writes that are not sent again after a
//     restore
//   - clients of a server with buckets: buckets that are added instead of replaced, lists of buckets and resets
//     that are ignored, accepted items that stay when their record leaves, and edits that are shown after it
//   - clients with counters: additions that get a new name when they are sent again, resets that delete what was not
//     shown, and pulled resets that drop additions which wait
//
// # Certify a client in another language
//
// [Command] puts a client in any language in the place of some devices: a program reads the calls of a [Client] from its
// standard input, one line each, and writes the answers to its standard output. Here is the program's half in JavaScript,
// to copy:
//
//	import { createInterface } from "node:readline";
//
//	// serve answers the calls of the kit. The function open returns a new client with the given ID; its function wall
//	// returns the time of the device, in milliseconds since 1970. The other calls are methods of the client, which get
//	// the members of the call. The method reopen is optional, and returns the client that is opened again.
//	export async function serve(open) {
//	  console.log = console.error; // the standard output is for answers
//	  const devices = new Map(); // by the number of the client
//	  for await (const line of createInterface({ input: process.stdin })) {
//	    const { call, client: number, now, ...members } = JSON.parse(line);
//	    const device = devices.get(number) ?? { wall: () => device.now };
//	    device.now = now;
//	    const answer = {};
//	    try {
//	      if (call === "open") {
//	        device.client = await open(members.id, device.wall);
//	        devices.set(number, device);
//	        answer.result = device.client.reopen ? ["reopen"] : [];
//	      } else if (call === "reopen") device.client = await device.client.reopen();
//	      else if (call === "close") devices.delete(number);
//	      else answer.result = await device.client[call](members);
//	    } catch (error) {
//	      Object.assign(answer, { error: String(error?.stack ?? error), code: error?.code });
//	    }
//	    process.stdout.write(`${JSON.stringify(answer)}\n`);
//	  }
//	}
//
// A program then needs a line such as serve((id, wall) => new MyClient(id, wall)). Here, the arguments of the methods are
// the members of the call: edit({table, id, fields}), outbox(), answer({answer}), cursor(), pulled({lines, next}) and
// shown({table, id}). The folder testdata/bridge has this file as serve.mjs, and a minimal client, phone.mjs.
// That client reads values with JSON.parse, which rounds some numbers, so it passes only with Options that list
// other values:
//
//	Fields: map[string][]string{"title": {`"x"`, "null"}, "points": {"9", "10"}}, OnlyFields: true
//
// # Map
//
// [Run] and [Check] draw schedules at random and run them on a [Backend], which sees its
// surroundings through an [Env]. [Options] say what is drawn. [Replay] runs one [Schedule].
//
// Options.NewClient puts a [Client] of yours in the place of some devices, and the kit judges it as
// well. The Client must show its edits at once. It must send them until they are answered, with
// their first stamps and with a base. Its clock must observe what it pulls. It must roll refused
// items back. A [Reopener] must forget nothing when it is closed. With a [Purger], the Client must
// forget what the server purged, show nothing that is gone, and send its own writes again after the
// server was restored from a backup. With a [Granter], it must forget what it may no longer read.
//
// [CheckLaws] judges a join or a resolver, without a backend, and [CheckLens] judges a lens of package
// record/lens, whose functions are yours. [FieldValue] and [Record] generate
// data for property tests of your own.
//
// # Working on the kit
//
// This package contains the exported API, and each package below it has one subject. None of them
// imports a package that is listed after it, or the reference backend merge/memory; rooms_test.go
// checks this.
//
//	run, options, checkoptions, alike   Run and Check; the meaning of Options, and their defaults
//	schedule                            Schedule and Replay
//	command, remote                     Clients in a program: its start, and the calls
//	backend, purger, granter, keeper, importer, auditor, oldserver, client, adapt
//	                                    the interfaces that users implement, adapted for the packages below
//	checklaws, generators               laws of joins, and random data
//	checklens, checklensnames           laws of lenses
//	internal/bridge                     a program that answers calls: process (deadline, death), answer; group_unix and
//	                                    group_other end its children as well
//	internal/law                        the laws as data: name, statement, where to look
//	internal/version                    the versions of an app: version (names), pushed and pulled (what an old device sends
//	                                    and gets)
//	internal/oracle                     write (the rule), history (the fate of each write), lostedit, fence and erase (what
//	                                    a server that purges may lack), gone (what it must refuse), bucket (who may read
//	                                    and write what), kept (which values a server must hold), counter (what an
//	                                    addition adds), imports (what a run of an import must write)
//	internal/schedule                   steps as text (step, argument, manner, kind), drawn from a seed (draw, follow,
//	                                    family, domain, people, bucket, counter), made small (shrink, rename, generalize)
//	internal/check                      events in, breaches out: judge, events; answers (sent, verdict, settle, lost,
//	                                    notes), stored writes (stored, pulled, clue), purging (gone, alone, purged, erased), rights
//	                                    (bucket), held values (kept), sums (counter), the first state (filled), imports
//	                                    (imported), rules (derived), two versions (older), Clients (replica, sentby, shown)
//	internal/sim                        a run: world, finish; the table of steps (ops and ops_*); devices (device,
//	                                    deviceedit, devicegone, view, flaw, respell), requests (push, pull, pullline,
//	                                    request, deliver), the server (server, process, bucket), Clients (app, clientedit,
//	                                    clientpush, clientgone), experiment, panic, story, two versions (older)
//	internal/report                     timeline, failure, coverage
//
// To add a fault, add one entry to the table of steps, in the file internal/sim/ops_*.go that has
// similar steps. Type op in internal/sim/ops.go documents an entry, with an example. Then add a line
// about the new step to the documentation of [Schedule]; TestScheduleDocHasEachKindOfStep fails if
// it is missing. To show what the fault finds, add a file broken_*_test.go with a broken backend
// that only this fault finds. List the backend in TestBrokenBackendsAreFound with its laws; the
// failure must name one of them. A fault of a single push or pull, such as a lost answer, is a
// member of Manner in internal/schedule/manner.go instead.
//
// To add a law, add its constant and its text to internal/law, and call Judge.Broken with it where
// internal/check sees the breach. Then add a backend that breaks it to TestBrokenBackendsAreFound, or a
// client to TestBrokenClientsAreFound. If the same mistake breaks other laws as well, Generalize in
// internal/schedule finds the plainer law.
//
// After either change, run Example_failure, TestFailureTexts and
// TestCommonMistakesNameThePlainestLaw. They check that failures still name the law that helps most.
package mergetest
