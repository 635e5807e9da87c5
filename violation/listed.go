package violation

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// listed holds the rows of one group: one for each finding or, if there are too many, one for
// each of the first findings and one that represents all of them.
//
// A violation may stop mattering at some time, and readers of its row judge whether that time
// has passed. So the rows must be right at every time, whenever they were derived. The
// findings are ordered by when they stop mattering, the latest first. At any time, the
// findings that still matter are the first ones in this order. The first N findings are
// listed. The row for all findings matters as long as more than N findings matter, that is,
// until finding N+1 stops mattering. So the records alone determine which rows there are.
type listed struct {
	scope           Scope // with its name in stored form
	group           Group
	rows            []derived
	partial, capped bool
}

// addFindings adds the rows of the group's findings. At most the given number of findings get
// rows of their own.
func (l *listed) addFindings(findings Findings, most int) error {
	list := slices.Clone(findings.List)
	slices.SortFunc(list, Finding.compare)
	list = slices.CompactFunc(list, func(a, b Finding) bool { return a.Key == b.Key })
	slices.SortStableFunc(list, func(a, b Finding) int { return cmp.Compare(b.order(), a.order()) })
	untold := max(0, findings.Total-len(findings.List))
	total := len(list) + untold
	if len(findings.List) == 0 && total > 0 {
		return errListing
	}
	if l.capped = total > most || untold > 0; !l.capped {
		return l.addEach(list)
	}
	until := list[min(most, len(list)-1)].RelevantUntil // findings that are only counted come later
	if l.group.Restricted {
		until = list[0].RelevantUntil // not before the end of any finding, and known to readers of its record
	}
	list = list[:min(most, len(list))]
	if err := l.addEach(list); err != nil {
		return err
	}
	// The row for all findings is about the record of the first one. Its key begins with an
	// empty part, unlike any PairKey or RecordKey, because every table has a name.
	f := list[0]
	f.Key, f.Others, f.RelevantUntil = joinParts("", "group", l.group.Scope), nil, until
	f.Description = fmt.Sprintf("%d conflicts; only the first %d are listed", total, len(list))
	return l.addRow(f, total, append(slices.Clone(l.group.Records), l.group.Deleted...))
}

// addEach adds a row for each of the findings.
func (l *listed) addEach(list []Finding) error {
	for _, f := range list {
		keys := append(append([]record.Key{f.Record}, f.Others...), f.DependsOn...)
		slices.SortFunc(keys, record.Key.Compare)
		if err := l.addRow(f, 1, l.group.records(slices.Compact(keys))); err != nil {
			return err
		}
	}
	return nil
}

// addRow adds the row of a finding, given all records that the finding depends on, sorted by
// key.
func (l *listed) addRow(f Finding, total int, records []record.Record) error {
	d, err := derivedOf(l.scope, f)
	if err != nil {
		return err
	}
	e := evidenceOf(f, records)
	d.Total, d.Evidence, d.stamp, d.DetectedAt = total, e.hash, e.newest, e.newest.Time
	if !d.stamp.Valid() {
		return errAbsent
	}
	l.rows = append(l.rows, d)
	return nil
}

// order returns the time by which findings are listed, the latest first.
func (f Finding) order() clock.Timestamp {
	if f.last != 0 {
		f.RelevantUntil = f.last
	}
	return f.end()
}

// end returns the time at which a finding stops mattering, for comparisons. Never is the
// greatest time.
func (f Finding) end() clock.Timestamp {
	switch {
	case f.RelevantUntil == 0 || f.RelevantUntil > clock.MaxTimestamp:
		return math.MaxInt64
	case f.RelevantUntil < 0:
		return 1
	}
	return f.RelevantUntil
}

// compare orders findings by key, and findings with equal keys by everything else, so that the
// order in which a rule returns them does not matter.
func (f Finding) compare(o Finding) int {
	if c := strings.Compare(f.Key, o.Key); c != 0 {
		return c
	}
	if c := f.Record.Compare(o.Record); c != 0 {
		return c
	}
	if c := slices.CompareFunc(f.Others, o.Others, record.Key.Compare); c != 0 {
		return c
	}
	if c := slices.Compare(f.Fields, o.Fields); c != 0 {
		return c
	}
	if c := slices.CompareFunc(f.DependsOn, o.DependsOn, record.Key.Compare); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(f.Type, o.Type), cmp.Compare(f.Description, o.Description), cmp.Compare(f.RelevantUntil, o.RelevantUntil))
}
