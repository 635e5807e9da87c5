package report

import (
	"slices"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/sim"
)

// Required returns the events that must each occur at least once over many runs on a backend with
// the given abilities.
func Required(a check.Abilities, o sim.Config) []string {
	all := append(slices.Clone(o.Flaws),
		"garbled", "cut", "refused", "accepted", "accepted, nothing changed", "unread", "stamped before 2001",
		"answer lost", "answer to a pull lost", "twice", "decided by milliseconds", "decided by counter",
	)
	several, clients, plain := o.Devices > 1, o.Clients, o.PlainDevices()
	bound := sim.JudgesTime(a, o.Domain)
	for _, x := range []struct {
		when bool
		what []string
	}{
		{plain > 0, []string{"reversed", "last only", "doubled", "spelled otherwise"}},
		{several, []string{"decided by client", "decided by deletion", "decided by value", "collision", "edit lost on arrival", "edit lost to a later write"}},
		{clients, []string{"client refused", "answer to a client lost", "edits meanwhile"}},
		{clients && a.Can(check.CanPurge), []string{"client gone", "client reset"}},
		{clients && a.Can(check.CanPurge|check.CanRestore), []string{"client sends again"}},
		{a.Can(check.CanErase | check.CanRestore), []string{"erased again after a restore"}},
		{several && a.Can(check.CanKeep), []string{"value held"}},
		{o.Counts() && several && !a.Can(check.CanGrant), []string{"addition that a reset did not see"}},
		{o.Counts() && plain > 1, []string{"addition by a clone"}},
		{o.Counts() && a.Can(check.CanRestore) && (!clients || a.Can(check.CanPurge)), []string{"addition after a restore"}},
		{len(o.Stored) > 0, []string{check.EditOfStored}},
		{a.Can(check.CanAudit), []string{"audits"}},
		{bound, []string{"too far ahead", "accepted at the limit"}},
		{bound && clients, []string{"client too far ahead"}},
		{several && a.Can(check.CanPause), []string{"meets"}},
		{several && a.Can(check.CanRetry), []string{"storms"}},
		{several && (a.Can(check.CanPage) || a.Can(check.CanPausePull)), []string{"pushes within a pull"}},
		{a.Can(check.CanCrash), []string{"crashes"}},
		{a.Can(check.CanCrash | check.CanRestart), []string{check.FailedCommit}},
		{several && o.Old != nil, []string{"pushes in the old form", "pulls in the old form"}},
	} {
		if x.when {
			all = append(all, x.what...)
		}
	}
	all = append(all, o.Covered(a)...)
	slices.Sort(all)
	return all
}

// Untested describes what is not tested, and why.
func Untested(a check.Abilities, o sim.Config) (all []string) {
	clients, plain := o.Clients, o.PlainDevices()
	for _, x := range []struct {
		tested bool
		text   string
	}{
		{a.Can(check.CanTellTime), "stamps that are too far ahead, and a server whose clock is not set: the backend never called Env.Now"},
		{o.Bounded(), "stamps that are too far ahead, and a server whose clock is not set: Options.MaxAhead sets no bound"},
		{o.Devices > 1, "devices that meet, and edits that they lose to each other: there is only one device"},
		{plain > 0, "devices that are restored from a backup, floods of edits, and other orders and spellings of a push: every device is a Client"},
		{plain > 1, "devices that are cloned: this takes two devices that are not Clients"},
		{a.Can(check.CanPause), "concurrent requests, and storms of conflicts: the backend never called Env.Pause"},
		{a.Can(check.CanPausePull), "pushes within one request of a pull, not only between its pages: no pull called Env.Pause"},
		{a.Can(check.CanRetry) || !a.Can(check.CanPause), "storms of conflicts: no push called Env.Pause a second time"},
		{a.Can(check.CanCrash), "crashes: the backend never called Env.Crash"},
		{a.Can(check.CanRestart), "restarts: the backend is not a Restarter"},
		{a.Can(check.CanRestore), "a server that is restored from a backup: the backend is not a Restorer"},
		{!clients || a.Can(check.CanPurge), "a server that is restored from a backup: a Client could not learn of the restore, since the backend is not a Purger"},
		{a.Can(check.CanWrite), "the clock of the server: the backend is not a ServerWriter"},
		{a.Can(check.CanKeep), "fields whose values must not vanish: the backend is not a Keeper"},
		{a.Can(check.CanAudit), "rules that a write skips: the backend is not an Auditor"},
		{a.Can(check.CanTell), "whether lost edits are reported: no answer had fields"},
		{a.Can(check.CanMark) || !a.Can(check.CanTell), "whether edits that are lost on arrival are reported: no edit was lost on arrival"},
		{len(o.Stored) > 0, "a store that is filled before the first request, as after an import or a migration: Options.Stored is empty"},
		{len(o.Refused) > 0, "limits and guards: Options.Refused is empty"},
		{o.Old != nil, "clients of an old version of the app: Options.Old is empty"},
		{a.Can(check.CanPage), "paging: no pull had a second page; for this test, make pages of one row"},
		{a.Can(check.CanReopen) || !clients, "clients that are closed and opened again: the Client is not a Reopener"},
	} {
		if !x.tested {
			all = append(all, x.text)
		}
	}
	return append(all, o.Lacking(a)...)
}
