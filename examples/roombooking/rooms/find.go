package rooms

import (
	"bytes"
	"encoding/json"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// Find returns the open violations among records, in the order of their IDs, with the
// fields that users wrote to them. It reads only user-written fields, so a phone and a
// server that hold the same meetings find the same violations.
//
// It reads all records, which is fast enough for the records of one person. A server
// checks only changed records: see violation.Checker.Check.
func Find(held merge.Collection) ([]violation.Violation, error) {
	report := Checker().Audit(UserWrites(held), 0)
	open := []violation.Violation{}
	for _, u := range report.Updates {
		v, err := violation.Parse(u.After)
		if err != nil {
			return nil, err
		}
		open = append(open, v)
	}
	return open, report.Err
}

// FindJSON is like Find, but reads records as JSON Lines, in the form in which they are
// pulled, and returns a JSON array.
func FindJSON(lines []byte) ([]byte, error) {
	d := record.Decoder{Trusted: true}
	var held []record.Record
	for line := range bytes.Lines(lines) {
		m, err := d.Mutation(line)
		if err != nil {
			return nil, err
		}
		held = append(held, m.Data)
	}
	open, err := Find(merge.Collect(held...))
	if err != nil {
		return nil, err
	}
	return json.Marshal(open)
}

// UserWrites returns the user-written fields: all fields of a meeting, and
// violation.UserFields of a violation. Servers exchange and join only these fields: each
// server derives the others itself.
func UserWrites(all merge.Collection) merge.Collection {
	var written []record.Record
	for r := range all.All() {
		if r.Key().Table == violation.DefaultTable {
			r = violation.UserFields(r)
		}
		written = append(written, r)
	}
	return merge.Collect(written...)
}
