package mergetest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/sim"
)

// Options say what is run, and what the devices write. The zero Options suit a backend that
// accepts any table and any field. The maps and slices are only read.
type Options struct {
	// Seeds is the number of runs. 0 means 100.
	Seeds int
	// First is the seed of the first run. The next run has the next seed, and so on.
	First uint64
	// Steps is the number of steps in each run. 0 means 300; 1,200 take about thirty days of
	// virtual time, and in some runs 40 or 400 more.
	Steps int
	// Devices is the number of devices, from 1 to 8. 0 means 4.
	Devices int
	// Table is the table that the devices write to. Empty means tasks, and if Fields is nil as well,
	// also one record of a second one, notes, with an ID that is in tasks too.
	Table string
	// IDs are the IDs of the records. Each run writes two to four of them, so that edits meet; they
	// are neighbors in this list, so put next to each other what might be confused. Nil means IDs
	// that databases and code confuse, cut or change: IDs that differ in case, spaces, wildcards,
	// escapes, separators or normal form, that look like numbers, or have 1,000 characters.
	IDs []string
	// Fields has the fields that the devices write, and for each the values that it can be given,
	// as JSON. Half of the runs write three fields with similar names only, and half up to four
	// values of each, which are neighbors in its list. Nil means names and values that databases and
	// code confuse, cut or change: names like the IDs above, values that look empty, numbers that no
	// float64 or no integer can hold, texts that look like numbers or formats or differ in case only,
	// long texts, lists and objects that could be merged, and other forms of Unicode. Only then do
	// some records grow past the default record.Limits, by fields named grown00001 and so on.
	Fields map[string][]string
	// MaxAhead is how far a stamp may be ahead of the server's clock, as in merge.Engine. 0 means
	// clock.DefaultMaxAhead. A negative value means that there is no bound.
	MaxAhead time.Duration
	// Refused has writes that the backend must refuse for good, so that its limits and its guard
	// are tested: for each code of a refusal, some fields with a value each, as JSON. Give what
	// exceeds a limit (merge.LimitExceeded), and what no device may write (merge.Forbidden, or a
	// code of your own). Nil means that this is not tested. The source of a failing test calls it
	// refused.
	Refused map[merge.Code]map[string]string
	// NewClient makes a Client of yours, which is empty, has that ID, and reads the time from
	// wall; that is the clock of a device, and may be wrong. Every other device, beginning with
	// the first, is then such a Client; it is made anew when the device is reinstalled. A Client
	// cannot be cloned or restored from a backup, and the server is not restored either. Nil
	// means that all devices are the kit's own. The source of a failing test calls it newClient.
	NewClient func(id clock.ClientID, wall func() time.Time) Client
}

// withDefaults fills in what is left out, and refuses what makes no sense.
func (o Options) withDefaults() (sim.Config, error) {
	o.Steps = cmp.Or(o.Steps, 300)
	o.Devices = cmp.Or(o.Devices, 4)
	tables := []string{cmp.Or(o.Table, "tasks")}
	if o.Table == "" && o.Fields == nil { // else only that table may be known
		tables = []string{"tasks", "notes"}
	}
	o.Table = tables[0]
	o.MaxAhead = cmp.Or(o.MaxAhead, clock.DefaultMaxAhead)
	if o.IDs == nil {
		o.IDs = defaultIDs(tables)
	}
	anyField := o.Fields == nil
	if anyField {
		o.Fields = defaultFields()
	}
	d := schedule.Domain{
		Devices: o.Devices, Steps: o.Steps, MaxAhead: o.MaxAhead, Tables: tables, IDs: o.IDs,
		Names: slices.Sorted(maps.Keys(o.Fields)), Fields: o.Fields, AnyField: anyField,
	}
	if err := o.check(d); err != nil {
		return sim.Config{}, err
	}
	var err error
	d.Fields, err = canonicalFields(o.Fields)
	return sim.NewConfig(d, o.Refused, apps(o.NewClient)), err
}

// seeds is the number of runs.
func (o Options) seeds() int { return cmp.Or(o.Seeds, 100) }

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
		parts = append(parts, "MaxAhead: "+inGo(o.MaxAhead))
	}
	if o.Refused != nil {
		parts = append(parts, "Refused: refused")
	}
	if o.NewClient != nil {
		parts = append(parts, "NewClient: newClient")
	}
	return strings.Join(parts, ", ")
}

// inGo returns a duration as a person would write it in Go.
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
