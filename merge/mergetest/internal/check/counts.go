package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// Counts maps each event to how often it happened. An event that never happens is not tested,
// whatever the result of the run.
type Counts map[string]int

// FailedCommit is the event that a commit failed and the process went on.
const FailedCommit = "failed commits"

// Count counts one occurrence of an event.
func (j *Judge) Count(what string) { j.Counts[what]++ }

// Add adds counts.
func (c Counts) Add(d Counts) {
	for what, n := range d {
		c[what] += n
	}
}

// String returns the counts, sorted by the names of the events.
func (c Counts) String() string {
	var parts []string
	for _, what := range slices.Sorted(maps.Keys(c)) {
		parts = append(parts, fmt.Sprintf("%s %d", what, c[what]))
	}
	return strings.Join(parts, ", ")
}

// CountPush counts the manner of a push and its invalid items. An edit made during the push is
// counted when it happens.
func (j *Judge) CountPush(m schedule.Manner, b Batch) {
	for _, flag := range m.Flags() {
		if *flag.On && flag.On != &m.Meanwhile {
			j.Count(flag.Text)
		}
	}
	for _, it := range b.Items {
		if it.Bad != "" {
			j.Count(it.Bad)
		}
	}
}

// countReply counts a verdict.
func (j *Judge) countReply(it *Item, r merge.Reply) {
	switch {
	case r.Code == merge.TooFarAhead:
		j.Count("too far ahead")
	case r.Code == merge.ServerClock:
		j.Count("server's clock not set")
	case r.Verdict == "refused":
		j.Count("refused")
	case r.Changed:
		j.Count("accepted")
	default:
		j.Count("accepted, nothing changed")
	}
	if r.Verdict == "accepted" && slices.ContainsFunc(it.Writes, func(x oracle.Written) bool { return x.Time < 1e18 }) {
		j.Count("stamped before 2001")
	}
	if r.Verdict == "accepted" && slices.ContainsFunc(it.Writes, func(x oracle.Written) bool { return j.lead(x.Write) == j.o.MaxAhead }) {
		j.Count("accepted at the limit")
	}
}

// countTie counts which part of the rule decides between a write and the best one so far.
func (j *Judge) countTie(p *oracle.History, x oracle.Write) {
	if !p.Some || x == p.Best {
		return
	}
	_, by := oracle.Rule(x, p.Best)
	j.Count(map[oracle.Part]string{
		oracle.ByMillisecond: "decided by milliseconds", oracle.ByCounter: "decided by counter", oracle.ByClient: "decided by client",
		oracle.ByKind: "decided by deletion", oracle.ByValue: "decided by value",
	}[by])
}
