package mergetest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
)

// Options say what is run, and what the devices write. The zero Options suit a backend that
// accepts any table and any field. The maps and slices are only read.
type Options struct {
	// Seeds is the number of runs. 0 means 100.
	Seeds int
	// First is the seed of the first run. The next run has the next seed, and so on.
	First uint64
	// Steps is the number of steps in each run. 0 means 300; 1,200 take about thirty days of
	// virtual time.
	Steps int
	// Devices is the number of devices, from 1 to 8. 0 means 4.
	Devices int
	// Table is the table that the devices write to. Empty means tasks, and if Fields is nil as well,
	// also one record of a second one, notes, with an ID that is in tasks too.
	Table string
	// IDs are the IDs of the records. Each run writes only two or three of them, so that edits
	// meet. Nil means some that databases confuse or cut: a and A, one with a space at its end, and
	// one that is 200 characters long.
	IDs []string
	// Fields has the fields that the devices write, and for each the values that it can be given,
	// as JSON. Half of the runs write three of the fields only, and half four values of each. Nil
	// means names and values that databases and code confuse, cut or change: what looks empty,
	// numbers that no float64 or no int can hold, texts that look like numbers or differ in case
	// only, long ones, lists and objects that could be merged, and other forms of Unicode.
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
func (o Options) withDefaults() (domain, error) {
	o.Seeds = cmp.Or(o.Seeds, 100)
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
	if o.Fields == nil {
		o.Fields = defaultFields()
	}
	d := domain{Options: o, tables: tables, names: slices.Sorted(maps.Keys(o.Fields))}
	if err := d.check(); err != nil {
		return d, err
	}
	err := d.parseFields()
	return d, err
}

// defaultIDs are IDs that some databases confuse or cut: by case, by spaces at the end, by length,
// and by table.
func defaultIDs(tables []string) []string {
	ids := []string{"a", "A", "a ", strings.Repeat("long", 50)}
	for _, table := range tables[1:] {
		ids = append(ids, table+":a")
	}
	return ids
}

// defaultFields are fields and values that some databases and some code confuse: what looks empty,
// numbers that are no float64 or no integer, a text that looks like a number, texts that differ in
// case, normal form or line ends only, and what could be merged though it must not be. What is most
// alike stands together, since values are drawn together.
func defaultFields() map[string][]string {
	return map[string][]string{
		"points":      {"10", "9", "10000000000000001", "0", "0.125"},
		"tag/e":       {`""`, "null", `" < "`, `" A` + strings.Repeat("long", 75) + `"`},
		"tag/É":       {"true", "false", `{"<é>":[2.5,"x"]}`, `{"a":{},"b":[9007199254740993,[]]}`, `"10"`},
		"tag/E\u0301": {"[]", "[1]", "[2]", "{}"},

		strings.Repeat("long", 20) + "e\u0301 ": {`"x"`, `"X"`, `"\uFF5E"`, `"😀e\u0301\r\n"`},
	}
}

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
