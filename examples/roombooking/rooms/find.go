package rooms

import (
	"bytes"
	"encoding/json"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// Find returns the violations that are open among records, in the order of their IDs,
// together with what people wrote to them. It looks at nothing but what people wrote,
// so whoever holds the same meetings finds the same, a phone as well as a server.
//
// It looks at everything, which is fine for what one person holds. A server looks at
// what has changed: see violation.Checker.Check.
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

// FindJSON is Find for JSON Lines of records, in the form in which they are pulled. Its
// result is a JSON array.
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

// UserWrites returns what users wrote: all fields of a meeting, and violation.UserFields of a
// violation. Servers exchange and join it. The other fields are never joined: each server
// derives them itself.
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
