package violation

import (
	"slices"
	"sort"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// SchedulingConflict is the type of what NoOverlap finds.
const SchedulingConflict = "scheduling_conflict"

// Slot is a stretch of time for which a record takes something, such as a room. It
// begins at From and ends before To, so that one may end when the next begins. A Slot
// that does not end after it begins takes nothing.
type Slot struct {
	Resource string
	From, To clock.Timestamp
}

// NoOverlap is the rule that no two records take the same resource at the same time.
// There is a violation for each pair; it is about the one that was stamped later.
//
// A change of one record reads all that take the same resource, whenever that is, so it costs
// more as a resource collects records of the past. Where there will be tens of thousands,
// make the resource a room and a month, say, and have a Guard refuse slots that reach from
// one month into the next.
type NoOverlap struct {
	// Table is the table of the records.
	Table string
	// Fields are the fields that Slot reads. What wins together, such as start and end,
	// belongs into one composite field.
	Fields []string
	// Slot returns what a record takes, and the zero Slot if nothing. ErrUnknown says
	// that it cannot be read.
	Slot func(r record.Record) (Slot, error)
	// Describe returns the text for the newer record of a pair, given the other one. For
	// the owner of the older one, an app makes its own from the two IDs of the row. Nil
	// means a text without particulars.
	Describe func(newer, older record.Record) string
	// Relevant is set if a conflict stops to matter when the earlier slot of the two
	// has ended. Then give Input.Now, or conflicts of the past count among those of a
	// group, of which only so many are listed.
	Relevant bool
}

// Scopes returns the resource that a record takes.
func (n NoOverlap) Scopes(r record.Record) ([]string, error) {
	if r.Key().Table != n.Table {
		return nil, nil
	}
	slot, err := n.Slot(r)
	if err != nil || slot.Resource == "" {
		return nil, err
	}
	return []string{slot.Resource}, nil
}

// taken is a record with what it takes.
type taken struct {
	record.Record
	Slot
}

// Check returns the pairs that overlap. If there are very many, it returns the first
// ones and counts the rest.
func (n NoOverlap) Check(g Group) (Findings, error) {
	all := make([]taken, 0, len(g.Records)) // by key, as the group is
	for _, r := range g.Records {
		slot, err := n.Slot(r)
		if err != nil {
			return Findings{}, err
		}
		over := n.Relevant && g.Now != 0 && slot.To <= g.Now
		if slot.Resource == g.Scope && slot.From < slot.To && !over {
			all = append(all, taken{r, slot})
		}
	}
	degrees, total := overlaps(all)
	var f Findings
	f.Total = total
	for i := range all {
		// All is in the order of keys, and so are the pairs.
		for j := i + 1; degrees[i] > 0 && j < len(all) && len(f.List) < g.Most; j++ {
			if all[i].overlaps(all[j]) {
				f.List = append(f.List, n.finding(all[i], all[j]))
			}
		}
	}
	return f, nil
}

// overlaps reports whether two slots have a moment in common.
func (s taken) overlaps(o taken) bool { return s.From < o.To && o.From < s.To }

// overlaps returns for each how many others it overlaps, and the number of pairs. It
// looks at the sorted beginnings and ends only, so it does not matter how many pairs
// there are.
func overlaps(all []taken) (degrees []int, pairs int) {
	begins, ends := make([]clock.Timestamp, len(all)), make([]clock.Timestamp, len(all))
	for i, t := range all {
		begins[i], ends[i] = t.From, t.To
	}
	slices.Sort(begins)
	slices.Sort(ends)
	degrees = make([]int, len(all))
	for i, t := range all {
		begun := sort.Search(len(begins), func(k int) bool { return begins[k] >= t.To })
		ended := sort.Search(len(ends), func(k int) bool { return ends[k] > t.From })
		degrees[i] = begun - ended - 1
		pairs += degrees[i]
	}
	return degrees, pairs / 2
}

func (n NoOverlap) finding(a, b taken) Finding {
	newer, older := Newest(a.Record, b.Record, n.Fields...)
	f := Finding{
		Key: PairKey(a.Key(), b.Key()), Type: SchedulingConflict,
		Record: newer.Key(), Others: []record.Key{older.Key()}, Fields: n.Fields,
		Description: "conflicts with another record for the same time",
	}
	if n.Describe != nil {
		f.Description = n.Describe(newer, older)
	}
	if n.Relevant {
		f.RelevantUntil = min(a.To, b.To)
	}
	return f
}
