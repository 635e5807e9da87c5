package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// tally compares a counter with the additions that were accepted.
type tally struct {
	expected, found int64
	extra           []string // additions that were found and never sent
}

// String describes the difference.
func (t tally) String() string {
	text := fmt.Sprintf("the counter %s is %d, and the sum of the accepted additions that no reset deleted is %d", schedule.Counter, t.found, t.expected)
	if len(t.extra) > 0 {
		text += fmt.Sprintf("; never sent: %s", strings.Join(t.extra, ", "))
	}
	return text
}

func (t tally) wrong() bool { return t.expected != t.found }

// tallies adds up the counters of all records in a found state. It leaves out each addition that open reports as possibly
// missing or present there, or whose fate the ledger does not know.
func (j *Judge) tallies(found map[oracle.FieldKey]oracle.Write, open func(k oracle.FieldKey, ok bool) bool) map[string]tally {
	all := map[string]tally{}
	if !j.o.Counts() {
		return all
	}
	for _, k := range j.Ledger.Keys {
		if !j.o.IsAddition(k.Field) {
			continue
		}
		f, ok := found[k]
		if n, sure := j.Ledger.Histories[k].Addition(); sure && !open(k, ok) {
			t := all[k.ID]
			t.expected, t.found = t.expected+n, t.found+f.Adds()
			all[k.ID] = t
		}
	}
	for k, f := range found {
		if j.o.IsAddition(k.Field) && j.Ledger.Histories[k] == nil && !open(k, true) {
			t := all[k.ID]
			t.found, t.extra = t.found+f.Adds(), append(t.extra, k.Field)
			slices.Sort(t.extra)
			all[k.ID] = t
		}
	}
	return all
}

// miscounts reports whether the wrong write of a field makes a counter wrong, where the state of a new device breaks a law.
func (j *Judge) miscounts(k oracle.FieldKey, l law.Law, fresh map[oracle.FieldKey]oracle.Write) (t tally, is bool) {
	if !j.o.IsAddition(k.Field) || !l.OfField() && l != law.Stays {
		return t, false
	}
	mayLack := j.purgeable(fresh)
	t = j.tallies(fresh, func(k oracle.FieldKey, ok bool) bool { return !ok && mayLack(k) })[k.ID]
	return t, t.wrong()
}

// judgeCounters judges the sums of all counters in a state whose known fields are right.
func (j *Judge) judgeCounters(who string, found map[oracle.FieldKey]oracle.Write, open func(k oracle.FieldKey, ok bool) bool) {
	all := j.tallies(found, open)
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if t := all[id]; t.wrong() {
			j.Broken(law.Counted, "counter   %s %s\nexpected  %d\nfound     %d\nseen by   %s\nnote      %s", j.place(id), schedule.Counter, t.expected, t.found, who, t)
		}
	}
}

// adds reports whether an item has only additions to a counter, and no reset.
func (j *Judge) adds(it *Item) bool {
	return len(it.Writes) > 0 && !slices.ContainsFunc(it.Writes, func(x oracle.Written) bool { return x.Deleted || !j.o.IsAddition(x.Field) })
}

// lawOfRetry returns the law that an answer breaks if it tells a retry as new: an application that counts what is new
// would count an addition twice.
func (j *Judge) lawOfRetry(it *Item, l law.Law) law.Law {
	if j.adds(it) {
		return law.Counted
	}
	return l
}

// countAddition counts what happens to additions: x is accepted now.
func (j *Judge) countAddition(a Answer, x arrival) {
	if !j.o.IsAddition(x.Field) {
		return
	}
	f := j.Ledger.Of(x.FieldKey).Writes[x.Write]
	switch again := f != nil && f.State == oracle.Accepted; {
	case again && !x.Deleted:
		j.Count("addition arrives again")
	case again:
	case x.Deleted && j.leaves(a.Items[x.item]):
		j.Count("addition that a reset did not see")
	case !x.Deleted && j.Last.Restore >= 0:
		j.Count("addition after a restore")
	}
}

// leaves reports whether an addition is accepted that a reset of its counter does not delete. The author of a reset that
// arrives for the first time has not seen it.
func (j *Judge) leaves(reset *Item) bool {
	return slices.ContainsFunc(j.Ledger.Keys, func(k oracle.FieldKey) bool {
		if k.ID != reset.ID || !j.o.IsAddition(k.Field) || slices.ContainsFunc(reset.Writes, func(x oracle.Written) bool { return x.FieldKey == k }) {
			return false
		}
		n, sure := j.Ledger.Histories[k].Addition()
		return sure && n != 0
	})
}

// ofCounter returns the law about counters, if an addition or its reset breaks a law about edits in general.
func (r *Replica) ofCounter(k oracle.FieldKey, l law.Law) law.Law {
	if r.o.IsAddition(k.Field) && slices.Contains([]law.Law{law.ClientInvents, law.ClientEdit, law.ClientShows, law.ClientKeeps}, l) {
		return law.ClientCounts
	}
	return l
}

// sumsDiffer reports whether two states of a record have other sums.
func (r *Replica) sumsDiffer(a, b map[oracle.FieldKey]oracle.Write) bool {
	sum := func(all map[oracle.FieldKey]oracle.Write) (n int64) {
		for k, x := range all {
			if r.o.IsAddition(k.Field) {
				n += x.Adds()
			}
		}
		return n
	}
	return sum(a) != sum(b)
}
