package mergetest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/record"
)

func (o Options) check(d schedule.Domain) error {
	switch {
	case o.Seeds < 0 || o.Steps < 0:
		return fmt.Errorf("mergetest: Options has %d Seeds and %d Steps: neither may be negative", o.Seeds, o.Steps)
	case d.Devices < 1 || d.Devices > len(schedule.People()):
		return fmt.Errorf("mergetest: Options has %d Devices: use 1 to %d", d.Devices, len(schedule.People()))
	case len(d.IDs) == 0:
		return fmt.Errorf("mergetest: Options.IDs is empty: name at least one, or leave it nil")
	case len(d.Names) == 0:
		return fmt.Errorf("mergetest: Options has OnlyFields, but no Fields: name at least one")
	}
	for _, id := range d.IDs {
		if err := schedule.CheckName(id); err != nil {
			return err
		}
	}
	for _, name := range d.Names {
		if err := schedule.CheckName(name); err != nil {
			return err
		}
		if len(d.Fields[name]) == 0 {
			return fmt.Errorf("mergetest: Options.Fields has no values for the field %q: add one", name)
		}
	}
	for _, r := range o.Stored {
		if err := o.checkStored(d, r); err != nil {
			return err
		}
	}
	return o.checkRefused()
}

// checkStored checks a record that the store has at first.
func (o Options) checkStored(d schedule.Domain, r record.Record) error {
	refuse := func(format string, args ...any) error {
		return fmt.Errorf("mergetest: Options.Stored has a record %s: "+format, append([]any{r.Key()}, args...)...)
	}
	id, ok := d.IDOf(r.Key().Table, r.Key().ID)
	if table, rest := d.KeyOf(id); !ok || table != r.Key().Table || rest != r.Key().ID {
		return refuse("use the tables %q, and no ID that begins with the name of the second table and a colon", d.Tables)
	}
	if err := schedule.CheckName(r.Key().ID); err != nil {
		return err
	}
	if r.Len() == 0 || slices.ContainsFunc(o.Stored, func(s record.Record) bool { return s.Key() == r.Key() && !s.Equal(r) }) {
		return refuse("list each record once, and give it a field")
	}
	for name, v := range r.All() {
		if device := schedule.Whose(v.Stamp.Client); slices.Contains(schedule.People(), device) {
			return refuse("its field %s is stamped by the ID of a device; use another one", name)
		}
		if ahead := v.Stamp.Time.Time().Sub(schedule.Start()); d.Bounded() && ahead > d.MaxAhead {
			return refuse("its field %s is stamped %v after the start of a run: at most %v is possible", name, ahead, d.MaxAhead)
		}
	}
	return nil
}

// withStored returns a domain that also has the records that the store has at first.
func (o Options) withStored(d schedule.Domain) schedule.Domain {
	d.IDs = slices.Clone(d.IDs)
	var latest clock.Timestamp
	for _, r := range o.Stored {
		id, _ := d.IDOf(r.Key().Table, r.Key().ID)
		for name, v := range r.All() {
			if v.Stamp.Time >= latest && slices.Contains(d.Names, name) {
				latest, d.Newest = v.Stamp.Time, schedule.Newest{ID: id, Assignment: schedule.Assignment{Name: name, Value: d.Fields[name][0]}}
			}
		}
		if d.Stored = append(d.Stored, id); !slices.Contains(d.IDs, id) {
			d.IDs = append(d.IDs, id)
		}
	}
	return d
}

func (o Options) checkRefused() error {
	for _, code := range slices.Sorted(maps.Keys(o.Refused)) {
		fields := o.Refused[code]
		if schedule.CheckName(string(code)) != nil || schedule.AsWord(string(code)) != string(code) || strings.Contains(string(code), ",") || len(fields) == 0 {
			return fmt.Errorf("mergetest: Options.Refused has the code %q with %d fields: use a code that contains no space, comma or =, and give it fields", code, len(fields))
		}
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			if err := schedule.CheckName(name); err != nil {
				return err
			}
			if !json.Valid([]byte(fields[name])) {
				return fmt.Errorf("mergetest: Options.Refused has, for the code %q, a value of the field %q that is not JSON", code, name)
			}
		}
	}
	return nil
}

// canonicalFields returns values in the form that steps use: canonical, and without spaces, since spaces
// separate the words of a step.
func canonicalFields(given map[string][]string) (map[string][]string, error) {
	fields := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		for _, text := range given[name] {
			v, err := record.ParseValue([]byte(text))
			if err != nil {
				return nil, fmt.Errorf("mergetest: Options.Fields has an invalid value for the field %q: %w", name, err)
			}
			fields[name] = append(fields[name], spaceless(v))
		}
	}
	return fields, nil
}

// spaceless returns the JSON of a value with escapes for the spaces in its strings. Canonical
// JSON has no spaces elsewhere.
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
