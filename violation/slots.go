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

// Slot is a stretch of time for which a record takes something, such as a room. It
// begins at From and ends before To, so that one may end when the next begins. A Slot
// that does not end after it begins takes nothing, and neither does one without a resource.
type Slot struct {
	Resource string
	From, To clock.Timestamp
}

const (
	// MaxSlots is how many slots of one record NoOverlap looks at.
	MaxSlots = 1000
	// maxScopes is how many scopes of one record NoOverlap looks at: its resources, or the
	// months of its resources. Without a limit, one booking of 290 years would be 3,480 index
	// entries, and a change of it would read as many months.
	maxScopes = 36
)

// The ends of time.
const (
	minTime = clock.Timestamp(math.MinInt64)
	maxTime = clock.Timestamp(math.MaxInt64)
)

// taken is a record with what it takes.
type taken struct {
	record.Record
	// slots are sorted by resource and then by time, the last one first. Those of one
	// resource have no moment in common.
	slots  []Slot
	scopes []string // in which it belongs, each once, the earliest first
	cut    bool     // whether it takes more than that
}

// take returns what a record takes, given all the slots that its app names.
func (n NoOverlap) take(r record.Record, all []Slot) taken {
	t := taken{Record: r}
	// A slot of no length is among those of its resource, where it meets none.
	takes := func(s Slot) bool { return s.Resource != "" && (s.From < s.To || !n.Monthly) }
	if len(all) == 1 && takes(all[0]) { // as most records do
		t.slots = n.within(&t, all)
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
	t.slots = n.within(&t, united(slots))
	slices.SortFunc(t.slots, func(a, b Slot) int {
		return cmp.Or(strings.Compare(a.Resource, b.Resource), cmp.Compare(b.From, a.From))
	})
	return t
}

// united returns slots that are sorted by their beginnings, those of one resource that have
// a moment in common as one.
func united(slots []Slot) []Slot {
	last := make(map[string]int) // of a resource, in one
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

// within notes the scopes of slots that are sorted by their beginnings, and returns what
// of the slots is in these.
func (n NoOverlap) within(t *taken, slots []Slot) []Slot {
	in := make([]Slot, 0, len(slots))
	var m month
	for _, s := range slots {
		if !n.Monthly {
			if t.belongs(s.Resource) && s.From < s.To {
				in = append(in, s)
			}
			continue
		}
		for at := s.From; at < s.To; at = m.to {
			if at < m.from || at >= m.to {
				m = monthAt(at)
			}
			if !t.belongs(s.Resource + "/" + m.name) {
				s.To = at
			}
		}
		if s.From < s.To {
			in = append(in, s)
		}
	}
	return in
}

// belongs adds a scope to those of a record. It returns false if that is one too many.
func (t *taken) belongs(scope string) bool {
	if slices.Contains(t.scopes, scope) {
		return true
	}
	if len(t.scopes) == maxScopes {
		t.cut = true
		return false
	}
	t.scopes = append(t.scopes, scope)
	return true
}

// month is a calendar month in UTC, from its first moment to the first one after it.
type month struct {
	name     string // such as 2026-03
	from, to clock.Timestamp
}

const monthForm = "2006-01"

// monthAt returns the month of a moment. Where the range of Timestamp begins and ends in
// the middle of a month, the month does as well.
func monthAt(at clock.Timestamp) month {
	t := time.Unix(0, int64(at)).UTC()
	first := time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
	m := month{t.Format(monthForm), minTime, maxTime}
	if !first.Before(time.Unix(0, math.MinInt64)) {
		m.from = clock.Timestamp(first.UnixNano())
	}
	if next := first.AddDate(0, 1, 0); !next.After(time.Unix(0, math.MaxInt64)) {
		m.to = clock.Timestamp(next.UnixNano())
	}
	return m
}

// monthNamed returns the month of a name.
func monthNamed(name string) (month, bool) {
	t, err := time.Parse(monthForm, name)
	if err != nil {
		return month{}, false
	}
	first := max(t.Unix(), math.MinInt64/int64(time.Second)) // in seconds, as years need
	return monthAt(clock.Timestamp(min(first, math.MaxInt64/int64(time.Second)) * int64(time.Second))), true
}
