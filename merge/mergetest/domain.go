package mergetest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// domain is Options with all that is left out filled in.
type domain struct {
	Options
	tables   []string // the first is Table
	names    []string // of the fields, sorted
	points   int      // how often a push was seen to call Env.Crash
	pauses   int      // and Env.Pause
	ops      *table   // of the kinds of steps
	anyField bool     // the backend accepts fields of any name
	marks    bool     // edits that are lost as they come must be reported, though none was in this run
}

// key returns the key of a record. A step names one that is not in the first table by its table
// as well: notes:a.
func (d domain) key(id string) record.Key {
	for _, table := range d.tables[1:] {
		if rest, ok := strings.CutPrefix(id, table+":"); ok {
			return record.Key{Table: table, ID: rest}
		}
	}
	return record.Key{Table: d.Table, ID: id}
}

// idOf returns what a step calls a record, if it is one that devices may write.
func (d domain) idOf(key record.Key) (id string, ok bool) {
	if key.Table == d.Table {
		return key.ID, true
	}
	return key.Table + ":" + key.ID, slices.Contains(d.tables, key.Table)
}

func (d domain) check() error {
	switch {
	case d.Seeds < 0 || d.Steps < 0:
		return fmt.Errorf("mergetest: %d seeds of %d steps", d.Seeds, d.Steps)
	case d.Devices < 1 || d.Devices > len(people()):
		return fmt.Errorf("mergetest: %d devices; there can be 1 to %d", d.Devices, len(people()))
	case len(d.IDs) == 0 || len(d.names) == 0:
		return fmt.Errorf("mergetest: nothing to write: no IDs or no Fields")
	}
	for _, id := range d.IDs {
		if err := checkName(id); err != nil {
			return err
		}
	}
	for _, name := range d.names {
		if err := checkName(name); err != nil {
			return err
		}
		if len(d.Fields[name]) == 0 {
			return fmt.Errorf("mergetest: the field %q has no values", name)
		}
	}
	return d.checkRefused()
}

func (d domain) checkRefused() error {
	for _, code := range slices.Sorted(maps.Keys(d.Refused)) {
		fields := d.Refused[code]
		if checkName(string(code)) != nil || asWord(string(code)) != string(code) || strings.Contains(string(code), ",") || len(fields) == 0 {
			return fmt.Errorf("mergetest: Refused has the code %q, with %d fields: use one without spaces, commas and =, and give it fields", code, len(fields))
		}
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			if err := checkName(name); err != nil {
				return err
			}
			if !json.Valid([]byte(fields[name])) {
				return fmt.Errorf("mergetest: Refused has for %q a value of the field %q that is not JSON", code, name)
			}
		}
	}
	return nil
}

// checkName refuses names that are not for devices, and U+FFFD, which is what is left of a name that
// was damaged.
func checkName(name string) error {
	if name == "" || strings.ContainsRune(name, unicode.ReplacementChar) || strings.HasPrefix(name, "$") {
		return fmt.Errorf("mergetest: the name %q: use one that is not empty, without U+FFFD, and does not begin with $", name)
	}
	return nil
}

// parseFields puts the values into the form in which a step holds them: canonical, and without
// spaces, since those part the words of a step.
func (d *domain) parseFields() error {
	given := d.Fields
	d.Fields = map[string][]string{}
	for _, name := range d.names {
		for _, text := range given[name] {
			v, err := record.ParseValue([]byte(text))
			if err != nil {
				return fmt.Errorf("mergetest: a value of the field %q: %w", name, err)
			}
			d.Fields[name] = append(d.Fields[name], spaceless(v))
		}
	}
	return nil
}

// spaceless returns the JSON of a value with escapes for the spaces in its strings. Canonical
// JSON has none elsewhere.
func spaceless(v record.Value) string {
	var b strings.Builder
	for _, r := range v.JSON() {
		if unicode.IsSpace(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// with returns a domain that has all IDs and fields of a schedule as well.
func (d domain) with(steps []step) domain {
	d.IDs, d.names = slices.Clone(d.IDs), slices.Clone(d.names)
	for _, s := range steps {
		if s.id != "" && !slices.Contains(d.IDs, s.id) {
			d.IDs = append(d.IDs, s.id)
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
	for _, id := range d.IDs {
		if slices.ContainsFunc(steps, func(s step) bool { return s.id == id }) {
			ids = append(ids, id)
		}
	}
	return ids
}

// refuses reports whether a field is one of those that are refused with a code.
func (d domain) refuses(code, name string) bool {
	_, ok := d.Refused[merge.Code(code)][name]
	return ok
}

// bounded reports whether the kit knows what is too far ahead.
func (d domain) bounded() bool { return d.MaxAhead >= 0 }

// hasClient reports whether a device is a Client of the user: every other one is, so that
// there are devices of the kit, which can be cloned and restored, to meet.
func (d domain) hasClient(device int) bool { return d.NewClient != nil && device%2 == 0 }

// plainDevices is how many devices are the kit's own.
func (d domain) plainDevices() int {
	if d.NewClient == nil {
		return d.Devices
	}
	return d.Devices / 2 // see hasClient
}
