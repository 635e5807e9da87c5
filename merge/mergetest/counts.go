package mergetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// counts are how often things happened. What never happens is not tested, whatever the
// result says.
type counts map[string]int

func (j *judge) count(what string) { j.counts[what]++ }

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

// countPush counts how a push goes. That a user edits meanwhile is counted when it happens.
func (j *judge) countPush(m schedule.Manner, b batch) {
	for _, flag := range m.Flags() {
		if *flag.On && flag.On != &m.Meanwhile {
			j.count(flag.Text)
		}
	}
	for _, it := range b.items {
		if it.bad != "" {
			j.count(it.bad)
		}
	}
}

// countReply counts a verdict.
func (j *judge) countReply(it *item, r merge.Reply) {
	switch {
	case r.Code == merge.TooFarAhead:
		j.count("too far ahead")
	case r.Code == merge.ServerClock:
		j.count("server's clock not set")
	case r.Verdict == "refused":
		j.count("refused")
	case r.Changed:
		j.count("accepted")
	default:
		j.count("accepted and nothing changed")
	}
	if r.Verdict == "accepted" && slices.ContainsFunc(it.writes, func(x oracle.Written) bool { return x.Time < 1e18 }) {
		j.count("stamped before 2001")
	}
	if r.Verdict == "accepted" && slices.ContainsFunc(it.writes, func(x oracle.Written) bool { return j.lead(x.Write) == j.o.MaxAhead }) {
		j.count("accepted at the limit")
	}
}

// countTie counts which part of the rule decides between a write and the best one so far.
func (j *judge) countTie(p *oracle.History, x oracle.Write) {
	if !p.Some || x == p.Best {
		return
	}
	_, by := oracle.Rule(x, p.Best)
	j.count(map[oracle.Part]string{
		oracle.ByMillisecond: "decided by milliseconds", oracle.ByCounter: "decided by counter", oracle.ByClient: "decided by client",
		oracle.ByKind: "decided by deletion", oracle.ByValue: "decided by value",
	}[by])
}
