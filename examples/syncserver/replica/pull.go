package replica

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// Pulled takes the records that a pull returned, as mutations in JSON Lines, and the next cursor.
// Each record replaces the confirmed one. The two are not joined, because a join would discard
// derived and repaired fields whose stamps are lower. The error is a *record.Error, as for an item
// of a batch. On error, the Replica is unchanged.
//
// The clock follows the pulled stamps. Once the server's time is known, it does not follow stamps
// too far ahead of that time, so call ServerTime first.
func (r *Replica) Pulled(lines []byte, next string) error {
	var items []record.Item
	if len(bytes.TrimSpace(lines)) > 0 {
		var err error
		if items, err = r.decoder.Batch(lines); err != nil {
			return err
		}
	}
	for _, it := range items {
		if it.Err != nil {
			return it.Err
		}
	}
	limit := r.limit()
	for _, it := range items {
		r.observe(newestUpTo(it.Mutation.Data, limit))
		r.replace(it.Mutation.Data)
	}
	r.unsaved.state = r.unsaved.state || len(items) > 0 || next != r.cursor
	r.cursor = next
	return nil
}

// replace replaces the confirmed record.
func (r *Replica) replace(now record.Record) {
	h := r.find(now.Key())
	if h != nil && h.confirmed.Equal(now) {
		return // for example an edit by this client that comes back
	}
	h = r.touch(now.Key())
	h.updateWhys(now)
	before := h.confirmed
	h.confirmed = now
	r.unsaved.record(h)
	r.followRepair(h, before)
}

// followRepair handles a repair, which lowers the stamp of a write: waiting edits based on the old
// stamp are rebased on the new one. The stamps of derived fields can fall without a repair, for
// example when the newest write that a violation is derived from disappears.
func (r *Replica) followRepair(h *held, before record.Record) {
	var upon []*item
	for name, old := range merged(before).All() {
		now, _ := h.confirmed.Get(name)
		if now.Stamp.Time >= old.Stamp.Time {
			continue
		}
		if old.Stamp.Client == r.id && old.Stamp.Time == r.mark {
			r.mark = now.Stamp.Time
		}
		for w := h.tops[name]; w != nil; w = w.before {
			if w.it.m.Base[name] == old.Stamp {
				r.rebase(w.it, func(base map[string]clock.Stamp) {
					if base[name] = now.Stamp; now.Value != old.Value {
						delete(base, name) // the author has not seen this value
					}
				})
				upon = append(upon, w.it)
			}
		}
	}
	if len(upon) > 0 {
		r.restampWaiting(r.serverTime(), 0, upon)
	}
}

// updateWhys notes why the fields of a record have their new values.
func (h *held) updateWhys(now record.Record) {
	if h.confirmed.Len() == 0 {
		return // all fields are written for the first time
	}
	for name := range h.whys {
		if _, ok := now.Get(name); !ok {
			h.dropWhy(name)
		}
	}
	for name, c := range merge.Changes(merged(h.confirmed), merged(now)) {
		switch {
		case c.Outcome == merge.Equal:
		case c.Won() && !c.Before.IsZero():
			h.setWhy(Why{Decision: merge.Decision{Key: h.key, Field: name, Change: c}})
		default:
			h.dropWhy(name) // the write is the first or a repaired one
		}
	}
}

// merged returns a record without the derived fields of a violation, which are not merged: none of
// their writes wins over another.
func merged(rec record.Record) record.Record {
	if rec.Key().Table == violation.DefaultTable {
		return violation.UserFields(rec)
	}
	return rec
}

// LastSequence returns the sequence of the last line of a pull, which is the next cursor, or "" if
// there is no line. The error is a *record.Error for record.ErrMissing if that line has no
// sequence.
func LastSequence(lines []byte) (string, error) {
	lines = bytes.TrimSpace(lines)
	if len(lines) == 0 {
		return "", nil
	}
	var last struct {
		Seq int64 `json:"seq"`
	}
	err := json.Unmarshal(lines[bytes.LastIndexByte(lines, '\n')+1:], &last)
	if err != nil || last.Seq <= 0 {
		return "", &record.Error{Path: "seq", Offset: -1, Err: record.ErrMissing}
	}
	return strconv.FormatInt(last.Seq, 10), nil
}
