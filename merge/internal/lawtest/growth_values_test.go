package lawtest

import (
	"fmt"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

func growthOfValues() map[string]measured {
	long := func(m *material) record.FieldValue { return record.FieldValue{Value: m.value, Stamp: lateStamp} }
	text := func(m *material) record.Value { return record.MustOf(string(m.document)) }
	return map[string]measured{
		"record.Decoder.Value": func(m *material) func() {
			return func() { _, _ = (&record.Decoder{Limits: record.Limits{Value: -1}}).Value(m.document) }
		},
		"record.ParseValue":             func(m *material) func() { return func() { _, _ = record.ParseValue(m.document) } },
		"record.Value.UnmarshalJSON":    func(m *material) func() { return func() { _ = new(record.Value).UnmarshalJSON(m.document) } },
		"record.Value.Scan":             func(m *material) func() { return func() { _ = new(record.Value).Scan(m.document) } },
		"record.Value.Any":              func(m *material) func() { return func() { m.value.Any() } },
		"record.Value.Decode":           func(m *material) func() { return func() { var x any; _ = m.value.Decode(&x) } },
		"record.Value.AppendJSON":       func(m *material) func() { return func() { m.value.AppendJSON(nil) } },
		"record.Value.MarshalJSON":      func(m *material) func() { return func() { _, _ = m.value.MarshalJSON() } },
		"record.Value.Clone":            func(m *material) func() { return func() { m.value.Clone() } },
		"record.Value.Compare":          func(m *material) func() { c := m.value.Clone(); return func() { m.value.Compare(c) } },
		"record.Value.Value":            func(m *material) func() { return func() { _, _ = m.value.Value() } },
		"record.Value.Text":             func(m *material) func() { v := text(m); return func() { v.Text() } },
		"record.Text":                   func(m *material) func() { s := string(m.document); return func() { _, _ = record.Text(s) } },
		"record.Of":                     func(m *material) func() { x := m.value.Any(); return func() { _, _ = record.Of(x) } },
		"record.MustOf":                 func(m *material) func() { x := m.value.Any(); return func() { record.MustOf(x) } },
		"record.FieldValue.AppendJSON":  func(m *material) func() { w := long(m); return func() { w.AppendJSON(nil) } },
		"record.FieldValue.MarshalJSON": func(m *material) func() { w := long(m); return func() { _, _ = w.MarshalJSON() } },
		"record.Decoder.FieldValue": func(m *material) func() {
			text := long(m).AppendJSON(nil)
			return func() { _, _ = (&record.Decoder{Limits: record.Limits{Value: -1}}).FieldValue(text) }
		},
		"record.FieldValue.UnmarshalJSON": func(m *material) func() {
			return unmarshals(long(m).AppendJSON(nil), new(record.FieldValue))
		},
		"record.FieldValue.Compare": func(m *material) func() {
			w, o := long(m), long(m)
			o.Value = o.Value.Clone()
			return func() { w.Compare(o) }
		},
		"record.Field.MarshalJSON":   func(m *material) func() { f := record.FieldOf(m.value.Any()); return func() { _, _ = f.MarshalJSON() } },
		"record.Field.UnmarshalJSON": func(m *material) func() { return unmarshals(m.document, new(record.Field[any])) },
		"record.Seen.UnmarshalJSON": func(m *material) func() { // members that it does not know are ignored
			return unmarshals(slices.Concat([]byte(`{"epoch":"a","seq":1,"other":`), m.document, []byte("}")), new(record.Seen))
		},
		"record.PathName": func(m *material) func() { s := string(m.document); return func() { _ = record.PathName(s) } },
		"record.Reserved": func(m *material) func() { s := string(m.document); return func() { _ = record.Reserved(s) } },
		"clock.ParseTimestamp clock.ParseStamp clock.ParseClientID": func(m *material) func() {
			s := fmt.Sprint(string(m.document))
			return func() {
				_, _ = clock.ParseTimestamp(s)
				_, _ = clock.ParseStamp(s)
				_, _ = clock.ParseClientID(s)
			}
		},
	}
}
