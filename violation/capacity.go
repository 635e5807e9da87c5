package violation

import (
	"errors"
	"fmt"
	"math"

	"github.com/fieldlww/fieldlww/record"
)

// CapacityExceeded is the type of what Capacity finds.
const CapacityExceeded = "capacity_exceeded"

// Usage is how much a record takes of the capacity of a parent.
type Usage struct {
	// Parent is the ID of what is limited, such as an event.
	Parent string
	// Units is how many are taken, such as seats. Zero and less take nothing, and give
	// nothing back. A sum beyond int64 is the greatest int64.
	Units int64
}

// Capacity is the rule that the records of one parent take no more than there is.
// There is one violation for a parent, which is about the record that was stamped last,
// and in conflict with all others that take something.
type Capacity struct {
	// Table is the table of the records that take something, and Fields are the fields
	// that Usage reads.
	Table  string
	Fields []string
	// Usage returns what a record takes, and the zero Usage if nothing. ErrUnknown says
	// that it cannot be read.
	Usage func(r record.Record) (Usage, error)
	// Limit is how much there is, if ParentTable is "".
	Limit int64
	// ParentTable and LimitField say where the limit is read: an integer field of the
	// record of that table whose ID is the parent. Where the field is absent, null or
	// deleted, or the parent is, there is no limit that could be exceeded. A value that is
	// no integer cannot be read.
	ParentTable, LimitField string
	// Describe returns the text, given how much is taken and how much there is. Nil means
	// a text with the two numbers.
	Describe func(taken, limit int64) string
}

// Scopes returns the parent of a record, and a parent itself. A deleted record is in none:
// it takes nothing, and has no limit.
func (c Capacity) Scopes(r record.Record) ([]string, error) {
	var names []string
	if r.Deleted() {
		return nil, nil
	}
	if r.Key().Table == c.ParentTable {
		names = append(names, r.Key().ID)
	}
	if r.Key().Table != c.Table { // a table may be the parent of itself
		return names, nil
	}
	p, err := c.Usage(r)
	if err == nil && p.Parent != "" {
		names = append(names, p.Parent)
	}
	return names, err
}

// Check returns one finding if too much is taken.
func (c Capacity) Check(g Group) (Findings, error) {
	limit, ok, err := c.limit(g)
	if err != nil || !ok {
		return Findings{}, err
	}
	var taken int64
	var newest record.Record
	var others []record.Key
	for _, r := range g.Records {
		if r.Key().Table != c.Table {
			continue
		}
		p, err := c.Usage(r)
		if errors.Is(err, ErrUnknown) {
			continue // it is here as a parent only
		}
		if err != nil {
			return Findings{}, err
		}
		if p.Parent != g.Scope || p.Units <= 0 {
			continue
		}
		if taken += p.Units; taken < 0 {
			taken = math.MaxInt64 // that is too many as well
		}
		others = append(others, r.Key())
		if newest.Len() == 0 {
			newest = r
		} else {
			newest, _ = Newest(r, newest, c.Fields...)
		}
	}
	if taken <= limit || newest.Len() == 0 {
		return Findings{}, nil // a limit below zero is exceeded by those who take something
	}
	return Findings{List: []Finding{c.finding(g, newest, others, c.describe(taken, limit))}}, nil
}

// limit returns how much there is, and whether there is a limit.
func (c Capacity) limit(g Group) (limit int64, ok bool, err error) {
	if c.ParentTable == "" {
		return c.Limit, true, nil
	}
	parent, ok := g.Find(record.Key{Table: c.ParentTable, ID: g.Scope})
	if !ok {
		return 0, false, nil
	}
	w, _ := parent.Get(c.LimitField)
	if w.IsZero() || w.Deleted() || w.Value.Kind() == record.KindNull {
		return 0, false, nil
	}
	if limit, ok = w.Value.Int(); !ok {
		return 0, false, ErrUnknown // such as a limit that is encrypted
	}
	return limit, true, nil
}

func (c Capacity) describe(taken, limit int64) string {
	if c.Describe != nil {
		return c.Describe(taken, limit)
	}
	return fmt.Sprintf("%d taken, and there are %d", taken, limit)
}

func (c Capacity) finding(g Group, newest record.Record, takers []record.Key, text string) Finding {
	f := Finding{
		Key: joinParts("parent", g.Scope), Type: CapacityExceeded, Record: newest.Key(),
		Description: text, Fields: c.Fields,
	}
	for _, key := range takers {
		if key != newest.Key() {
			f.Others = append(f.Others, key)
		}
	}
	if c.ParentTable == "" {
		return f
	}
	// Another limit is another evidence. No fields mean all of them, and stay none.
	f.DependsOn = []record.Key{{Table: c.ParentTable, ID: g.Scope}}
	if c.Fields != nil {
		f.Fields = append([]string{c.LimitField}, c.Fields...)
	}
	return f
}
