package violation

import (
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// The types of the findings of NoOverlap.
const (
	// SchedulingConflict is the type of a finding about two records that occupy one resource
	// at the same time.
	SchedulingConflict = "scheduling_conflict"
	// SlotsCut is the type of a finding about a record that has more slots or scopes than the
	// rule checks; see MaxSlots.
	SlotsCut = "slots_cut"
)

// NoOverlap is the rule that no two records occupy the same resource at the same time. There
// is one violation for each pair, however often the two overlap. The violation is about the
// record that was stamped later.
//
// A change to a record makes a check read all records that share a scope with it. Without
// Monthly, those are all records that ever occupied the resource, so the cost grows with
// their number.
type NoOverlap struct {
	// Table is the table of the records.
	Table string
	// Fields are the fields that Slot or Slots reads. Values that must win together, such as
	// start and end, belong in one composite field.
	Fields []string
	// Slot returns the slot that a record occupies, or the zero Slot if it occupies none. It
	// returns ErrUnknown if the record cannot be read.
	Slot func(r record.Record) (Slot, error)
	// Slots, if set, is used instead of Slot. It returns all slots that a record occupies,
	// such as the weeks of a recurring meeting or several rooms, in any order. The rule checks
	// the MaxSlots slots that start first, in at most 36 scopes. A record that has more slots
	// or scopes is itself a violation, of the type SlotsCut.
	Slots func(r record.Record) ([]Slot, error)
	// Monthly divides the slots of a resource into scopes, one for each calendar month in
	// UTC, so that a check reads only the months that the changes touch. A slot that extends
	// from one month into another belongs to both. A pair is found in the month in which its
	// last overlap ends. Run an audit after changing Monthly.
	Monthly bool
	// Describe returns the description of a pair, for the owner of the newer record. For the
	// owner of the older record, an application composes a text from the two IDs of the row.
	// Nil means a text without details. If Checker.Buckets is set, older has no fields: readers
	// of the newer record may not be allowed to read it.
	Describe func(newer, older record.Record) string
	// Relevant means that a conflict stops mattering when the last overlap of the two records
	// has ended or, if Checker.Buckets is set, when the last slot of the newer record has ended,
	// because the overlap may end with the older record.
	Relevant bool
}

// Scopes returns the resources that a record occupies, each with its months if the rule is
// Monthly. A deleted record occupies nothing.
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

// takenBy returns a record with the slots that it occupies.
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

// Check returns the pairs that overlap in the group, and the records that were cut. If there
// are too many, it returns the first ones and the total number.
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
			Description: "occupies more than the rule checks: conflicts in its later part are not found",
		})
	}
	for _, p := range m.pairs[:min(max(0, g.Limit-len(f.List)), len(m.pairs))] {
		f.List = append(f.List, n.finding(p, g.Restricted))
	}
	return f, nil
}

// finding returns the finding about a pair. If it is restricted, it holds nothing of the older
// record but its key.
func (n NoOverlap) finding(p pair, restricted bool) Finding {
	newer, older := Newest(p.a.Record, p.b.Record, n.Fields...)
	f := Finding{
		Key: PairKey(p.a.Key(), p.b.Key()), Type: SchedulingConflict,
		Record: newer.Key(), Others: []record.Key{older.Key()}, Fields: n.Fields,
		Description: "conflicts with another record at the same time",
	}
	if restricted {
		older = record.New(older.Key())
	}
	if n.Describe != nil {
		f.Description = n.Describe(newer, older)
	}
	if n.Relevant {
		f.RelevantUntil = max(p.end, 1) // zero would mean never
	}
	if n.Relevant && restricted {
		own := p.a
		if p.b.Key() == newer.Key() {
			own = p.b
		}
		f.last, f.RelevantUntil = f.RelevantUntil, max(own.end(), 1)
	}
	return f
}

// window is the extent of a scope: a resource and a span of time. It owns the overlaps that
// end in that span: after its start, and not after its end.
type window struct {
	resource string
	from, to clock.Timestamp
}

// window returns the extent of a scope.
func (n NoOverlap) window(scope string) window {
	if !n.Monthly {
		return window{scope, minTime, maxTime}
	}
	at := strings.LastIndexByte(scope, '/')
	if m, ok := monthNamed(scope[at+1:]); ok && at >= 0 {
		return window{scope[:at], m.begin(), (m + 1).begin()}
	}
	return window{} // the name is not a scope of this rule
}

// owns reports whether an overlap that ends at the given time belongs to this window.
func (w window) owns(end clock.Timestamp) bool { return w.from < end && end <= w.to }
