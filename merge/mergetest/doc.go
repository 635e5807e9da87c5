// Package mergetest tests sync backends, as testing/fstest tests file systems: simulated
// devices work with a backend of yours, under faults, and what it ends with is compared
// with what the rule says.
//
//	func TestConvergence(t *testing.T) {
//		mergetest.Run(t, func(env *mergetest.Env) (mergetest.Backend, error) {
//			return adapter{newServer(newDatabase(t), env.Now)}, nil // empty, and with this clock
//		}, mergetest.Options{})
//	}
//
//	type adapter struct{ s *server }
//
//	func (a adapter) Push(client clock.ClientID, batch []byte) ([]byte, error)             { return a.s.push(client, batch) }
//	func (a adapter) Pull(client clock.ClientID, cursor string) ([]byte, string, error) { return a.s.pull(client, cursor) }
//
// The devices are offline, edit, delete, restore, push and pull. Their clocks are wrong, jump,
// and run out of stamps in a millisecond; answers are lost; pushes come twice, months late,
// damaged, in another order, in another spelling or by the hundred; items are malformed, or
// there twice; and devices are cloned, restored from a backup or installed anew. A backend that
// offers more is tested more: with [Env.Now], stamps that are too far ahead, and a server whose
// clock is not set; with [Env.Pause], requests that meet, and conflicts without end; with
// [Env.Crash] and as a [Restarter] or [Restorer], crashes, restarts and backups; as a [Writer],
// the server's own clock; with Options.Refused, its limits and guard; with pages of one row,
// paging. Run logs what was not tested.
//
// What must hold, always and not only at the end: all clients end with the greatest write of
// each field that was accepted, and with nothing else; what is deleted stays deleted; a retry
// changes nothing; a bad item is refused, leaves nothing, and does not block its neighbours;
// verdicts are in order, say what happened, and tell of collisions; what they tell of lost
// edits is true; a pull skips nothing; what was accepted survives a restart; nothing panics. The
// greatest write is found by a second implementation of the rule. Pull must know of what was
// accepted before it: let it read no replica that lags.
//
// If a law is broken, the test fails with its name, where to look, a timeline of the shortest
// schedule that was found to break it, and the source of a test that repeats it with [Replay].
// Everything comes from the seed, in one goroutine and in virtual time. Runs are repeated in
// order to shrink them, so a backend must begin empty and do the same each time.
//
// [CheckLaws] judges a join, or a resolver of your own, without a backend. [FieldValue] and
// [Record] generate data for properties of your own. A [Client] of yours, in the place of some
// devices by Options.NewClient, is judged as well: that its edits are shown, sent until they are
// answered, with the stamps of the first sending and a base, that its clock observes, that what
// is refused is rolled back, and, as a [Reopener], that it forgets nothing.
//
// Not tested: how requests wait for locks, which takes two real connections; servers that
// exchange state; purging, and stamps that a server gives anew, which package merge does not do.
package mergetest
