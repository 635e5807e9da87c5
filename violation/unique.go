package violation

import "github.com/fieldlww/fieldlww/record"

// DuplicateValue is the type of the findings of Unique.
const DuplicateValue = "duplicate_value"

// Unique is the rule that no two records of a table have the same value. There is one
// violation for each duplicate value. The violation is about the record that was stamped
// last.
type Unique struct {
	// Table is the table, and Fields are the fields that Value reads.
	Table  string
	Fields []string
	// Value returns the value that must be unique, as a string, or "" for a record that has
	// none. Equal values must give equal strings. It returns ErrUnknown if the record cannot
	// be read. Nil means the text of the first of Fields; a value that is neither text nor
	// null counts as unreadable.
	Value func(r record.Record) (string, error)
	// Description describes every finding for people; "" means a text without details.
	Description string
}

// Scopes returns the value of a record that is not deleted.
func (u Unique) Scopes(r record.Record) ([]string, error) {
	if r.Key().Table != u.Table || r.Deleted() {
		return nil, nil
	}
	v, err := u.value(r)
	if err != nil || v == "" {
		return nil, err
	}
	return []string{v}, nil
}

func (u Unique) value(r record.Record) (string, error) {
	if u.Value != nil {
		return u.Value(r)
	}
	if len(u.Fields) == 0 {
		return "", nil
	}
	w, _ := r.Get(u.Fields[0])
	return textOf(w)
}

// Check returns one finding if the group has more than one record.
func (u Unique) Check(g Group) (Findings, error) {
	if len(g.Records) < 2 {
		return Findings{}, nil
	}
	newest := g.Records[0]
	for _, r := range g.Records[1:] {
		newest, _ = Newest(r, newest, u.Fields...)
	}
	f := Finding{
		Key: joinParts("value", g.Scope), Type: DuplicateValue, Record: newest.Key(),
		Fields: u.Fields, Description: u.Description,
	}
	if f.Description == "" {
		f.Description = "has the same value as another record"
	}
	for _, r := range g.Records {
		if r.Key() != newest.Key() {
			f.Others = append(f.Others, r.Key())
		}
	}
	return Findings{List: []Finding{f}}, nil
}
