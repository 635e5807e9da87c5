package violation

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Slot is a span of time in which a record occupies a resource, such as a room. It starts at
// From and ends before To, so one slot may end when the next one starts. A Slot occupies
// nothing if it does not end after it starts, or if it has no resource.
type Slot struct {
	Resource string
	From, To clock.Timestamp
}

const (
	// MaxSlots is how many slots of one record NoOverlap checks.
	MaxSlots = 1000
	// maxScopes is how many scopes of one record NoOverlap checks: its resources, or the
	// months of its resources. Without a limit, a booking of 290 years would have 3,480 index
	// entries, and the check of a change to it would read as many months.
	maxScopes = 36
)

// The earliest and the latest Timestamp.
const (
	minTime = clock.Timestamp(math.MinInt64)
	maxTime = clock.Timestamp(math.MaxInt64)
)

// taken is a record and the slots that it occupies.
type taken struct {
	record.Record
	// slots are sorted by resource and then by time, the latest first. Slots of one resource
	// do not overlap.
	slots   []Slot
	periods []period // the periods of the slots, without duplicates, the earliest first
	cut     bool     // whether the record occupies more than is checked
}

// limited returns a record with the given slots, cut to the limits.
func (n NoOverlap) limited(r record.Record, all []Slot) taken {
	t := taken{Record: r}
	// Without months, an empty slot still puts its record into the scope of its resource,
	// where it overlaps nothing.
	takes := func(s Slot) bool { return s.Resource != "" && (s.From < s.To || !n.Monthly) }
	if len(all) == 1 && takes(all[0]) { // the usual case
		t.slots = n.addPeriods(&t, all)
		return t
	}
	slots := make([]Slot, 0, min(len(all), MaxSlots))
	for _, s := range all {
		if takes(s) {
			slots = append(slots, s)
		}
	}
	slices.SortFunc(slots, func(a, b Slot) int {
		return cmp.Or(cmp.Compare(a.From, b.From), strings.Compare(a.Resource, b.Resource), cmp.Compare(a.To, b.To))
	})
	if slots = slices.Compact(slots); len(slots) > MaxSlots {
		slots, t.cut = slots[:MaxSlots], true
	}
	t.slots = n.addPeriods(&t, joinOverlapping(slots))
	slices.SortFunc(t.slots, func(a, b Slot) int {
		return cmp.Or(strings.Compare(a.Resource, b.Resource), cmp.Compare(b.From, a.From))
	})
	return t
}

// end returns the end of the last slot.
func (t taken) end() clock.Timestamp {
	end := minTime
	for _, s := range t.slots {
		end = max(end, s.To)
	}
	return end
}

// joinOverlapping replaces overlapping slots of one resource with one slot. The slots must be
// sorted by From.
func joinOverlapping(slots []Slot) []Slot {
	last := make(map[string]int) // for each resource, the index of its last slot in the result
	one := slots[:0]
	for _, s := range slots {
		if i, ok := last[s.Resource]; ok && s.From < one[i].To {
			one[i].To = max(one[i].To, s.To)
			continue
		}
		last[s.Resource] = len(one)
		one = append(one, s)
	}
	return one
}

// addPeriods adds the periods of slots that are sorted by From. It returns the part of the
// slots that is inside these periods.
func (n NoOverlap) addPeriods(t *taken, slots []Slot) []Slot {
	in := make([]Slot, 0, len(slots))
	for _, s := range slots {
		first, last := month(0), month(0)
		if n.Monthly {
			first, last = monthOf(s.From), monthOf(s.To-1)
		}
		for m := first; m <= last; m++ {
			if !t.addPeriod(period{s.Resource, m}) {
				if s.To = s.From; n.Monthly {
					s.To = max(s.From, m.begin())
				}
				break
			}
		}
		if s.From < s.To {
			in = append(in, s)
		}
	}
	return in
}

// addPeriod adds a period to a record. It returns false if the record already has too many
// periods.
func (t *taken) addPeriod(p period) bool {
	if slices.Contains(t.periods, p) {
		return true
	}
	if len(t.periods) == maxScopes {
		t.cut = true
		return false
	}
	t.periods = append(t.periods, p)
	return true
}

// period is the extent of a scope: a resource and, if the rule is Monthly, one month.
type period struct {
	resource string
	month    month
}

// scope returns the name of the scope of a period.
func (n NoOverlap) scope(p period) string {
	if !n.Monthly {
		return p.resource
	}
	return p.resource + "/" + p.month.first().Format(monthForm)
}

// month is a calendar month in UTC: twelve times its year, plus 0 for January to 11 for
// December.
type month int

const monthForm = "2006-01"

func monthOf(at clock.Timestamp) month {
	year, m, _ := time.Unix(0, int64(at)).UTC().Date()
	return month(12*year + int(m) - 1)
}

// first returns the first moment of a month.
func (m month) first() time.Time {
	return time.Date(int(m/12), time.Month(m%12+1), 1, 0, 0, 0, 0, time.UTC)
}

// begin returns the start of a month, limited to the range of a Timestamp.
func (m month) begin() clock.Timestamp {
	first := m.first()
	switch {
	case first.Before(time.Unix(0, math.MinInt64)):
		return minTime
	case first.After(time.Unix(0, math.MaxInt64)):
		return maxTime
	}
	return clock.Timestamp(first.UnixNano())
}

// monthNamed parses the name of a month, such as 2026-03.
func monthNamed(name string) (month, bool) {
	t, err := time.Parse(monthForm, name)
	return month(12*t.Year() + int(t.Month()) - 1), err == nil
}
