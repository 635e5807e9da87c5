package mergetest

import (
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/imports"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// sharingImporter is a backend with buckets that imports.
type sharingImporter struct {
	*sharer
	importing *importing
}

func (s *sharingImporter) Import(id clock.ClientID, rows []ImportRow) error {
	return s.importing.Import(id, rows)
}

func (s *sharingImporter) Erase(key record.Key, at clock.Stamp) (clock.Stamp, error) {
	return s.importing.Erase(key, at)
}

// sharingImports returns a constructor of backends with buckets that import. Stores stores what is imported.
func sharingImports(stores func(d *disk, r record.Record)) newBackend {
	create := sharing(shareRule{purgeRule: purgeRule{level: 2, asks: func(_ *purger, r *merge.Request) { r.Imports = []clock.ClientID{ImportID()} }}})
	return func(env *Env) (Backend, error) {
		b, err := create(env)
		if err != nil {
			return nil, err
		}
		m := b.(*sharer).memory
		inner := m.wrap
		m.wrap = func(m *memory) Backend {
			if m.disk.imported == nil {
				m.disk.imported = &imported{ledgers: map[record.Key]imports.Ledger{}}
			}
			s := inner(m).(*sharer)
			rule := importRule{plan: imports.Run.Plan, stores: stores, keeps: func(d *disk) *imported { return d.imported }}
			return &sharingImporter{s, &importing{s.purger, rule}}
		}
		return m.open(m.disk)
	}
}

// withoutDepartures stores a record, and tells no one that it left a bucket.
func withoutDepartures(d *disk, r record.Record) {
	d.shares.noDepartures = true
	d.put(r)
	d.shares.noDepartures = false
}

// unlogged stores a record, but not in the logs of its buckets.
func unlogged(d *disk, r record.Record) {
	logs := d.shares
	d.shares = nil
	d.put(r)
	d.shares = logs
}

// TestImportsThatMoveRecords checks that the kit finds mistakes of imports that put records into other buckets, and that
// a correct backend passes.
func TestImportsThatMoveRecords(t *testing.T) {
	checkAll(t, []broken{
		{"an import stores no departures", sharingImports(withoutDepartures), []law.Law{law.Keeps}},
		{"an import logs nothing in buckets", sharingImports(unlogged), []law.Law{law.ImportWrites, law.Lacks}},
	}, func(t *testing.T, b broken) { b.check(t, Options{}) })
	Run(t, sharingImports((*disk).put), some(Options{Seeds: 12}))
}
