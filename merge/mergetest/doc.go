// Package mergetest tests sync backends, as testing/fstest tests file systems: simulated
// devices use your backend under faults, and what comes of it is compared with what the rule of
// package merge says.
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
// The devices go offline, edit, delete, restore, push and pull. Their clocks are wrong, jump, begin
// in 1970, and run out of stamps within a millisecond. Answers are lost. Pushes arrive twice, a year
// late, damaged, in another order, in another spelling, or with hundreds of items. Items are
// malformed, or occur twice in a push. Devices are cloned, restored from a backup, or reinstalled.
// Others push between two pages of a pull. After some pushes nobody pulls until the server is
// restarted. IDs, names and values are those that databases and code confuse, cut or change.
//
// A backend that offers more is tested for more. [Run] logs what was not tested, and why.
//
//   - [Env.Now]: stamps that are too far ahead, and a server whose clock is not set
//   - [Env.Pause]: pushes that meet, pushes within a pull, and conflicts without end
//   - [Env.Crash], [Restarter], [Restorer]: crashes, restarts and restored backups
//   - [ServerWriter]: the server's own clock
//   - Options.Refused: limits and guards
//   - pulls with pages of one row: paging
//   - no Options.Fields: records that grow past the limits of one push
//
// The laws are checked after almost every request, and not only at the end. Every client ends with
// the greatest accepted write of each field, and with nothing else. What is deleted stays deleted. A
// retry changes nothing. A bad item is refused, leaves nothing behind, and does not block its
// neighbours. Verdicts come in order, say what happened, and report collisions; what they say of
// lost edits is true, and a note is only there where it can be true. A pull skips nothing. What
// was accepted survives a restart. Nothing panics. The kit finds the greatest write by an
// implementation of the rule of its own. Pull must know of everything that was accepted before
// it, so it must not read from a replica that lags.
//
// If a law is broken, the test fails with the name of the law, where to look, a timeline of the
// shortest schedule that was found to break it, and the source of a test that repeats it with
// [Replay]. Everything follows from the seed, in one goroutine and in virtual time. A failing run
// is repeated many times to shrink it, so a backend must begin empty and behave the same each time.
//
// Not tested are how requests wait for locks, which takes two real connections, and what package
// merge does not do: servers that exchange state, purging, and stamps that a server replaces.
//
// # What it finds
//
// The tests of this package have backends with mistakes of each of these kinds, and each is found
// with default Options:
//
//   - the rule: another order of writes, digits of a stamp that are lost, stamps from before 2001,
//     client IDs compared as texts, deletions that are final, or that a later write overrides
//   - values: numbers above 2^53 and 2^63, exponents and many digits, texts that are cut at 300
//     characters or NUL, trimmed, folded, normalized, escaped or formatted; null, empty and absent
//   - names: IDs, tables and fields that are folded, trimmed, cut, escaped, taken for patterns, paths
//     or numbers, or joined to one key
//   - transactions: parts of items, read and write without a lock, answers before the commit, stores
//     in memory that a pull writes
//   - pulls: cursors that are stamps, offsets or read after the rows, pages that end within a
//     sequence, sequences before the commit, reads from a replica that lags
//   - retries: answers that are kept, retries that change something, a push that comes after a year
//   - restores: cursors, marks and keys that are not of the backup
//   - time: deletions, records, marks and cursors that expire; clocks that are not set or not observed
//   - answers: verdicts, outcomes, collisions and lost edits that are wrong or missing
//
// # Map
//
// [Run] and [Check] draw schedules at random and run them on a [Backend], which looks at its
// surroundings through an [Env]; [Options] say what is drawn. [Replay] runs one [Schedule]. A
// [Client] of yours takes the place of some devices by Options.NewClient, and is judged as well:
// its edits are shown at once, and sent until they are answered, with their first stamps and with
// a base; its clock observes what it pulls; what is refused is rolled back; and a [Reopener]
// forgets nothing.
// [CheckLaws] judges a join or a resolver, without a backend. [FieldValue] and [Record] generate
// data for properties of your own.
//
// # For those who work on the kit
//
// This package holds what users see, and the packages below it each know one thing. None imports one that
// stands after it, nor the reference backend merge/memory; rooms_test.go guards that.
//
//	run, options, checkoptions, alike   Run and Check; what Options mean, and their defaults
//	schedule                            Schedule and Replay
//	backend, client, adapt              what users implement, and how it is handed down
//	checklaws, generators               laws of joins, and random data
//	internal/law                        the laws as data: name, text, where to look
//	internal/oracle                     write (the rule), history (what became of each write), lostedit
//	internal/schedule                   steps as text (step, argument, manner, kind), drawn from a seed (draw, follow,
//	                                    family, domain, people), made small (shrink, rename, generalize)
//	internal/check                      events in, breaches out: judge, events; answers (sent, verdict, settle, lost,
//	                                    notes), what is stored (stored, pulled, clue), Clients (replica, sentby, shown)
//	internal/sim                        a run: world, finish; the table of steps (ops and ops_*); devices (device,
//	                                    deviceedit, flaw, respell), requests (push, pull, request, deliver), the server
//	                                    (server, process), Clients (app, clientedit, clientpush), experiment, panic, story
//	internal/report                     timeline, failure, coverage
//
// To add a fault, add one entry to the table of steps: in internal/sim, to the file ops_*.go with those like
// it. Type op in internal/sim/ops.go says what an entry has, with an example. Then add a line about the new
// step to the documentation of [Schedule]; TestScheduleDoc says if it is missing. Show what the fault finds
// with a backend that only it finds: write the broken backend in a file broken_*_test.go, and add it to
// TestBroken, with the laws, one of which must be named. A fault of a single push or pull, such as a lost
// answer, is a member of Manner in internal/schedule/manner.go instead.
//
// To add a law, add its constant and its text to internal/law, and call Judge.Broken with it where
// internal/check sees the breach. Then add a backend that breaks it to TestBroken, or a client to
// TestBrokenClients. If other laws are broken by the same mistake, Generalize in internal/schedule finds the
// plainer one.
//
// After either, the golden texts (Example_failure, TestTexts) and TestLawsOfCommonMistakes say whether
// failures still name the law that helps most.
package mergetest
