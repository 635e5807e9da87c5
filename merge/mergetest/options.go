package mergetest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/sim"
	"github.com/fieldlww/fieldlww/record"
)

// Options say what Run and Check do, and what the devices write. The zero Options suit a backend that
// accepts any table and any field. The kit only reads the maps and slices.
type Options struct {
	// Seeds is the number of runs. 0 means 100.
	Seeds int
	// First is the seed of the first run. The next run has the next seed, and so on.
	First uint64
	// Steps is the number of steps in each run. 0 means 300. A run of 1,200 steps takes about thirty
	// days of virtual time; some runs take 40 or 400 days more.
	Steps int
	// Devices is the number of devices, from 1 to 8. 0 means 4.
	Devices int
	// Table is the table that the devices write to. Empty means tasks. Then, unless OnlyFields is set, the
	// devices also write one record of a second table, notes, with an ID that tasks has too.
	Table string
	// IDs are the IDs of the records. Each run writes two to four adjacent IDs of this list, so that edits
	// meet. IDs that might be confused should be adjacent. Nil means IDs that databases and code often
	// confuse, cut or change: IDs that differ in case, spaces, wildcards, escapes, separators or Unicode
	// normal form, that look like numbers, or that have 1,000 characters.
	IDs []string
	// Fields maps each field of yours that the devices write to its possible values, as JSON. They write these
	// fields in addition to the default ones. If a default field has the same name, it gets your values first,
	// and then its own. Half of the runs write only three fields, with similar names; in a quarter of all runs,
	// these are fields of yours. Half of the runs write at most four values of each field, which are adjacent in
	// its list.
	//
	// The default fields have names and values that databases and code often confuse, cut or change: names that
	// resemble the default IDs, values that look empty, numbers that a float64 or an integer type cannot
	// represent, strings that look like numbers or formats or differ only in case, long strings, lists and
	// objects that code might merge, other Unicode normal forms, and sets and positions as package record/fields
	// writes them. Devices also add to counters, in fields named qty/ and an ID, and some records grow past the
	// default record.Limits, with fields named grown00001 and so on.
	Fields map[string][]string
	// OnlyFields leaves out the default fields: the devices write only Fields, and no counters, and no record
	// grows. Set it for a backend that accepts only some fields, or for a Client that cannot read some values.
	OnlyFields bool
	// MaxAhead is how far a stamp may be ahead of the server's clock, as in merge.Engine. 0 means
	// clock.DefaultMaxAhead. A negative value means that there is no bound.
	MaxAhead time.Duration
	// Refused lists writes that the backend must refuse permanently, to test its limits and its
	// guard. It maps each code of a refusal to some fields, with one value each, as JSON. List
	// writes that exceed a limit (merge.LimitExceeded), and writes that no device may make
	// (merge.Forbidden, or a code of your own). If Refused is nil, limits and guards are not tested.
	// In the test that a failure prints, this map is the variable refused.
	Refused map[merge.Code]map[string]string
	// Stored are the records that each new Backend stores when the kit gets it, for example rows of an import, data
	// from before a migration, tombstones, or records that are larger than the limits of a push. NewBackend must store
	// them; the kit checks that a new device pulls them as they are, and lets devices edit and delete them. Their tables
	// must be ones that the devices write to. Their stamps must have IDs that no device has, such as ImportID, and
	// must not be ahead of the start of a run, 2024-03-04T12:00:00Z, by more than MaxAhead. Let one be ahead, so that the
	// kit can tell whether the clock of a [ServerWriter] observes what is stored. Each new device pulls all of
	// them, so keep them few. In the test that a failure prints, this slice is the variable stored.
	Stored []record.Record
	// Old lists the fields of the first table that have other names or values in the old version of the app. Every
	// second device, beginning with the second, then has that version, and the backend must be an OldServer. Fields has
	// the names and values of the new version. Default fields whose names mean other fields in the old version are left
	// out. Unless OnlyFields is set, devices also write fields such as title2 and Title, whose names begin with a name listed
	// here, or differ from it in case.
	// Nil means that all devices have one version. In the test that a failure prints, this slice
	// is the variable old.
	Old []OldField
	// NewClient makes a Client of yours: an empty one, with the given ID, that reads the time from wall. Wall
	// is the clock of a device, and may be wrong. Every other device, beginning with the first, is then such
	// a Client. When the device is reinstalled, the kit makes a new Client. A Client cannot be cloned or
	// restored from a backup. The server is restored only if it is a Purger, which tells Clients of the restore.
	// Nil means that all devices are the kit's own. In the test that a failure prints, this function is the variable newClient.
	NewClient func(id clock.ClientID, wall func() time.Time) Client
}

// withDefaults fills in the defaults, and returns an error for invalid Options.
func (o Options) withDefaults() (sim.Config, error) {
	o.Steps = cmp.Or(o.Steps, 300)
	o.Devices = cmp.Or(o.Devices, 4)
	tables := []string{cmp.Or(o.Table, "tasks")}
	if o.Table == "" && !o.OnlyFields { // otherwise the backend may know only that table
		tables = []string{"tasks", "notes"}
	}
	o.Table = tables[0]
	o.MaxAhead = cmp.Or(o.MaxAhead, clock.DefaultMaxAhead)
	if o.IDs == nil {
		o.IDs = defaultIDs(tables)
	}
	given := slices.Sorted(maps.Keys(o.Fields))
	old, err := o.version()
	if err != nil {
		return sim.Config{}, err
	}
	if !o.OnlyFields {
		o.Fields = o.withSimilarFields(withDefaultFields(o.Fields))
	}
	o.Fields = o.writable(old)
	d := schedule.Domain{
		Devices: o.Devices, Steps: o.Steps, MaxAhead: o.MaxAhead, Tables: tables, IDs: o.IDs,
		Names: slices.Sorted(maps.Keys(o.Fields)), Given: given, Fields: o.Fields, AnyField: !o.OnlyFields,
	}
	if err := o.check(d); err != nil {
		return sim.Config{}, err
	}
	if d.Fields, err = canonicalFields(o.Fields); err != nil {
		return sim.Config{}, err
	}
	rules := check.Rules{Domain: o.withStored(d), Refused: o.Refused, Stored: o.Stored, Old: old}
	return sim.NewConfig(rules, apps(o.NewClient)), o.checkOld(d, old)
}

// withDefaultFields returns the given fields and the default ones.
func withDefaultFields(given map[string][]string) map[string][]string {
	all := defaultFields()
	for name, values := range given {
		all[name] = slices.Concat(values, all[name])
	}
	return all
}

// withSimilarFields returns the given fields, and for each name of Old the fields that are only similar to it.
func (o Options) withSimilarFields(given map[string][]string) map[string][]string {
	var listed []string
	for _, f := range o.Old {
		listed = append(append(listed, f.Old), f.New...)
	}
	for _, name := range listed {
		for _, other := range similar(name) {
			if given[other] == nil && !slices.Contains(listed, other) {
				given[other] = []string{`"x"`, "1"}
			}
		}
	}
	return given
}

// similar returns names that a lens may confuse with a name: one that begins with it, and those that differ in case. It
// leaves out those that no field may have, for example because they are too long.
func similar(name string) (all []string) {
	first, size := utf8.DecodeRuneInString(name)
	for _, other := range []string{name + "2", string(unicode.ToUpper(first)) + name[size:], strings.ToLower(name)} {
		if isValid := (record.Key{Table: other, ID: other}).Check() == nil; isValid && other != name {
			all = append(all, other)
		}
	}
	return all
}

// seeds returns the number of runs.
func (o Options) seeds() int { return cmp.Or(o.Seeds, 100) }

// literal returns the Options that a schedule needs, as Go source.
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
	if o.OnlyFields {
		parts = append(parts, "OnlyFields: true")
	}
	if o.MaxAhead != 0 {
		parts = append(parts, "MaxAhead: "+inGo(o.MaxAhead))
	}
	if o.Refused != nil {
		parts = append(parts, "Refused: refused")
	}
	if o.Stored != nil {
		parts = append(parts, "Stored: stored")
	}
	if o.Old != nil {
		parts = append(parts, "Old: old")
	}
	if o.NewClient != nil {
		parts = append(parts, "NewClient: newClient")
	}
	return strings.Join(parts, ", ")
}

// inGo returns a duration as a person would write it in Go: 90 * time.Minute.
func inGo(d time.Duration) string {
	for _, unit := range []struct {
		name string
		is   time.Duration
	}{{"Hour", time.Hour}, {"Minute", time.Minute}, {"Second", time.Second}, {"Millisecond", time.Millisecond}} {
		if d > 0 && d%unit.is == 0 {
			return fmt.Sprintf("%d * time.%s", d/unit.is, unit.name)
		}
	}
	return strconv.FormatInt(int64(d), 10)
}
