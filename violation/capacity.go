package violation

import (
	"errors"
	"fmt"
	"math"

	"github.com/fieldlww/fieldlww/record"
)

// CapacityExceeded is the type of the findings of Capacity.
const CapacityExceeded = "capacity_exceeded"

// Usage is how much of a parent's capacity a record uses.
type Usage struct {
	// Parent is the ID of the parent whose capacity is limited, such as an event.
	Parent string
	// Units is the number of units that the record uses, such as seats. A record with zero or
	// fewer units uses nothing and frees nothing. A sum beyond int64 counts as the greatest
	// int64.
	Units int64
}

// Capacity is the rule that the records of one parent use no more than its capacity. There is
// one violation for each parent whose capacity is exceeded. The violation is about the record
// that was stamped last, and lists as conflicting all other records that use units.
type Capacity struct {
	// Table is the table of the records that use units, and Fields are the fields that Usage
	// reads.
	Table  string
	Fields []string
	// Usage returns how much a record uses, or the zero Usage if it uses nothing. It returns
	// ErrUnknown if the record cannot be read.
	Usage func(r record.Record) (Usage, error)
	// Limit is the capacity of each parent, if ParentTable is "".
	Limit int64
	// ParentTable and LimitField say where the limit is stored: in an integer field of the
	// record of that table whose ID is the parent. There is no limit if the field is absent,
	// null or deleted, or if the parent is missing or deleted. A value that is not an integer
	// counts as unreadable.
	ParentTable, LimitField string
	// Describe returns the description of a violation, given the used units and the limit. Nil
	// means a text that contains the two numbers. If Checker.Buckets is set, the description is
	// a text without numbers, and Describe is not called: readers of one record may not be
	// allowed to read the others.
	Describe func(taken, limit int64) string
}

// Scopes returns the parent of a record and, for a record of ParentTable, its own ID. A
// deleted record is in no group: it uses nothing and has no limit.
func (c Capacity) Scopes(r record.Record) ([]string, error) {
	var names []string
	if r.Deleted() {
		return nil, nil
	}
	if r.Key().Table == c.ParentTable {
		names = append(names, r.Key().ID)
	}
	if r.Key().Table != c.Table { // a table may be its own parent
		return names, nil
	}
	p, err := c.Usage(r)
	if err == nil && p.Parent != "" {
		names = append(names, p.Parent)
	}
	return names, err
}

// Check returns one finding if the limit is exceeded.
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
			continue // the record is in the group only as a parent
		}
		if err != nil {
			return Findings{}, err
		}
		if p.Parent != g.Scope || p.Units <= 0 {
			continue
		}
		if taken += p.Units; taken < 0 {
			taken = math.MaxInt64 // the sum overflowed
		}
		others = append(others, r.Key())
		if newest.Len() == 0 {
			newest = r
		} else {
			newest, _ = Newest(r, newest, c.Fields...)
		}
	}
	if taken <= limit || newest.Len() == 0 {
		return Findings{}, nil // even a negative limit is exceeded only if something is used
	}
	text := "more is taken than the limit allows"
	if !g.Restricted {
		text = c.describe(taken, limit)
	}
	return Findings{List: []Finding{c.finding(g, newest, others, text)}}, nil
}

// limit returns the limit of a group, and whether there is one.
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
		return 0, false, ErrUnknown // the limit may be encrypted
	}
	return limit, true, nil
}

func (c Capacity) describe(taken, limit int64) string {
	if c.Describe != nil {
		return c.Describe(taken, limit)
	}
	return fmt.Sprintf("%d taken, but the limit is %d", taken, limit)
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
	// The limit is part of the evidence. Nil Fields mean all fields, so they stay nil.
	f.DependsOn = []record.Key{{Table: c.ParentTable, ID: g.Scope}}
	if c.Fields != nil {
		f.Fields = append([]string{c.LimitField}, c.Fields...)
	}
	return f
}
