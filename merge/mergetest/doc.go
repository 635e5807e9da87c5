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
// The files, for those who work on the kit:
//
//	run, options, checkoptions, config, alike      what is run
//	schedule                                       one run, given step by step
//	internal/schedule                              steps as text, schedules from a seed, and how they are made small
//	ops, ops_edit, ops_request, ops_clock,
//	ops_load, ops_identity, ops_server             the table of steps: how each reads, is drawn, and is run
//	world, server, process, request, finish        a run: its state, what is served, and how it ends
//	device, deviceedit, flaw, respell, push, pull  the kit's own devices, and what they send and get
//	app, clientedit, clientpush                    devices that are a Client
//	internal/oracle                                the rule, and what became of every write
//	judgement, events, sent, pulled                what is judged
//	deliver, verdict, settle, lossreply, claim     whether answers are right
//	judge, clue                                    whether what is stored is right, and what is odd about it
//	replica, clientshown, clientmatch              whether a Client is right
//	internal/law                                   the laws, and what is said when one is broken
//	blame, panic, story, words                     what is told of a run
//	timeline, failure, coverage                    what is told of a failure, and of what was tested
//	abilities, counts                              what was tested, and what was not
//	backend, env, client, adapt                    what is tested
//	checklaws, generators                          what else is exported
package mergetest
