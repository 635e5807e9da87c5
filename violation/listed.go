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

// listed are the rows of one group: each finding by itself, or, if there are too many, the
// first ones and one row that stands for all of them.
//
// A violation may stop mattering at a time, and that it has is judged when a row is read.
// So the rows must be right at every time, whenever they were derived. The findings are
// ordered by when they stop mattering, the latest first: those that matter at a time are the
// first ones of that order, whichever time it is. The first N of them are listed. The row
// that stands for all matters as long as more than N do, which is until the next one in the
// order stops. All this follows from the records alone.
type listed struct {
	scope           Scope // its name as it is stored
	group           Group
	rows            []derived
	partial, capped bool
}

// addFindings adds the findings of the group, and lists at most that many by themselves.
func (l *listed) addFindings(findings Findings, most int) error {
	list := slices.Clone(findings.List)
	slices.SortFunc(list, Finding.compare)
	list = slices.CompactFunc(list, func(a, b Finding) bool { return a.Key == b.Key })
	slices.SortStableFunc(list, func(a, b Finding) int { return cmp.Compare(b.end(), a.end()) })
	untold := max(0, findings.Total-len(findings.List))
	total := len(list) + untold
	if len(findings.List) == 0 && total > 0 {
		return errListing
	}
	if l.capped = total > most || untold > 0; !l.capped {
		return l.addEach(list)
	}
	until := list[min(most, len(list)-1)].RelevantUntil // those that are not told come after
	list = list[:min(most, len(list))]
	if err := l.addEach(list); err != nil {
		return err
	}
	// The row that stands for all is about the record of the first finding, and no helper
	// makes a key that begins with an empty part: a table has a name.
	f := list[0]
	f.Key, f.Others, f.RelevantUntil = joinParts("", "group", l.group.Scope), nil, until
	f.Description = fmt.Sprintf("%d conflicts, of which the first %d are listed", total, len(list))
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

// addRow adds the row of a finding, given all the records that it depends on, sorted by key.
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

// end returns when a finding stops mattering, for comparisons: never is the greatest time.
func (f Finding) end() clock.Timestamp {
	switch {
	case f.RelevantUntil == 0 || f.RelevantUntil > clock.MaxTimestamp:
		return math.MaxInt64
	case f.RelevantUntil < 0:
		return 1
	}
	return f.RelevantUntil
}

// compare orders findings by key, and those of one key by everything else, so that the
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
