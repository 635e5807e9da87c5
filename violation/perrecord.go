package violation

import "github.com/fieldlww/fieldlww/record"

// PerRecord is a rule about each record on its own, for example that a finished task has a
// date. Fields that are judged together still merge separately. Where possible, use one
// composite field instead.
type PerRecord struct {
	// Table is the table, and Fields are the fields that Wrong reads.
	Table  string
	Fields []string
	// Type is the type of the violations.
	Type string
	// Wrong returns a text for people about what is wrong with a record, or "" if nothing is
	// wrong. It returns ErrUnknown if the record cannot be read.
	Wrong func(r record.Record) (string, error)
}

// Scopes returns a separate group for each record that is not deleted.
func (s PerRecord) Scopes(r record.Record) ([]string, error) {
	if r.Key().Table != s.Table || r.Deleted() {
		return nil, nil
	}
	if _, err := s.Wrong(r); err != nil {
		return nil, err
	}
	return []string{r.Key().ID}, nil
}

// Check returns a finding if something is wrong with the record.
func (s PerRecord) Check(g Group) (Findings, error) {
	var f Findings
	for _, r := range g.Records {
		text, err := s.Wrong(r)
		if err != nil {
			return Findings{}, err
		}
		if text != "" {
			f.List = append(f.List, Finding{Key: RecordKey(r.Key()), Type: s.Type, Record: r.Key(), Fields: s.Fields, Description: text})
		}
	}
	return f, nil
}
