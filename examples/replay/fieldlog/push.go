package fieldlog

import (
	"slices"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// Push is one line of a journal, replayed.
type Push struct {
	Line int // its line number in the journal, from 1
	merge.JournalLine
	Answer merge.Answer // the result of JournalLine.Replay
}

// Before returns a record as it was stored before the push.
func (p Push) Before(key record.Key) record.Record {
	i, ok := slices.BinarySearchFunc(p.Stored.Records, key, func(r record.Record, key record.Key) int {
		return r.Key().Compare(key)
	})
	if !ok {
		return record.New(key)
	}
	return p.Stored.Records[i]
}

// imported reports whether an import made a write.
func (p Push) imported(w record.FieldValue) bool {
	return slices.Contains(p.Request.Imports, w.Stamp.Client)
}

// After returns a record as it was stored after the push.
func (p Push) After(key record.Key) record.Record {
	i, changed := slices.BinarySearchFunc(p.Answer.Updates, key, func(u merge.Update, key record.Key) int {
		return u.After.Key().Compare(key)
	})
	if changed {
		return p.Answer.Updates[i].After
	}
	return p.Before(key)
}
