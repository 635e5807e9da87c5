package mergetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/record"
)

// at returns a write of a client, stamped some time before the start of a run.
func at(value string, before time.Duration, client clock.ClientID) record.FieldValue {
	v, err := record.ParseValue([]byte(value))
	if value == "deleted" {
		v, err = record.Deletion(), nil
	}
	if err != nil {
		panic(err)
	}
	return record.FieldValue{Value: v, Stamp: clock.Stamp{Time: clock.TimestampOf(schedule.Start().Add(-before)), Client: client}}
}

// oldRecords are what a store may have after an import and a migration: rows that only an import has written,
// rows of old clients with a tombstone, and a deleted record.
func oldRecords() []record.Record {
	imported := record.FieldValue{Value: record.Int(3), Stamp: clock.Stamp{Time: 2, Client: ImportID()}}
	old, day := oldClient(), 24*time.Hour
	return []record.Record{
		check.RecordOf(record.Key{Table: "tasks", ID: "row"}, map[string]record.FieldValue{"points": imported, "box": imported}),
		check.RecordOf(record.Key{Table: "tasks", ID: "row 2"}, map[string]record.FieldValue{"points": imported, "box": at("1", day, old)}),
		check.RecordOf(record.Key{Table: "notes", ID: "old"}, map[string]record.FieldValue{"box": at("deleted", 90*day, old), "7": at("null", day, old)}),
		check.RecordOf(record.Key{Table: "tasks", ID: "gone"}, map[string]record.FieldValue{record.DeletedField: at("true", 0, old), "box": at("2", day, old)}),
	}
}

// oldClient returns the ID of a client from before the migration.
func oldClient() clock.ClientID { return clock.ClientID{0x0a, 6: 0x40, 8: 0x80, 15: 0x0d} }

// filled returns a constructor of backends whose disk has the old records.
func filled(m memory, change func(*disk)) newBackend {
	m.asks = func(r *merge.Request) { r.Imports = []clock.ClientID{ImportID()} }
	return func(env *Env) (Backend, error) {
		m.env = env
		d := newDisk()
		for _, r := range oldRecords() {
			d.put(r)
		}
		if change != nil {
			change(d)
		}
		return m.open(d)
	}
}

// unnumbered gives a row no sequence number.
func unnumbered(d *disk) {
	key := oldRecords()[1].Key()
	d.rows[key] = row{d.rows[key].Record, 0}
}

// restamped stamps all rows with the time of the migration.
func restamped(d *disk) {
	for key, r := range d.rows {
		fields := maps.Collect(r.All())
		for name, v := range fields {
			fields[name] = record.FieldValue{Value: v.Value, Stamp: clock.Stamp{Time: clock.TimestampOf(schedule.Start()), Client: ImportID()}}
		}
		d.rows[key] = row{check.RecordOf(key, fields), r.seq}
	}
}

// missing leaves out a row.
func missing(d *disk) { delete(d.rows, oldRecords()[0].Key()) }

// unfound does not find the rows of the migration when a push loads them, so each edit replaces one.
func unfound(m *memory, s *merge.Stored) {
	for i, r := range s.Records {
		for _, old := range oldRecords() {
			if r.Equal(old) {
				s.Records[i] = record.New(r.Key())
			}
		}
	}
}

// comparing returns a backend that decides each comparison with a write from before the migration in the same way, as
// comparisons with NULL are decided.
func comparing(oldWins bool) newBackend {
	q := quirks{marks: true, wins: func(old, in record.FieldValue) bool {
		if old.Stamp.Client == oldClient() {
			return !oldWins
		}
		return rightly(old, in)
	}, stores: plainly}
	return filled(memory{wrap: func(m *memory) Backend { return &quirky{m, q} }}, nil)
}

// ahead returns a record with a write that a fast clock stamped.
func ahead() []record.Record {
	return []record.Record{check.RecordOf(record.Key{Table: "tasks", ID: "ahead"}, map[string]record.FieldValue{
		"points": at("10", -4*time.Minute, oldClient()), "box": at("1", 24*time.Hour, oldClient()),
	})}
}

// TestClockOfFilledStoreIsChecked checks that the kit finds a server whose first process has a clock that does not
// observe what the store has, and that a correct server passes.
func TestClockOfFilledStoreIsChecked(t *testing.T) {
	t.Parallel()
	starts := func(observes bool) newBackend {
		return func(env *Env) (Backend, error) {
			m := memory{env: env}
			d := newDisk()
			d.put(ahead()[0])
			b, err := m.open(d)
			if !observes {
				b.(*memory).clock, err = clock.New(clock.Options{Now: env.Now, MaxAhead: -1})
			}
			return b, err
		}
	}
	o := Options{Stored: ahead(), Seeds: 10} // few, because with luck any early write of the server shows it
	broken{"deaf", starts(false), []law.Law{law.ServerClock}}.check(t, o)
	o.Seeds = int(5 * rounds(4))
	Run(t, starts(true), o)
}

// brokenStored returns backends that do not cope with what they stored at first.
func brokenStored() []broken {
	return []broken{
		{"a row from before has no sequence number", filled(memory{}, unnumbered), []law.Law{law.Filled}},
		{"the rows from before are stamped again", filled(memory{}, restamped), []law.Law{law.Filled}},
		{"a row from before is missing", filled(memory{}, missing), []law.Law{law.Filled}},
		{"pushes do not find the rows from before", filled(memory{finds: unfound}, nil), []law.Law{law.Vanish, law.Stays, law.Outcome, law.Tombstone}},
		{"no write wins over a row without a stamp", comparing(true), []law.Law{law.Later, law.Stays, law.Tombstone, law.Four}},
		{"each write wins over a row without a stamp", comparing(false), []law.Law{law.Later, law.Stays}},
	}
}

func TestBrokenBackendsWithStoredRecordsAreFound(t *testing.T) {
	checkAll(t, brokenStored(), func(t *testing.T, b broken) { b.check(t, Options{Stored: oldRecords()}) })
}

// TestRunsStartFromStoredRecords checks correct backends that store records at first, and that each edits them.
func TestRunsStartFromStoredRecords(t *testing.T) {
	t.Parallel()
	o := Options{Stored: oldRecords(), Seeds: int(5 * rounds(4))}
	r, err := examine(filled(memory{}, nil), o)
	if err != nil || r.counts[check.EditOfStored] == 0 {
		t.Fatal(err, r.counts)
	}
	if slices.ContainsFunc(r.untested, func(text string) bool { return strings.HasPrefix(text, "a store that is filled") }) {
		t.Error(r.untested)
	}
	if text := o.literal(); text != "Stored: stored" {
		t.Error(text)
	}
}

// TestStoredRecordsMayBeLarge checks that a record larger than the limits of a push is pulled and edited.
func TestStoredRecordsMayBeLarge(t *testing.T) {
	t.Parallel()
	fields := map[string]record.FieldValue{}
	for i := range 10_500 {
		fields[fmt.Sprint("f", i)] = at("1", time.Hour, ImportID())
	}
	large := check.RecordOf(record.Key{Table: "tasks", ID: "large"}, fields)
	steps := []string{"ana pulls", "ana edits large f1=2", "ana pushes", "ben edits large f1=3", "ben pushes"}
	err := replay(func(env *Env) (Backend, error) {
		m := memory{env: env}
		d := newDisk()
		d.put(large)
		return m.open(d)
	}, Schedule{Options: Options{Stored: []record.Record{large}}, Steps: steps})
	if err != nil {
		t.Error(err)
	}
}

func TestInvalidStoredRecordsAreRefused(t *testing.T) {
	key := record.Key{Table: "tasks", ID: "a"}
	one := func(key record.Key, v record.FieldValue) []record.Record {
		return []record.Record{check.RecordOf(key, map[string]record.FieldValue{"x": v})}
	}
	for name, o := range map[string]Options{
		"a table of no device":   {Stored: one(record.Key{Table: "other", ID: "a"}, at("1", 0, ImportID()))},
		"no field":               {Stored: []record.Record{record.New(key)}},
		"a record twice":         {Stored: append(one(key, at("1", 0, ImportID())), one(key, at("2", 0, ImportID()))...)},
		"a stamp of a device":    {Stored: one(key, at("1", 0, schedule.ClientID(0, 0)))},
		"a stamp in the future":  {Stored: one(key, at("1", -time.Hour, ImportID()))},
		"an ID of another table": {Stored: one(record.Key{Table: "tasks", ID: "notes:a"}, at("1", 0, ImportID()))},
	} {
		if _, err := o.withDefaults(); err == nil || !strings.Contains(err.Error(), "Options.Stored has a record") {
			t.Errorf("%s: %v", name, err)
		}
	}
	more := func(d *disk) { d.put(check.RecordOf(key, map[string]record.FieldValue{"box": at("1", 0, ImportID())})) }
	err := Check(filled(memory{}, more), Options{Stored: oldRecords()})
	if err == nil || !strings.Contains(err.Error(), "more than Options.Stored") {
		t.Error(err)
	}
}
