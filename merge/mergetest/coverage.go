package mergetest

import "slices"

// required returns what must have happened in many runs on a backend that can do so much.
func required(a abilities, o config) []string {
	all := append(slices.Clone(o.Flaws),
		"garbled", "cut", "refused", "accepted", "accepted and nothing changed", "unread", "stamped before 2001",
		"answer lost", "answer to a pull lost", "twice", "decided by milliseconds", "decided by counter",
	)
	several, clients, plain := o.Devices > 1, o.Clients, o.PlainDevices()
	bound := judgesTime(a, o.Domain)
	for _, x := range []struct {
		when bool
		what []string
	}{
		{plain > 0, []string{"reversed", "last only", "doubled", "spelled otherwise"}},
		{several, []string{"decided by client", "decided by deletion", "decided by value", "collision", "edit lost as it comes", "edit lost to a later one"}},
		{clients, []string{"client refused", "answer to a client lost", "edits meanwhile"}},
		{bound, []string{"too far ahead", "accepted at the limit"}},
		{bound && clients, []string{"client too far ahead"}},
		{several && a.can(canPause), []string{"meets"}},
		{several && a.can(canRetry), []string{"storms"}},
		{several && (a.can(canPage) || a.can(canPausePull)), []string{"pushes within a pull"}},
		{a.can(canCrash), []string{"crashes"}},
	} {
		if x.when {
			all = append(all, x.what...)
		}
	}
	all = append(all, o.covered(a)...)
	slices.Sort(all)
	return all
}

// untested says what is left untested, and why.
func untested(a abilities, o config) (all []string) {
	clients, plain := o.Clients, o.PlainDevices()
	for _, x := range []struct {
		tested bool
		text   string
	}{
		{a.can(canTellTime), "stamps that are too far ahead, and a server whose clock is not set: the backend never asked Env.Now"},
		{o.Bounded(), "stamps that are too far ahead, and a server whose clock is not set: by Options.MaxAhead there is no bound"},
		{o.Devices > 1, "devices that meet, and edits that they lose to each other: there is one device"},
		{plain > 0, "devices that are restored from a backup, floods of edits, and other orders and spellings of a push: no device is the kit's own"},
		{plain > 1, "devices that are cloned: that takes two devices of the kit's own"},
		{a.can(canPause), "requests that meet, and storms of conflicts: the backend never called Env.Pause"},
		{a.can(canPausePull), "pushes within the request of a pull, and not only between its pages: no pull called Env.Pause"},
		{a.can(canRetry) || !a.can(canPause), "storms of conflicts: no push called Env.Pause again"},
		{a.can(canCrash), "crashes: the backend never called Env.Crash"},
		{a.can(canRestart), "restarts: the backend is no Restarter"},
		{a.can(canRestore), "a server that is restored from a backup: the backend is no Restorer"},
		{!clients, "a server that is restored from a backup: no Client would learn of it"},
		{a.can(canWrite), "the clock of the server: the backend is no ServerWriter"},
		{a.can(canTell), "whether lost edits are reported: no answer had fields"},
		{a.can(canMark) || !a.can(canTell), "whether edits are reported that are lost as they come: there was none"},
		{len(o.refused) > 0, "limits and guards: Options.Refused is empty"},
		{a.can(canPage), "paging: no pull had a second page; make pages small for this test, of one row"},
		{a.can(canReopen) || !clients, "clients that are closed and opened again: yours is no Reopener"},
	} {
		if !x.tested {
			all = append(all, x.text)
		}
	}
	return append(all, o.lacking(a)...)
}
