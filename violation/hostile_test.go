package violation_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// hostile is a rule about bookings, in groups by room, that may misbehave.
type hostile struct {
	scopes func(r record.Record) ([]string, error)
	check  func(g violation.Group) (violation.Findings, error)
}

func (h hostile) Scopes(r record.Record) ([]string, error) {
	if h.scopes != nil {
		return h.scopes(r)
	}
	return overlapRule.Scopes(r)
}

func (h hostile) Check(g violation.Group) (violation.Findings, error) { return h.check(g) }

var errBroken = errors.New("out of order")

func panics(violation.Group) (violation.Findings, error) { panic("secret") }

func fails(violation.Group) (violation.Findings, error) { return violation.Findings{}, errBroken }

// honest reports the first record of each group.
func honest(g violation.Group) (f violation.Findings, err error) {
	if len(g.Records) > 0 {
		f.List = append(f.List, aFinding(g))
	}
	return f, nil
}

func aFinding(g violation.Group) violation.Finding {
	r := g.Records[0]
	return violation.Finding{Key: violation.RecordKey(r.Key()), Type: "first", Record: r.Key(), Description: "is the first record"}
}

// mutates reverses and clears the slices that it was given.
func mutates(g violation.Group) (violation.Findings, error) {
	f, err := honest(g)
	for _, records := range [][]record.Record{g.Records, g.Deleted} {
		slices.Reverse(records)
		clear(records)
	}
	return f, err
}

// returning is a rule that changes the honest finding.
func returning(change func(f *violation.Finding)) hostile {
	return hostile{check: func(g violation.Group) (f violation.Findings, err error) {
		if len(g.Records) > 0 {
			finding := aFinding(g)
			change(&finding)
			f.List = append(f.List, finding)
		}
		return f, nil
	}}
}

// broken returns rules that misbehave or cannot run.
func broken() map[string]violation.Rule {
	return map[string]violation.Rule{
		"panics in Check":  hostile{check: panics},
		"panics in Scopes": hostile{check: honest, scopes: func(record.Record) ([]string, error) { panic(nil) }},
		"fails in Check":   hostile{check: fails},
		"fails in Scopes":  hostile{check: honest, scopes: func(record.Record) ([]string, error) { return nil, errBroken }},
		"writes to a nil map": hostile{check: func(violation.Group) (violation.Findings, error) {
			var m map[int]int
			//lint:ignore SA5000 the test needs this panic
			m[1]++
			return violation.Findings{}, nil
		}},
		"names a record outside the group":    returning(func(f *violation.Finding) { f.Record = keyOf("bookings", "none") }),
		"names no record":                     returning(func(f *violation.Finding) { f.Record = record.Key{} }),
		"names records of two tables":         returning(func(f *violation.Finding) { f.Others = []record.Key{keyOf("a", "1"), keyOf("b", "1")} }),
		"names a record without a table":      returning(func(f *violation.Finding) { f.Others = []record.Key{keyOf("", "1"), keyOf("b", "1")} }),
		"description with invalid UTF-8":      returning(func(f *violation.Finding) { f.Description = "\xff" }),
		"long description with invalid UTF-8": returning(func(f *violation.Finding) { f.Description = strings.Repeat("\x80", 1<<20) }),
		"type with invalid UTF-8":             returning(func(f *violation.Finding) { f.Type = "\xff" }),
		"large total without findings":        hostile{check: func(violation.Group) (violation.Findings, error) { return violation.Findings{Total: 1000}, nil }},
		"total of one without findings":       hostile{check: func(violation.Group) (violation.Findings, error) { return violation.Findings{Total: 1}, nil }},
		"scope with invalid UTF-8":            hostile{check: honest, scopes: func(record.Record) ([]string, error) { return []string{"\xff"}, nil }},
		"with/slash":                          hostile{check: honest},
		"":                                    hostile{check: honest},
		"\xff":                                hostile{check: honest},
		"lost_edit":                           hostile{check: honest},
		"nil":                                 nil,
	}
}

// TestBrokenRuleIsReportedAndKeepsItsRows: a rule that misbehaves is reported as a RuleError.
// Its rows stay as they are, and the other rules run.
func TestBrokenRuleIsReportedAndKeepsItsRows(t *testing.T) {
	for name, rule := range broken() {
		t.Run(name, func(t *testing.T) {
			// An honest rule ran under this name before, and left a row if the name is valid.
			s := newServer(map[string]violation.Rule{name: hostile{check: honest}})
			s.push(t, book("a", by(1, 1), "B", 2, 4))
			old := s.violations(t)

			s.checker.Rules = map[string]violation.Rule{name: rule, "overlap": overlapRule, "z": hostile{check: honest}}
			report := s.push(t, book("b", by(1, 2), "B", 3, 5), book("a", by(1, 3), "B", 2, 4))
			var err *violation.RuleError
			require.ErrorAs(t, report.Err, &err)
			require.Equal(t, name, err.Rule)
			require.NotContains(t, report.Err.Error(), "secret")
			require.Equal(t, strings.Contains(name, "fails"), errors.Is(report.Err, errBroken))
			for _, v := range old {
				require.Contains(t, s.violations(t), v)
			}
			require.Subset(t, s.opened(t), []string{"overlap a: b", "z a: "})
			require.Len(t, s.violations(t), len(old)+2)

			audit := s.checker.Audit(s.all(), 0)
			require.ErrorAs(t, audit.Err, &err)
			require.Empty(t, audit.Updates)
		})
	}
}

func TestRuleMayModifyItsSlices(t *testing.T) {
	a := newServer(map[string]violation.Rule{"r": hostile{check: honest}})
	b := newServer(map[string]violation.Rule{"r": hostile{check: mutates}})
	for _, s := range []*server{a, b} {
		require.NoError(t, s.push(t, book("a", by(1, 1), "B", 2, 4), book("b", by(1, 2), "B", 2, 4), remove("bookings", "c", by(1, 1))).Err)
		require.NoError(t, s.push(t, remove("bookings", "a", by(1, 5))).Err)
	}
	require.Equal(t, a.openLines(t), b.openLines(t))
	require.Equal(t, []string{"r b: "}, b.opened(t))
}

// TestInvalidRuleIsReportedWithTheReason: a rule that cannot run is reported with the reason,
// and finds nothing.
func TestInvalidRuleIsReportedWithTheReason(t *testing.T) {
	for _, c := range []struct {
		name string
		rule violation.Rule
		want string
	}{
		{"nil", nil, `violation: rule "nil": the rule is nil: set it in Checker.Rules or remove its name`},
		{"", overlapRule, `violation: rule "": the name of the rule is empty: register it under another name`},
		{"a/b", overlapRule, `violation: rule "a/b": the name of the rule contains a slash: register it under another name`},
		{"\xff", overlapRule, `violation: rule "\xff": the name of the rule is not valid UTF-8: register it under another name`},
		{violation.LostEditRule, overlapRule, `violation: rule "lost_edit": the name is reserved for rows of lost edits: register the rule under another name`},
	} {
		s := newServer(map[string]violation.Rule{c.name: c.rule})
		report := s.push(t, book("a", by(1, 1), "B", 2, 4), book("b", by(1, 2), "B", 2, 4))
		require.EqualError(t, report.Err, c.want)
		require.Empty(t, report.Updates)
	}
	s := newServer(map[string]violation.Rule{"overlap": overlapRule})
	for n, want := range []string{"", `violation: rule "overlap", 1 scope unchecked: too large`, `violation: rule "overlap", 2 scopes unchecked: too large`} {
		var scopes []violation.Scope
		for _, room := range []string{"B", "C"}[:n] {
			scopes = append(scopes, violation.Scope{Rule: "overlap", Name: room})
		}
		view := narrow{s.view, map[string]bool{"B": true, "C": true}}
		report := s.checker.Check(context.Background(), violation.Input{View: view, Scopes: scopes})
		if n == 0 {
			require.NoError(t, report.Err)
		} else {
			require.ErrorContains(t, report.Err, want)
		}
	}
}

// TestFailingViewStoresNothing: a report contains the errors of the storage, and no rows.
func TestFailingViewStoresNothing(t *testing.T) {
	s := newServer(smallRules())
	s.push(t, book("a", by(1, 1), "B", 2, 4))
	changes := s.join([]record.Record{book("b", by(1, 2), "B", 2, 4)})
	for _, v := range []violation.View{failing{}, short{}, shortGet{s.view}} {
		report := s.checker.Check(context.Background(), violation.Input{View: v, Changes: changes})
		var err *violation.RuleError
		require.ErrorAs(t, report.Err, &err)
		require.Equal(t, "overlap", err.Rule)
		require.Empty(t, report.Updates)
		if _, ok := v.(failing); ok {
			require.ErrorIs(t, report.Err, errBroken)
		}
	}
}

type failing struct{ violation.View }

func (failing) Groups(context.Context, string, []string) ([]violation.ScopeRecords, error) {
	return nil, errBroken
}

// short and shortGet return too few answers.
type short struct{ violation.View }

func (short) Groups(context.Context, string, []string) ([]violation.ScopeRecords, error) {
	return nil, nil
}

type shortGet struct{ violation.View }

func (shortGet) Get(context.Context, []record.Key) ([]violation.Lookup, error) { return nil, nil }
