package violation

import "github.com/fieldlww/fieldlww/record"

// Single is a rule about each record by itself, such as that what is done has a date
// on which it was done. Fields that are judged together merge apart from each other;
// where that can be helped, one composite field is the better cure.
type Single struct {
	// Table is the table, and Fields are the fields that Check reads.
	Table  string
	Fields []string
	// Type is that of the violations.
	Type string
	// Wrong returns what is wrong with a record, for people, and "" if nothing is.
	// ErrUnknown says that it cannot be read.
	Wrong func(r record.Record) (string, error)
}

// Scopes returns a group of its own for each record.
func (s Single) Scopes(r record.Record) ([]string, error) {
	if r.Key().Table != s.Table {
		return nil, nil
	}
	if _, err := s.Wrong(r); err != nil {
		return nil, err
	}
	return []string{r.Key().ID}, nil
}

// Check returns a finding if something is wrong with the record.
func (s Single) Check(g Group) (Findings, error) {
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
