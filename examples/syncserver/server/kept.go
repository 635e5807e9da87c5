package server

import (
	"context"
	"fmt"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// Of a field that Options.Keep names, no accepted value vanishes: it is in the record, or the author of a later write
// had seen it, or it is in a row for both authors until one of them closes the row. So such a row is never dropped to
// make room. Instead, a client with too many open rows may not write kept fields until some are closed. Each row costs
// a write of the client that lost it, so a client can stop only itself.

// maxKept is how many open rows of kept fields a client may have and still write kept fields.
const maxKept = 100

// keeps reports whether a field is a kept field.
func (s *Server) keeps(table, field string) bool {
	return s.options.Keep != nil && table != violation.DefaultTable && s.options.Keep(table, field)
}

// isSeen reports whether a decision on a kept field displaces no value that must be kept: there is none, the author of
// the winner had seen it, or the field may have been purged since it was written.
func isSeen(d merge.Decision, m record.Mutation, fence clock.Timestamp) bool {
	loser := d.Loser()
	switch {
	case loser.IsZero(), d.Outcome == merge.Equal, d.Outcome == merge.FieldGone, d.Before.Value == d.Incoming.Value:
		return true
	case d.Seen == merge.SeenYes, loser.Stamp.Time <= fence:
		return true
	}
	// Of two writes by one client, the engine claims nothing. The base says it if the client is on one device.
	base, known := m.Base[d.Field]
	return known && d.Outcome == merge.Applied && base == loser.Stamp
}

// judged is a push on which the engine has decided.
type judged struct {
	*merge.Push
	answer merge.Answer
	lost   []merge.Update // the rows of lost edits to store
}

// judge decides on a push. It refuses the items that would displace the value of a kept field if there is no room for
// its row, and then decides again on the others. If the second decision needs rows, they are stored in any case.
func (s *Server) judge(ctx context.Context, tx *session, p *pushing, stored *merge.Stored) (j judged, err error) {
	full, err := s.limitKept(ctx, tx, p, stored)
	if err != nil {
		return j, err
	}
	engine, records := s.engine, stored.Records
	j.Push = p.push
	for again := false; ; again = true {
		keys := j.Keys() // without the records whose items are all refused
		stored.Records = slices.DeleteFunc(slices.Clone(records), func(r record.Record) bool {
			_, ok := slices.BinarySearchFunc(keys, r.Key(), record.Key.Compare)
			return !ok
		})
		if stored.Fence > 0 || tx.of != nil {
			j.Push = RefuseDropped(engine, j.Push, stored)
		}
		if j.answer, err = j.Apply(*stored); err != nil || !s.options.LostEdits {
			return j, err
		}
		all, err := tx.notStored(ctx, s.lostIn(j.Push, j.answer, stored.Fence))
		if err != nil {
			return j, err
		}
		refused := s.withoutRows(j, slices.DeleteFunc(slices.Clone(all), func(e lostEdit) bool {
			return !e.kept || !stored.StorageFull && !(full && e.loser == p.by.Client)
		}), stored.StorageFull)
		if again || len(refused) == 0 {
			j.lost = rowsOf(all, stored.StorageFull)
			return j, nil
		}
		engine.Guard = refused.guard(s.engine.Guard)
		j.Push = engine.Prepare(p.push.Request())
	}
}

// withoutRows returns the refusals of the items that need rows for which there is no room. If the storage is full, it
// also refuses the other items that write kept fields of their records, unless the writes are stored: the author of
// such an item may have seen the write of a refused one, and not the value that stands instead.
func (s *Server) withoutRows(j judged, all []lostEdit, storageFull bool) refusedItems {
	refused, items := make(refusedItems), j.Request().Items
	records := make(map[record.Key]bool)
	for _, e := range all {
		m := items[e.item].Mutation
		refused[string(m.AppendJSON(nil))] = unsettled("")
		records[m.Data.Key()] = true
	}
	if !storageFull {
		return refused
	}
	for i, r := range j.answer.Results {
		if records[r.Key] && slices.ContainsFunc(r.Fields, func(d merge.Decision) bool {
			return d.Outcome != merge.Equal && s.keeps(d.Key.Table, d.Field)
		}) {
			refused[string(items[i].Mutation.AppendJSON(nil))] = &merge.Refusal{Code: merge.StorageFull, Retryable: true}
		}
	}
	return refused
}

// refusedItems has the refusals of items, by their JSON.
type refusedItems map[string]*merge.Refusal

func (r refusedItems) guard(next merge.Guard) merge.Guard {
	return func(actor clock.ClientID, m record.Mutation) error {
		if refusal := r[string(m.AppendJSON(nil))]; refusal != nil {
			return refusal
		}
		if next == nil {
			return nil
		}
		return next(actor, m)
	}
}

// limitKept reports whether the client of a push has too many open rows of kept fields. If so, the push may not write
// kept fields, except for writes that are stored.
func (s *Server) limitKept(ctx context.Context, tx *session, p *pushing, stored *merge.Stored) (full bool, err error) {
	if !slices.ContainsFunc(p.push.Request().Items, func(i record.Item) bool { _, ok := s.keptIn(i.Mutation); return ok }) {
		return false, nil
	}
	var n int
	err = tx.tx.QueryRowContext(ctx, `
		SELECT count(*) FROM (SELECT 1 FROM scopes WHERE workspace = $1 AND rule = $2 AND name = $3 LIMIT $4) AS k`,
		tx.workspace, violation.LostEditRule, hashOf(lostBy(p.by.Client, true).Name), maxKept).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("count rows of lost edits: %w", err)
	}
	if n < maxKept {
		return false, nil
	}
	next := stored.MayWrite
	stored.MayWrite = func(seen, after record.Record, m record.Mutation) error {
		if field, ok := s.keptIn(m); ok {
			return unsettled(field)
		}
		if next == nil {
			return nil
		}
		return next(seen, after, m)
	}
	return true, nil
}

// keptIn returns the first kept field that an item writes.
func (s *Server) keptIn(m record.Mutation) (field string, ok bool) {
	for name := range m.Data.All() {
		if s.keeps(m.Data.Key().Table, name) {
			return name, true
		}
	}
	return "", false
}

var errUnsettled = fmt.Errorf("the client has lost %d edits of kept fields: choose between the values of some of them first", maxKept)

// unsettled returns the refusal of an item whose client has too many open rows.
func unsettled(field string) *merge.Refusal {
	r := &merge.Refusal{Code: merge.LimitExceeded, Err: errUnsettled}
	if field != "" {
		r.Path = "data." + record.PathName(field)
	}
	return r
}
