package violation_test

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// server is a backend: its stored records, each with a sequence, and its rules.
type server struct {
	checker *violation.Checker
	view    *violation.Memory
	records map[record.Key]record.Record // data and rows
	seq     map[record.Key]int
	last    int
	now     clock.Timestamp
}

func newServer(rules map[string]violation.Rule) *server {
	return serverOf(&violation.Checker{Rules: rules})
}

func serverOf(c *violation.Checker) *server {
	return &server{checker: c, view: violation.NewMemory(c), records: map[record.Key]record.Record{}, seq: map[record.Key]int{}}
}

// get returns the stored record of a key.
func (s *server) get(key record.Key) record.Record {
	if r, ok := s.records[key]; ok {
		return r
	}
	return record.New(key)
}

// store stores the new versions of records, each with a new sequence.
func (s *server) store(updates []merge.Update) {
	for _, u := range updates {
		s.last++
		key := u.After.Key()
		s.records[key], s.seq[key] = u.After, s.last
		s.view.Put(u.After)
	}
}

// join returns the updates that result from joining writes to the stored records.
func (s *server) join(writes []record.Record) []merge.Update {
	after := map[record.Key]record.Record{}
	for _, w := range writes {
		before, ok := after[w.Key()]
		if !ok {
			before = s.get(w.Key())
		}
		after[w.Key()], _ = merge.Records(before, w)
	}
	var updates []merge.Update
	for _, key := range slices.SortedFunc(maps.Keys(after), record.Key.Compare) {
		if before := s.get(key); !before.Equal(after[key]) {
			updates = append(updates, merge.Update{Before: before, After: after[key]})
		}
	}
	return updates
}

// push joins, checks and stores writes in one call, as the package documentation describes.
func (s *server) push(t require.TestingT, writes ...record.Record) violation.Report {
	return s.take(t, s.join(writes))
}

// take checks and stores updates. It also checks the properties that every report must have.
func (s *server) take(t require.TestingT, updates []merge.Update, more ...violation.Scope) violation.Report {
	in := violation.Input{View: s.view, Changes: updates, Scopes: more, Now: s.now}
	report := s.checker.Check(context.Background(), in)
	after := map[record.Key]record.Record{}
	for _, u := range updates {
		after[u.After.Key()] = u.After
	}
	for i, u := range report.Updates {
		key := u.After.Key()
		before, changed := after[key]
		if !changed {
			before = s.get(key)
		}
		require.True(t, u.Before.Equal(before), "the Before of an update must be the record before the update")
		require.False(t, u.After.Equal(u.Before), "an update must change something")
		require.True(t, i == 0 || report.Updates[i-1].After.Key().Compare(key) < 0, "updates must be sorted by key")
	}
	s.store(updates)
	s.store(report.Updates)
	s.requirePlaced(t)
	return report
}

// audit audits everything and stores the result.
func (s *server) audit(t require.TestingT) violation.Report {
	report := s.checker.Audit(s.all(), s.now)
	require.NoError(t, report.Err)
	s.store(report.Updates)
	s.requirePlaced(t)
	return report
}

func (s *server) all() merge.Collection {
	return merge.Collect(slices.Collect(maps.Values(s.records))...)
}

// data returns the records that are not rows.
func (s *server) data() []record.Record {
	var data []record.Record
	for r := range s.all().All() {
		if r.Key().Table != violation.DefaultTable {
			data = append(data, r)
		}
	}
	return data
}

// violations returns the parsed rows, sorted by ID.
func (s *server) violations(t require.TestingT) []violation.Violation {
	var all []violation.Violation
	for r := range s.all().All() {
		if r.Key().Table == violation.DefaultTable {
			v, err := violation.Parse(r)
			require.NoError(t, err)
			all = append(all, v)
		}
	}
	return all
}

// with returns the violations whose status at the time s.now is the given one.
func (s *server) with(t require.TestingT, status violation.Status) []violation.Violation {
	return slices.DeleteFunc(s.violations(t), func(v violation.Violation) bool { return v.StatusAt(s.now) != status })
}

// only checks that there is exactly one row, and returns it parsed.
func (s *server) only(t require.TestingT) violation.Violation {
	all := s.violations(t)
	require.Len(t, all, 1)
	return all[0]
}

// row returns the stored row of a violation.
func (s *server) row(id string) record.Record { return s.get(keyOf(violation.DefaultTable, id)) }

// openLines returns the stored bytes of the open rows.
func (s *server) openLines(t require.TestingT) string {
	var rows []record.Record
	for _, v := range s.with(t, violation.Open) {
		rows = append(rows, s.row(v.ID))
	}
	return string(merge.Collect(rows...).AppendLines(nil))
}

// names returns the rule and the records of a violation, for comparisons.
func names(v violation.Violation) string {
	return v.Rule + " " + v.RecordID + ": " + strings.Join(v.Conflicting, ",")
}

// opened returns the names of the open rows, sorted.
func (s *server) opened(t require.TestingT) []string {
	all := []string{}
	for _, v := range s.with(t, violation.Open) {
		all = append(all, names(v))
	}
	slices.Sort(all)
	return all
}
