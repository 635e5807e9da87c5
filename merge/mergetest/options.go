package mergetest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// Options say what is run, and what the devices write. The zero Options are a good
// choice for a backend that takes any table and field. The kit does not change them.
type Options struct {
	// Seeds is the number of runs. 0 means 100.
	Seeds int
	// First is the seed of the first run; the others follow it. 0 is the first seed.
	First uint64
	// Steps is the number of steps of each run. 0 means 300; 1,200 last for thirty days.
	Steps int
	// Devices is the number of devices, at most 8. 0 means 4.
	Devices int
	// Table is the table that the devices write to. Empty means tasks.
	Table string
	// IDs are those of the records. Two or three are best: much has to meet. Nil means a
	// and A, which some databases take to be the same.
	IDs []string
	// Fields has, for each field that the devices write, the values that they give it, in
	// JSON without spaces: a space within a string is written \u0020. Again few are best. Nil
	// means a few fields, which few schemas know and some take to be the same, with values of
	// all kinds, of which one has spaces around it and one is 301 characters long.
	Fields map[string][]string
	// MaxAhead is how far a stamp may lie ahead of the server's clock, as in merge.Engine:
	// 0 means clock.DefaultMaxAhead, and a negative value that there is no bound.
	MaxAhead time.Duration
	// Refused has writes that the backend must refuse, by the code of the refusal: for each
	// code some fields, and the JSON of their values. So that its limits and its Guard are
	// tested, say what is above a limit (merge.LimitExceeded), and what no device may write
	// (merge.Forbidden, or a code of your own). In the source of a failure it is called refused.
	Refused map[merge.Code]map[string]string
	// NewClient makes a client of yours: every other device, from the first on, then is one.
	// Nil means that all devices are the kit's own. Such devices cannot be cloned or restored
	// from a backup. In the source of a failure it is called newClient.
	NewClient func(id clock.ClientID, wall func() time.Time) Client
}

// domain is Options with all that is left out filled in.
type domain struct {
	Options
	names  []string // of the fields, sorted
	points int      // how often a push was seen to call Env.Crash
}

// settled fills in what is left out, and refuses what makes no sense.
func (o Options) settled() (domain, error) {
	o.Seeds = cmp.Or(o.Seeds, 100)
	o.Steps = cmp.Or(o.Steps, 300)
	o.Devices = cmp.Or(o.Devices, 4)
	o.Table = cmp.Or(o.Table, "tasks")
	o.MaxAhead = cmp.Or(o.MaxAhead, clock.DefaultMaxAhead)
	if o.IDs == nil {
		o.IDs = []string{"a", "A"}
	}
	if o.Fields == nil {
		o.Fields = map[string][]string{
			"points": {"9", "10", "9007199254740993"},
			"tag/e":  {`""`, "null", `"\u0020<\u0020"`, `"\u0020A` + strings.Repeat("long", 75) + `"`},
			"tag/É":  {"true", `{"<é>":[2.5,"x"]}`},
		}
	}
	d := domain{Options: o, names: slices.Sorted(maps.Keys(o.Fields))}
	return d, d.check()
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
		if err := plain(id); err != nil {
			return err
		}
	}
	for _, name := range d.names {
		if err := plain(name); err != nil {
			return err
		}
		if len(d.Fields[name]) == 0 {
			return fmt.Errorf("mergetest: the field %q has no values", name)
		}
		for _, v := range d.Fields[name] {
			if _, err := record.ParseValue([]byte(v)); err != nil || strings.ContainsAny(v, " \t\n") {
				return fmt.Errorf("mergetest: a value of the field %q is not JSON without spaces: %s; a space within a string is written \\u0020", name, v)
			}
		}
	}
	return d.checkRefused()
}

func (d domain) checkRefused() error {
	for _, code := range slices.Sorted(maps.Keys(d.Refused)) {
		fields := d.Refused[code]
		if plain(string(code)) != nil || strings.Contains(string(code), ",") || len(fields) == 0 {
			return fmt.Errorf("mergetest: Refused has the code %q, with %d fields: use one without spaces, commas and =, and give it fields", code, len(fields))
		}
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			if err := plain(name); err != nil {
				return err
			}
			if !json.Valid([]byte(fields[name])) {
				return fmt.Errorf("mergetest: Refused has for %q a value of the field %q that is not JSON", code, name)
			}
		}
	}
	return nil
}

// refuses reports whether a field is one of those that are refused with a code.
func (d domain) refuses(code, name string) bool {
	_, ok := d.Refused[merge.Code(code)][name]
	return ok
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

// plain refuses names that a step could not be read back with.
func plain(name string) error {
	if name == "" || strings.ContainsAny(name, " \t\n=\uFFFD") || strings.HasPrefix(name, "$") {
		return fmt.Errorf("mergetest: the name %q: use one that is not empty, without spaces, = and U+FFFD, and does not begin with $", name)
	}
	return nil
}

// bounded reports whether the kit knows what is too far ahead.
func (d domain) bounded() bool { return d.MaxAhead >= 0 }

// people are the names of the devices.
func people() []string { return []string{"ana", "ben", "cem", "dan", "eva", "fay", "gus", "hal"} }

// clientID returns the ID of a device, by the number of times it was reinstalled. They
// tell signed bytes from unsigned ones, and the first byte from the last one.
func clientID(device, installed int) clock.ClientID {
	first := []byte{0x7f, 0x80, 0x7f, 0x01, 0xff, 0x80, 0x10, 0xc0}[device]
	last := []byte{0x01, 0x02, 0x83, 0x04, 0x05, 0x86, 0x07, 0x08}[device]
	return clock.ClientID{0: first, 6: 0x40, 8: 0x80, 14: byte(installed), 15: last}
}

// newcomer is the client that reads everything, and writes nothing.
func newcomer() clock.ClientID { return clock.ClientID{0: 0x0e, 6: 0x40, 8: 0x80, 15: 0xee} }

// stranger is a client that nobody is.
func stranger() clock.ClientID { return clock.ClientID{0: 0xfe, 6: 0x40, 8: 0x80, 15: 0xef} }

// literal returns what a schedule needs of the Options, as Go source.
func (o Options) literal() string {
	var parts []string
	if o.Table != "" {
		parts = append(parts, fmt.Sprintf("Table: %q", o.Table))
	}
	if o.IDs != nil {
		parts = append(parts, fmt.Sprintf("IDs: %#v", o.IDs))
	}
	if o.Fields != nil {
		parts = append(parts, fmt.Sprintf("Fields: %#v", o.Fields))
	}
	if o.MaxAhead != 0 {
		parts = append(parts, fmt.Sprintf("MaxAhead: %d", o.MaxAhead))
	}
	if o.Refused != nil {
		parts = append(parts, "Refused: refused")
	}
	if o.NewClient != nil {
		parts = append(parts, "NewClient: newClient")
	}
	return strings.Join(parts, ", ")
}
