package schedule

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Domain is the material of schedules: the devices, and the records, fields and values that they
// write.
type Domain struct {
	Devices  int
	Steps    int           // the number of steps in a schedule
	MaxAhead time.Duration // how far a stamp may be ahead; negative means no bound
	Tables   []string
	IDs      []string
	Stored   []string            // the IDs of the records that the store has at first
	Newest   Newest              // the newest of the writes that the store has at first
	Names    []string            // the names of the fields, sorted
	Given    []string            // the names that the user listed, sorted
	Fields   map[string][]string // the values of each field, as JSON
	AnyField bool                // the backend accepts fields with other names as well
	Flaws    []string            // the flaws that an item can have
	Clients  bool                // every second device, from the first, is a Client of the user
	Restarts bool                // the server can be restarted
	Purges   bool                // the server purges
	Erases   bool                // the server erases records
	Grants   bool                // the server lets each client read only some buckets
	Imports  bool                // the server imports rows
	Points   int                 // the most calls to Env.Crash seen in one push
	Pauses   int                 // the most calls to Env.Pause seen in one push

	Grammar
	Families []Weighted
}

// Newest names the field of a record, and has another write of it. The ID is empty if there is none.
type Newest struct {
	ID string
	Assignment
}

// KeyOf returns the table and the ID of a record. A step names a record outside the first table
// by table and ID, such as notes:a.
func (d Domain) KeyOf(id string) (table, rest string) {
	for _, table := range d.Tables[1:] {
		if rest, ok := strings.CutPrefix(id, table+":"); ok {
			return table, rest
		}
	}
	return d.Tables[0], id
}

// IDOf returns the ID by which steps name a record, and reports whether devices may write that
// record.
func (d Domain) IDOf(table, rest string) (id string, ok bool) {
	if table == d.Tables[0] {
		return rest, true
	}
	return table + ":" + rest, slices.Contains(d.Tables, table)
}

// CheckName returns an error for a name that devices must not use: an empty one, one that begins
// with $, or one with U+FFFD, which replaces damaged text.
func CheckName(name string) error {
	if name == "" || strings.ContainsRune(name, unicode.ReplacementChar) || strings.HasPrefix(name, "$") {
		return fmt.Errorf("mergetest: the name %q: use one that is not empty, has no U+FFFD, and does not begin with $", name)
	}
	return nil
}

// With returns a domain that also has all IDs and fields of a schedule.
func (d Domain) With(steps []Step) Domain {
	d.IDs, d.Names = slices.Clone(d.IDs), slices.Clone(d.Names)
	for _, s := range within(steps) {
		if s.ID != "" && !slices.Contains(d.IDs, s.ID) {
			d.IDs = append(d.IDs, s.ID)
		}
		for _, a := range s.Sets {
			if !slices.Contains(d.Names, a.Name) && !ofBuckets(a.Name) {
				d.Names = append(d.Names, a.Name)
			}
		}
	}
	return d
}

// Named returns the IDs of a domain that the steps name. A storm writes one of those records.
func (d Domain) Named(steps []Step) (ids []string) {
	steps = within(steps)
	for _, id := range d.IDs {
		if slices.ContainsFunc(steps, func(s Step) bool { return s.ID == id }) {
			ids = append(ids, id)
		}
	}
	return ids
}

// Bounded reports whether the kit knows which stamps are too far ahead.
func (d Domain) Bounded() bool { return d.MaxAhead >= 0 }

// HasClient reports whether a device is a Client of the user. Every second device is a Client. So
// the Clients meet devices of the kit, which can be cloned and restored.
func (d Domain) HasClient(device int) bool { return d.Clients && device%2 == 0 }

// PlainDevices returns the number of devices that are the kit's own.
func (d Domain) PlainDevices() int {
	if !d.Clients {
		return d.Devices
	}
	return d.Devices / 2 // see HasClient
}

// Start is the time at which each run starts. It is in the past, so a backend that does not call
// Env.Now has no reason to find a stamp too far ahead.
func Start() time.Time { return time.Date(2024, 3, 4, 12, 0, 0, 0, time.UTC) }
