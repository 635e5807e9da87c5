package violationtest_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
	"github.com/fieldlww/fieldlww/violation/violationtest"
)

func memory(c *violation.Checker, records []record.Record) (violation.View, error) {
	m := violation.NewMemory(c)
	for _, r := range records {
		m.Put(r)
	}
	return m, nil
}

func TestMemoryPassesTestView(t *testing.T) {
	if err := violationtest.TestView(memory); err != nil {
		t.Fatal(err)
	}
}

// broken is a view with one typical fault.
type broken struct {
	violation.View
	groups func(rule string, names []string, answer []violation.ScopeRecords) []violation.ScopeRecords
	get    func(keys []record.Key, answer []violation.Lookup) []violation.Lookup
}

func (b broken) Groups(ctx context.Context, rule string, names []string) ([]violation.ScopeRecords, error) {
	answer, err := b.View.Groups(ctx, rule, names)
	if b.groups != nil {
		answer = b.groups(rule, names, answer)
	}
	return answer, err
}

func (b broken) Get(ctx context.Context, keys []record.Key) ([]violation.Lookup, error) {
	answer, err := b.View.Get(ctx, keys)
	if b.get != nil {
		answer = b.get(keys, answer)
	}
	return answer, err
}

// each returns a view that changes the answer for each scope.
func each(change func(m *violation.ScopeRecords)) broken {
	return broken{groups: func(_ string, _ []string, answer []violation.ScopeRecords) []violation.ScopeRecords {
		for i := range answer {
			change(&answer[i])
		}
		return answer
	}}
}

// eachFound returns a view that changes the answer for each key.
func eachFound(change func(f *violation.Lookup)) broken {
	return broken{get: func(_ []record.Key, answer []violation.Lookup) []violation.Lookup {
		for i := range answer {
			change(&answer[i])
		}
		return answer
	}}
}

// faults returns faulty views, each with a part of the error that it should cause.
func faults() map[string]broken {
	return map[string]broken{
		"it is deleted": each(func(m *violation.ScopeRecords) { m.Records = slices.DeleteFunc(m.Records, record.Record.Deleted) }),
		"row":           each(func(m *violation.ScopeRecords) { m.Rows = nil }),
		"was not read":  each(func(m *violation.ScopeRecords) { m.Err = violation.ErrTooLarge }),
		"is partial":    each(func(m *violation.ScopeRecords) { m.Partial = true }),
		"twice":         each(func(m *violation.ScopeRecords) { m.Records = append(m.Records, m.Records...) }),
		"answers to": {groups: func(_ string, names []string, answer []violation.ScopeRecords) []violation.ScopeRecords {
			return answer[:len(set(names))] // one for each distinct question
		}},
		"does not belong": {groups: func(_ string, names []string, answer []violation.ScopeRecords) []violation.ScopeRecords {
			slices.Reverse(answer)
			return answer
		}},
		"5000": {groups: func(_ string, names []string, answer []violation.ScopeRecords) []violation.ScopeRecords {
			return answer[:min(len(answer), 999)]
		}},
		"is unknown": eachFound(func(f *violation.Lookup) { f.Unknown = f.Record.Len() == 0 }),
		"is missing": eachFound(func(f *violation.Lookup) {
			if f.Record.Deleted() {
				f.Record = record.New(f.Record.Key())
			}
		}),
		"another record": {get: func(keys []record.Key, answer []violation.Lookup) []violation.Lookup {
			slices.SortFunc(answer, func(a, b violation.Lookup) int { return a.Record.Key().Compare(b.Record.Key()) })
			return answer
		}},
	}
}

func set(names []string) map[string]bool {
	s := map[string]bool{}
	for _, name := range names {
		s[name] = true
	}
	return s
}

func TestFaultsAreFound(t *testing.T) {
	for i, part := range slices.Sorted(maps.Keys(faults())) {
		if testing.Short() && i%2 != 0 {
			continue
		}
		fault := faults()[part]
		err := violationtest.TestView(func(c *violation.Checker, records []record.Record) (violation.View, error) {
			fault.View, _ = memory(c, records)
			return fault, nil
		})
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%q: %v", part, err)
			continue
		}
		if lines := strings.Count(err.Error(), "\nviolationtest: "); lines > 9 {
			t.Errorf("%q: %d more differences", part, lines)
		}
	}
}

// TestFaultyStorageIsFound: TestView detects storage that does not store every record as
// given.
func TestFaultyStorageIsFound(t *testing.T) {
	lower := func(r record.Record) record.Record {
		return r.WithKey(record.Key{Table: strings.ToLower(r.Key().Table), ID: r.Key().ID})
	}
	for name, store := range map[string]func(records []record.Record) []record.Record{
		"the first version stays": func(records []record.Record) []record.Record { slices.Reverse(records); return records },
		"nothing is stored":       func([]record.Record) []record.Record { return nil },
		"table names are folded to lower case": func(records []record.Record) []record.Record {
			for i, r := range records {
				records[i] = lower(r)
			}
			return records
		},
	} {
		err := violationtest.TestView(func(c *violation.Checker, records []record.Record) (violation.View, error) {
			return memory(c, store(slices.Clone(records)))
		})
		if err == nil {
			t.Error(name)
		}
	}
}

// keeping is a view whose index keeps the former scopes of a record.
type keeping struct {
	violation.View
	olds map[string][]record.Record // by rule and scope
	now  map[record.Key]record.Record
}

func (k keeping) Groups(ctx context.Context, rule string, names []string) ([]violation.ScopeRecords, error) {
	answer, err := k.View.Groups(ctx, rule, names)
	for i, name := range names {
		members := map[record.Key]record.Record{}
		for _, r := range append(k.olds[rule+"/"+name], answer[i].Records...) {
			members[r.Key()] = k.now[r.Key()]
		}
		answer[i].Records = slices.Collect(maps.Values(members))
	}
	return answer, err
}

func TestIndexThatKeepsClosedRowsIsFound(t *testing.T) {
	err := violationtest.TestView(func(c *violation.Checker, records []record.Record) (violation.View, error) {
		m, _ := memory(c, records)
		rows := map[string][]record.Record{}
		for _, r := range records {
			if v, err := violation.Parse(r); err == nil && v.Status == violation.Resolved {
				rows[v.Rule+"/"+v.Scope] = append(rows[v.Rule+"/"+v.Scope], r)
			}
		}
		return broken{View: m, groups: func(rule string, names []string, answer []violation.ScopeRecords) []violation.ScopeRecords {
			for i, name := range names {
				answer[i].Rows = append(answer[i].Rows, rows[rule+"/"+name]...)
			}
			return answer
		}}, nil
	})
	if err == nil || !strings.Contains(err.Error(), "does not belong to the scope") {
		t.Fatal(err)
	}
}

// TestIndexWithoutRowsAboutARecordIsFound: with Buckets, a view must find closed rows by the record
// that they are about.
func TestIndexWithoutRowsAboutARecordIsFound(t *testing.T) {
	err := violationtest.TestView(func(c *violation.Checker, records []record.Record) (violation.View, error) {
		m, _ := memory(c, records)
		return broken{View: m, groups: func(rule string, _ []string, answer []violation.ScopeRecords) []violation.ScopeRecords {
			for i := range answer {
				answer[i].Rows = slices.DeleteFunc(answer[i].Rows, func(row record.Record) bool {
					v, _ := violation.Parse(row)
					return rule == violation.BucketsRule && v.Status != violation.Open
				})
			}
			return answer
		}}, nil
	})
	if err == nil || !strings.Contains(err.Error(), "is missing") || !strings.Contains(err.Error(), violation.BucketsRule) {
		t.Fatal(err)
	}
}

func TestIndexThatKeepsFormerScopesIsFound(t *testing.T) {
	err := violationtest.TestView(func(c *violation.Checker, records []record.Record) (violation.View, error) {
		m, _ := memory(c, records)
		k := keeping{m, map[string][]record.Record{}, map[record.Key]record.Record{}}
		for _, r := range records {
			k.now[r.Key()] = r
			for name, rule := range c.Rules {
				scopes, _ := rule.Scopes(r)
				for _, scope := range scopes {
					k.olds[name+"/"+scope] = append(k.olds[name+"/"+scope], r)
				}
			}
		}
		return k, nil
	})
	if err == nil || !strings.Contains(err.Error(), "does not belong to the scope") {
		t.Fatal(err)
	}
}

// TestViewOfAcceptsOwnRulesAndRecords: an application may test a view with its own rules and
// records.
func TestViewOfAcceptsOwnRulesAndRecords(t *testing.T) {
	email := violation.Unique{Table: "users", Fields: []string{"email"}}
	c := &violation.Checker{Rules: map[string]violation.Rule{"email": email}, Table: "alerts"}
	var users []record.Record
	for i, address := range []string{"ana@", "ben@", "ana@"} {
		stamp := clock.Stamp{Time: clock.MustParseTimestamp("2026-03-02T12:00:00Z"), Client: clock.ClientID{1}}
		m, err := record.New(record.Key{Table: "users", ID: strconv.Itoa(i)}).Edit(stamp).Set("email", address).Mutation()
		if err != nil {
			t.Fatal(err)
		}
		users = append(users, m.Data)
	}
	if err := violationtest.TestViewOf(c, users, memory); err != nil {
		t.Error(err)
	}
	err := violationtest.TestViewOf(c, users, func(c *violation.Checker, records []record.Record) (violation.View, error) {
		fault := faults()["row"]
		fault.View, _ = memory(c, records)
		return fault, nil
	})
	if err == nil || !strings.Contains(err.Error(), "row") {
		t.Error(err)
	}
	if err := violationtest.TestViewOf(c, nil, memory); err != nil {
		t.Error("nothing is stored:", err)
	}
}

func TestErrorsOfTheStorageAreReturned(t *testing.T) {
	down := errors.New("down")
	err := violationtest.TestView(func(*violation.Checker, []record.Record) (violation.View, error) { return nil, down })
	if !errors.Is(err, down) {
		t.Error(err)
	}
	err = violationtest.TestView(func(*violation.Checker, []record.Record) (violation.View, error) { return failing{down}, nil })
	if !errors.Is(err, down) {
		t.Error(err)
	}
}

type failing struct{ err error }

func (f failing) Groups(context.Context, string, []string) ([]violation.ScopeRecords, error) {
	return nil, f.err
}

func (f failing) Get(context.Context, []record.Key) ([]violation.Lookup, error) { return nil, f.err }
