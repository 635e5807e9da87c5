package violation

import (
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// The types of what NoOverlap finds.
const (
	// SchedulingConflict is a pair of records that take one resource at the same time.
	SchedulingConflict = "scheduling_conflict"
	// SlotsCut is a record that takes more than the rule looks at; see MaxSlots.
	SlotsCut = "slots_cut"
)

// NoOverlap is the rule that no two records take the same resource at the same time.
// There is a violation for each pair, however often the two meet; it is about the record
// that was stamped later.
//
// A change of a record reads all records that share a scope with it. Without Monthly, those
// are all records that ever took the resource, so a change costs more as they collect.
type NoOverlap struct {
	// Table is the table of the records.
	Table string
	// Fields are the fields that Slot or Slots reads. Values that win together, such as
	// start and end, belong in one composite field.
	Fields []string
	// Slot returns what a record takes, and the zero Slot if nothing. ErrUnknown says
	// that it cannot be read.
	Slot func(r record.Record) (Slot, error)
	// Slots is used in place of Slot if it is set. It returns all that a record takes, such
	// as the weeks of a recurring meeting, or several rooms, in any order. The rule looks at
	// the first MaxSlots of them, in the order of their beginnings, and at most 36 scopes; a
	// record that takes more is a violation of the type SlotsCut.
	Slots func(r record.Record) ([]Slot, error)
	// Monthly divides the slots of a resource into scopes of a calendar month in UTC, so that
	// a change reads the months that it touches and no others. A slot that reaches from one
	// month into another belongs to both. A pair is found in the month in which the last
	// time that the two meet ends. Audit after changing it.
	Monthly bool
	// Describe returns the text for the newer record of a pair, given the other one. For
	// the owner of the older one, an app makes its own from the two IDs of the row. Nil
	// means a text without particulars.
	Describe func(newer, older record.Record) string
	// Relevant is set if a conflict stops mattering when the last time that the two
	// records meet has ended.
	Relevant bool
}

// Scopes returns the resources that a record takes, each with its months if the rule is
// Monthly. A deleted record takes nothing.
func (n NoOverlap) Scopes(r record.Record) ([]string, error) {
	if r.Key().Table != n.Table || r.Deleted() {
		return nil, nil
	}
	t, err := n.takenBy(r)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(t.periods))
	for i, p := range t.periods {
		names[i] = n.scope(p)
	}
	return names, nil
}

// takenBy returns what a record takes.
func (n NoOverlap) takenBy(r record.Record) (taken, error) {
	if n.Slots != nil {
		slots, err := n.Slots(r)
		if err != nil {
			return taken{}, err
		}
		return n.limited(r, slots), nil
	}
	slot, err := n.Slot(r)
	if err != nil {
		return taken{}, err
	}
	return n.limited(r, []Slot{slot}), nil
}

// Check returns the pairs that meet in the group, and the records that were cut. If there
// are very many, it returns the first ones and counts the rest.
func (n NoOverlap) Check(g Group) (Findings, error) {
	m := meetings{window: n.window(g.Scope), byEnd: n.Relevant, most: g.Limit}
	cuts := make([]taken, 0)
	for _, r := range g.Records {
		t, err := n.takenBy(r)
		if err != nil {
			return Findings{}, err
		}
		if t.cut && n.scope(t.periods[0]) == g.Scope {
			cuts = append(cuts, t)
		}
		m.add(t)
	}
	if err := m.findPairs(); err != nil {
		return Findings{}, err
	}
	f := Findings{Total: m.total + len(cuts)}
	for _, t := range cuts[:min(g.Limit, len(cuts))] {
		f.List = append(f.List, Finding{
			Key: RecordKey(t.Key()), Type: SlotsCut, Record: t.Key(), Fields: n.Fields,
			Description: "takes too much to be looked at: conflicts of its later part are not found",
		})
	}
	for _, p := range m.pairs[:min(max(0, g.Limit-len(f.List)), len(m.pairs))] {
		f.List = append(f.List, n.finding(p))
	}
	return f, nil
}

func (n NoOverlap) finding(p pair) Finding {
	newer, older := Newest(p.a.Record, p.b.Record, n.Fields...)
	f := Finding{
		Key: PairKey(p.a.Key(), p.b.Key()), Type: SchedulingConflict,
		Record: newer.Key(), Others: []record.Key{older.Key()}, Fields: n.Fields,
		Description: "conflicts with another record for the same time",
	}
	if n.Describe != nil {
		f.Description = n.Describe(newer, older)
	}
	if n.Relevant {
		f.RelevantUntil = max(p.end, 1) // zero would be never
	}
	return f
}

// window is what a scope covers: a resource, and of its time what ends after from and not
// after to.
type window struct {
	resource string
	from, to clock.Timestamp
}

// window returns what a scope covers.
func (n NoOverlap) window(scope string) window {
	if !n.Monthly {
		return window{scope, minTime, maxTime}
	}
	at := strings.LastIndexByte(scope, '/')
	if m, ok := monthNamed(scope[at+1:]); ok && at >= 0 {
		return window{scope[:at], m.begin(), (m + 1).begin()}
	}
	return window{} // it is no scope of this rule
}

// owns reports whether a pair that meets for the last time until then, is of this window.
func (w window) owns(end clock.Timestamp) bool { return w.from < end && end <= w.to }
