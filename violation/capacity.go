package violation

import (
	"fmt"

	"github.com/fieldlww/fieldlww/record"
)

// CapacityExceeded is the type of what Capacity finds.
const CapacityExceeded = "capacity_exceeded"

// Place is what a record takes of something that is limited: so many units of the
// capacity of a parent.
type Place struct {
	// Parent is the ID of what is limited, such as an event.
	Parent string
	// Units is how many are taken, such as seats.
	Units int64
}

// Capacity is the rule that the records of one parent take no more than there is.
// There is one violation for a parent, which is about the record that was stamped last.
type Capacity struct {
	// Table is the table of the records that take something, and Fields are the fields
	// that Place reads.
	Table  string
	Fields []string
	// Place returns what a record takes, and the zero Place if nothing. ErrUnknown says
	// that it cannot be read.
	Place func(r record.Record) (Place, error)
	// Limit is how much there is, if ParentTable is "".
	Limit int64
	// ParentTable and LimitField say where the limit is read: an integer field of the
	// record of that table whose ID is the parent. Where there is no such integer, or
	// the parent is deleted, there is no limit that could be exceeded.
	ParentTable, LimitField string
	// Describe returns the text, given how much is taken and how much there is. Nil means
	// a text with the two numbers.
	Describe func(taken, limit int64) string
}

// Scopes returns the parent of a record, and a parent itself.
func (c Capacity) Scopes(r record.Record) ([]string, error) {
	switch r.Key().Table {
	case c.Table:
		p, err := c.Place(r)
		if err != nil || p.Parent == "" {
			return nil, err
		}
		return []string{p.Parent}, nil
	case c.ParentTable:
		return []string{r.Key().ID}, nil
	}
	return nil, nil
}

// Check returns one finding if too much is taken.
func (c Capacity) Check(g Group) (Findings, error) {
	limit, ok := c.limit(g)
	if !ok {
		return Findings{}, nil
	}
	var taken int64
	var newest record.Record
	var others []record.Key
	for _, r := range g.Records {
		if r.Key().Table != c.Table {
			continue
		}
		p, err := c.Place(r)
		if err != nil {
			return Findings{}, err
		}
		if p.Parent != g.Scope || p.Units <= 0 {
			continue
		}
		taken += p.Units
		others = append(others, r.Key())
		if newest.Len() == 0 {
			newest = r
		} else {
			newest, _ = Newest(r, newest, c.Fields...)
		}
	}
	if taken <= limit {
		return Findings{}, nil
	}
	return Findings{List: []Finding{c.finding(g, newest, others, c.describe(taken, limit))}}, nil
}

// limit returns how much there is, and whether that is known.
func (c Capacity) limit(g Group) (int64, bool) {
	if c.ParentTable == "" {
		return c.Limit, true
	}
	parent, ok := g.Find(record.Key{Table: c.ParentTable, ID: g.Scope})
	if !ok {
		return 0, false
	}
	w, _ := parent.Get(c.LimitField)
	return w.Value.Int()
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
	if c.LimitField != "" {
		f.Fields = append([]string{c.LimitField}, c.Fields...)
	}
	return f
}
