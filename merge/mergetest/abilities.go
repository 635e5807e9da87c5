package mergetest

import "slices"

// abilities are what the backend and the clients were seen to be able to do.
type abilities struct {
	now, pause, retry, crash, restart, restore, write bool
	marks                                             bool // it told that an edit is lost as it comes
	reopen, pages                                     bool
	points                                            int // how often a push called Env.Crash
}

func (a abilities) or(b abilities) abilities {
	return abilities{
		a.now || b.now, a.pause || b.pause, a.retry || b.retry, a.crash || b.crash, a.restart || b.restart, a.restore || b.restore, a.write || b.write,
		a.marks || b.marks,
		a.reopen || b.reopen, a.pages || b.pages,
		max(a.points, b.points),
	}
}

// required returns what must have happened in many runs on a backend that can do so much.
func (a abilities) required(o domain) []string {
	all := append(o.flaws(),
		"edits", "deletes", "restores", "clock", "clones", "backs-up", "is-restored", "reinstalls", "resends", "garbled", "cut",
		"refused", "accepted", "accepted and nothing changed",
		"answer lost", "answer to a pull lost", "twice", "decided by milliseconds", "decided by counter",
	)
	several, guests := o.Devices > 1, o.NewClient != nil
	for _, x := range []struct {
		when bool
		what []string
	}{
		{several || !guests, []string{"reversed", "last only", "doubled", "spelled otherwise", "floods", "counter carries"}},
		{guests, []string{"client refused", "answer to a client lost", "edits meanwhile"}},
		{several, []string{"decided by client", "decided by deletion", "decided by value", "collision", "edit lost as it comes", "edit lost to a later one"}},
		{a.restart, []string{"restarts"}},
		{a.restore && !guests, []string{"server is restored"}},
		{a.write, []string{"writes"}},
		{a.pause && several, []string{"meets"}},
		{a.retry && several, []string{"storms"}},
		{a.crash, []string{"crashes"}},
		{a.now && o.bounded(), []string{"too far ahead", "accepted at the limit", "server's clock not set"}},
		{a.now && o.bounded() && guests, []string{"client too far ahead"}},
		{a.reopen, []string{"reopens"}},
	} {
		if x.when {
			all = append(all, x.what...)
		}
	}
	slices.Sort(all)
	return all
}

// untested says what is left untested because it is not offered.
func (a abilities) untested(o domain) (all []string) {
	guests := o.NewClient != nil
	for _, x := range []struct {
		able bool
		text string
	}{
		{a.now, "stamps that are too far ahead, and a server whose clock is not set: the backend never asked Env.Now"},
		{a.pause, "requests that meet: it never called Env.Pause"},
		{a.retry || !a.pause, "storms of conflicts: no push called Env.Pause again"},
		{a.crash, "crashes: it never called Env.Crash"},
		{a.restart, "restarts: it is no Restarter"},
		{a.restore || guests, "a server that is restored from a backup: it is no Restorer"},
		{a.write, "the clock of the server: it is no Writer"},
		{a.marks, "whether all edits are reported that are lost as they come: it never told of one"},
		{len(o.Refused) > 0, "limits and guards: Options.Refused is empty"},
		{a.pages, "paging: no pull had a second page; make pages small for this test, of one row"},
		{a.reopen || !guests, "clients that are closed and opened again: yours is no Reopener"},
	} {
		if !x.able {
			all = append(all, x.text)
		}
	}
	return all
}
