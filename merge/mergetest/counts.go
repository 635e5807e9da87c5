package mergetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/merge"
)

// counts are how often things happened. What never happens is not tested, whatever the
// result says.
type counts map[string]int

func (w *world) count(what string) { w.counts[what]++ }

func (c counts) add(d counts) {
	for what, n := range d {
		c[what] += n
	}
}

// String returns the counts in the order of their names.
func (c counts) String() string {
	var parts []string
	for _, what := range slices.Sorted(maps.Keys(c)) {
		parts = append(parts, fmt.Sprintf("%s %d", what, c[what]))
	}
	return strings.Join(parts, ", ")
}

// countPush counts how a push goes.
func (w *world) countPush(m manner, b batch) {
	for on, what := range map[*bool]string{&m.lost: "answer lost", &m.twice: "twice", &m.last: "last only"} {
		if *on {
			w.count(what)
		}
	}
	if m.reversed && len(b.items) > 1 {
		w.count("reversed")
	}
	for _, it := range b.items {
		if it.bad != "" {
			w.count(it.bad)
		}
	}
}

// countReply counts a verdict.
func (w *world) countReply(it *item, r merge.Reply) {
	switch {
	case r.Code == merge.TooFarAhead:
		w.count("too far ahead")
	case r.Verdict == "refused":
		w.count("refused")
	case r.Changed:
		w.count("accepted")
	default:
		w.count("accepted and nothing changed")
	}
}

// countTie counts which part of the rule decides between a write and the best one so far.
func (w *world) countTie(p *past, x write) {
	if !p.some || x == p.best {
		return
	}
	_, by := rule(x, p.best)
	w.count(map[law]string{
		lawLater: "decided by milliseconds", lawCounter: "decided by counter", lawClient: "decided by client",
		lawKind: "decided by deletion", lawValue: "decided by value",
	}[by])
}

// required returns what must have happened in many runs on a backend that can do so much.
func (a abilities) required(o domain) []string {
	all := []string{
		"edits", "deletes", "restores", "clock", "clones", "backs-up", "is-restored", "reinstalls", "resends",
		"unstamped", "forged", "reserved", "refused", "accepted", "accepted and nothing changed",
		"answer lost", "answer to a pull lost", "twice", "decided by milliseconds", "decided by counter",
	}
	if o.Devices > 1 || o.NewClient == nil {
		all = append(all, "reversed", "last only")
	}
	if o.NewClient != nil {
		all = append(all, "client refused", "answer to a client lost", "edits meanwhile")
	}
	if o.Devices > 1 {
		all = append(all, "decided by client", "decided by deletion", "decided by value", "collision")
	}
	for what, able := range map[string]bool{"restarts": a.restart, "writes": a.write, "meets": a.pause && o.Devices > 1, "crashes": a.crash, "too far ahead": a.now && o.bounded(), "client too far ahead": a.now && o.bounded() && o.NewClient != nil} {
		if able {
			all = append(all, what)
		}
	}
	slices.Sort(all)
	return all
}

// untested says what a backend leaves untested because it does not offer it.
func (a abilities) untested() []string {
	var all []string
	for _, x := range []struct {
		able bool
		text string
	}{
		{a.now, "stamps that are too far ahead: the backend never asked Env.Now"},
		{a.pause, "requests that meet: it never called Env.Pause"},
		{a.crash, "crashes: it never called Env.Crash"},
		{a.restart, "restarts: it is no Restarter"},
		{a.write, "the clock of the server: it is no Writer"},
	} {
		if !x.able {
			all = append(all, x.text)
		}
	}
	return all
}
