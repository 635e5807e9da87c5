package mergetest

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/fieldlww/fieldlww/record"
)

// domain is what schedules are made of: which devices write what.
type domain struct {
	devices  int
	steps    int           // of a schedule
	maxAhead time.Duration // how far a stamp may be ahead; negative: without a bound
	tables   []string
	ids      []string
	names    []string            // of the fields, sorted
	fields   map[string][]string // the values of each, as JSON
	anyField bool                // fields of other names are accepted as well
	flaws    []string            // what can be wrong with an item
	clients  bool                // every other device is a Client of the user
	points   int                 // how often a push was seen to call Env.Crash
	pauses   int                 // and Env.Pause

	grammar
	families []weighted
}

// key returns the key of a record. A step names one that is not in the first table by its table
// as well: notes:a.
func (d domain) key(id string) record.Key {
	for _, table := range d.tables[1:] {
		if rest, ok := strings.CutPrefix(id, table+":"); ok {
			return record.Key{Table: table, ID: rest}
		}
	}
	return record.Key{Table: d.tables[0], ID: id}
}

// idOf returns what a step calls a record, if it is one that devices may write.
func (d domain) idOf(key record.Key) (id string, ok bool) {
	if key.Table == d.tables[0] {
		return key.ID, true
	}
	return key.Table + ":" + key.ID, slices.Contains(d.tables, key.Table)
}

// checkName refuses names that are not for devices, and U+FFFD, which is what is left of a name that
// was damaged.
func checkName(name string) error {
	if name == "" || strings.ContainsRune(name, unicode.ReplacementChar) || strings.HasPrefix(name, "$") {
		return fmt.Errorf("mergetest: the name %q: use one that is not empty, without U+FFFD, and does not begin with $", name)
	}
	return nil
}

// with returns a domain that has all IDs and fields of a schedule as well.
func (d domain) with(steps []step) domain {
	d.ids, d.names = slices.Clone(d.ids), slices.Clone(d.names)
	for _, s := range steps {
		if s.id != "" && !slices.Contains(d.ids, s.id) {
			d.ids = append(d.ids, s.id)
		}
		for _, a := range s.sets {
			if !slices.Contains(d.names, a.name) {
				d.names = append(d.names, a.name)
			}
		}
	}
	return d
}

// named returns the IDs of a domain that steps name. A storm writes one of those.
func (d domain) named(steps []step) (ids []string) {
	for _, id := range d.ids {
		if slices.ContainsFunc(steps, func(s step) bool { return s.id == id }) {
			ids = append(ids, id)
		}
	}
	return ids
}

// bounded reports whether the kit knows what is too far ahead.
func (d domain) bounded() bool { return d.maxAhead >= 0 }

// hasClient reports whether a device is a Client of the user: every other one is, so that
// there are devices of the kit, which can be cloned and restored, to meet.
func (d domain) hasClient(device int) bool { return d.clients && device%2 == 0 }

// plainDevices is how many devices are the kit's own.
func (d domain) plainDevices() int {
	if !d.clients {
		return d.devices
	}
	return d.devices / 2 // see hasClient
}
