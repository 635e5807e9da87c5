package schedule

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Domain is what schedules are made of: which devices write what.
type Domain struct {
	Devices  int
	Steps    int           // of a schedule
	MaxAhead time.Duration // how far a stamp may be ahead; negative: without a bound
	Tables   []string
	IDs      []string
	Names    []string            // of the fields, sorted
	Fields   map[string][]string // the values of each, as JSON
	AnyField bool                // fields of other names are accepted as well
	Flaws    []string            // what can be wrong with an item
	Clients  bool                // every other device is a Client of the user
	Points   int                 // how often a push was seen to call Env.Crash
	Pauses   int                 // and Env.Pause

	Grammar
	Families []Weighted
}

// KeyOf returns the table and the ID of a record. A step names one that is not in the first table by
// its table as well: notes:a.
func (d Domain) KeyOf(id string) (table, rest string) {
	for _, table := range d.Tables[1:] {
		if rest, ok := strings.CutPrefix(id, table+":"); ok {
			return table, rest
		}
	}
	return d.Tables[0], id
}

// IDOf returns what a step calls a record, if it is one that devices may write.
func (d Domain) IDOf(table, rest string) (id string, ok bool) {
	if table == d.Tables[0] {
		return rest, true
	}
	return table + ":" + rest, slices.Contains(d.Tables, table)
}

// CheckName refuses names that are not for devices, and U+FFFD, which is what is left of a name that
// was damaged.
func CheckName(name string) error {
	if name == "" || strings.ContainsRune(name, unicode.ReplacementChar) || strings.HasPrefix(name, "$") {
		return fmt.Errorf("mergetest: the name %q: use one that is not empty, without U+FFFD, and does not begin with $", name)
	}
	return nil
}

// With returns a domain that has all IDs and fields of a schedule as well.
func (d Domain) With(steps []Step) Domain {
	d.IDs, d.Names = slices.Clone(d.IDs), slices.Clone(d.Names)
	for _, s := range steps {
		if s.ID != "" && !slices.Contains(d.IDs, s.ID) {
			d.IDs = append(d.IDs, s.ID)
		}
		for _, a := range s.Sets {
			if !slices.Contains(d.Names, a.Name) {
				d.Names = append(d.Names, a.Name)
			}
		}
	}
	return d
}

// Named returns the IDs of a domain that steps name. A storm writes one of those.
func (d Domain) Named(steps []Step) (ids []string) {
	for _, id := range d.IDs {
		if slices.ContainsFunc(steps, func(s Step) bool { return s.ID == id }) {
			ids = append(ids, id)
		}
	}
	return ids
}

// Bounded reports whether the kit knows what is too far ahead.
func (d Domain) Bounded() bool { return d.MaxAhead >= 0 }

// HasClient reports whether a device is a Client of the user: every other one is, so that
// there are devices of the kit, which can be cloned and restored, to meet.
func (d Domain) HasClient(device int) bool { return d.Clients && device%2 == 0 }

// PlainDevices is how many devices are the kit's own.
func (d Domain) PlainDevices() int {
	if !d.Clients {
		return d.Devices
	}
	return d.Devices / 2 // see hasClient
}

// Start is when each run starts. It is past, so that a backend which does not ask Env.Now
// has no reason to find anything too far ahead.
func Start() time.Time { return time.Date(2024, 3, 4, 12, 0, 0, 0, time.UTC) }
