package violation_test

import (
	"context"
	"fmt"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// oneLead is a custom rule: each team has at most one lead. A group holds the leads of one
// team.
type oneLead struct{}

func (oneLead) Scopes(r record.Record) ([]string, error) {
	w, ok := r.Get("leads")
	if r.Key().Table != "people" || r.Deleted() || !ok || w.Deleted() || w.Value.Kind() == record.KindNull {
		return nil, nil
	}
	team, ok := w.Value.Text()
	if !ok {
		return nil, violation.ErrUnknown // the value may be encrypted
	}
	return []string{team}, nil
}

func (oneLead) Check(g violation.Group) (f violation.Findings, err error) {
	for i, r := range g.Records { // records that are not deleted, sorted by key
		for _, other := range g.Records[:i] {
			newer, older := violation.Newest(r, other, "leads")
			f.List = append(f.List, violation.Finding{
				Key: violation.PairKey(r.Key(), other.Key()), Type: "two_leads", Fields: []string{"leads"},
				Record: newer.Key(), Others: []record.Key{older.Key()}, Description: g.Scope + " has another lead",
			})
		}
	}
	return f, nil
}

// A rule names the groups of a record, and finds the violations in one group.
func ExampleRule() {
	checker := &violation.Checker{Rules: map[string]violation.Rule{"one_lead": oneLead{}}}
	everybody := merge.Collect(
		write("people", "ana", by(1, 1), fields{"leads": "Blue"}),
		write("people", "ben", by(2, 2), fields{"leads": "Blue"}),
		write("people", "cem", by(3, 3), fields{"leads": "Red"}),
	)
	for _, u := range checker.Audit(everybody, 0).Updates {
		v, _ := violation.Parse(u.After)
		fmt.Println(v.Type, v.RecordID, v.Conflicting, v.Description)
	}
	// Output:
	// two_leads ben [ana] Blue has another lead
}

// A Guard lets clients acknowledge a violation, but not resolve it: only a change to the
// records that it is about resolves it.
func ExampleGuard() {
	view, updates := doubleBooked()
	report := meetings.Check(context.Background(), violation.Input{View: view, Changes: updates})
	row := report.Updates[0].After

	engine := merge.Engine{Guard: violation.Guard(violation.DefaultTable, nil)}
	push := func(field string, v any) {
		m, err := row.Edit(by(1, 0)).Set(field, v).Mutation()
		if err != nil {
			panic(err)
		}
		push := engine.Prepare(merge.Request{Actor: by(1, 0).Client, Wall: at(13), Items: []record.Item{{Mutation: m}}})
		answer, err := push.Apply(merge.Stored{Records: merge.Collect(row).Lookup(push.Keys())})
		if err != nil {
			panic(err)
		}
		if result := answer.Results[0]; result.Accepted() {
			fmt.Println(field, "accepted")
		} else {
			fmt.Println(field, "refused:", result.Refusal.Code)
		}
	}
	push(violation.FieldAcknowledged, true)
	push("status", "resolved")
	// Output:
	// acknowledged accepted
	// status refused: derived_field
}
