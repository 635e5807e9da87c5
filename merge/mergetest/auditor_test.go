package mergetest

import (
	"maps"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// auditing is a backend that derives a row from each record that is not deleted: the values of two of its fields.
type auditing struct {
	*importing
	skips string // the kind of writes that do not derive
}

// derived is what a disk has of the derived rows.
type derived struct {
	rows map[record.Key]string
	upTo int // the sequence number up to which all rows are derived
}

func (d *derived) copy() *derived {
	if d == nil {
		return nil
	}
	return &derived{maps.Clone(d.rows), d.upTo}
}

// derive returns the derived row of a record, or "".
func derive(r record.Record) string {
	text := ""
	for _, name := range []string{"box", "points"} {
		if v, ok := r.Get(name); ok && !v.Deleted() && !r.Deleted() {
			text += name + "=" + v.Value.JSON() + " "
		}
	}
	return text
}

// auditingBut returns a constructor of backends that derive with each write, except with one kind of writes.
func auditingBut(skips string) newBackend {
	create := importingWith(importRule{}, purgeRule{level: 2})
	return func(env *Env) (Backend, error) {
		b, err := create(env)
		if err != nil {
			return nil, err
		}
		m := b.(*importing).memory
		inner := m.wrap
		m.wrap = func(m *memory) Backend {
			if m.disk.derived == nil {
				m.disk.derived = &derived{rows: map[record.Key]string{}}
			}
			a := &auditing{inner(m).(*importing), skips}
			m.holds = func(*memory, merge.Request, merge.Answer) { a.deriveNew("push") }
			return a
		}
		return m.open(m.disk)
	}
}

// deriveNew derives the rows of the records that were written since it was last called.
func (a *auditing) deriveNew(kind string) {
	d := a.disk.derived
	for key, r := range a.disk.rows {
		if text := derive(r.Record); r.seq > d.upTo && kind != a.skips {
			if d.rows[key] = text; text == "" {
				delete(d.rows, key)
			}
		}
	}
	d.upTo = a.disk.seq
}

func (a *auditing) Write(key record.Key, field string, v record.Value) error {
	err := a.importing.Write(key, field, v)
	a.deriveNew("write")
	return err
}

func (a *auditing) Import(id clock.ClientID, rows []ImportRow) error {
	err := a.importing.Import(id, rows)
	a.deriveNew("import")
	return err
}

func (a *auditing) Erase(key record.Key, at clock.Stamp) (clock.Stamp, error) {
	at, err := a.importing.Erase(key, at)
	a.deriveNew("erase")
	return at, err
}

func (a *auditing) Audit() (changed []record.Key, err error) {
	now := map[record.Key]string{}
	for key, r := range a.disk.rows {
		if text := derive(r.Record); text != "" {
			now[key] = text
		}
	}
	all := maps.Clone(now)
	maps.Copy(all, a.disk.derived.rows)
	for key := range all {
		if now[key] != a.disk.derived.rows[key] {
			changed = append(changed, record.Key{Table: "derived", ID: key.ID})
		}
	}
	a.disk.derived.rows = now
	return changed, nil
}

// TestAuditorsAreAudited checks that a backend which derives with each write passes, and that each kind of write
// that skips the rules is found.
func TestAuditorsAreAudited(t *testing.T) {
	t.Parallel()
	r, err := examine(auditingBut(""), some(Options{Seeds: 12}))
	if err != nil || r.counts["audits"] == 0 {
		t.Error(err, r.counts)
	}
	var tests []broken
	for _, kind := range []string{"push", "write", "import", "erase"} {
		tests = append(tests, broken{"rules are skipped: " + kind, auditingBut(kind), []law.Law{law.Derived}})
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.check(t, Options{}) })
	}
}
