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
// make room. Instead, a client whose pushes have made too many rows that are open may not make more until some are closed.
// The row counts for the client whose push made it, and not for the one that lost: no client can stop another.

// maxKept is how many open rows of kept fields the pushes of a client may have made before it may make no more.
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
	case d.IncomingImported: // an import replaces only its own writes, which the source does not have any longer
		return true
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
	engine, records := s.engineFor(p), stored.Records
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
		var noRoom *merge.Refusal
		if !again && slices.ContainsFunc(all, func(e lostEdit) bool { return e.kept }) {
			if noRoom, err = tx.noRoom(ctx, p.by.Client, stored.StorageFull); err != nil {
				return j, err
			}
		}
		if noRoom == nil {
			j.lost = rowsOf(all, stored.StorageFull)
			return j, nil
		}
		engine.Guard = s.withoutRows(j, all, *noRoom).guard(engine.Guard)
		j.Push = engine.Prepare(p.push.Request())
	}
}

// noRoom returns why a push by a client may make no rows of kept fields. It returns nil if the push may.
func (s *session) noRoom(ctx context.Context, by clock.ClientID, storageFull bool) (*merge.Refusal, error) {
	if storageFull {
		return &merge.Refusal{Code: merge.StorageFull, Retryable: true}, nil
	}
	var n int
	err := s.tx.QueryRowContext(ctx, `
		SELECT count(*) FROM (SELECT 1 FROM scopes WHERE workspace = $1 AND rule = $2 AND name = $3 LIMIT $4) AS k`,
		s.workspace, violation.LostEditRule, hashOf(keptBy(by).Name), maxKept).Scan(&n)
	switch {
	case err != nil:
		return nil, fmt.Errorf("count rows of lost edits: %w", err)
	case n < maxKept:
		return nil, nil
	}
	return &merge.Refusal{Code: merge.LimitExceeded, Err: errUnsettled}, nil
}

var errUnsettled = fmt.Errorf("the client has made %d rows of lost edits of kept fields that are open: choose between the values of some of them first, or write the field after reading it", maxKept)

// withoutRows refuses the items that need rows of kept fields. It also refuses the other items of their records that
// win in kept fields: the author of such an item may have seen the write of a refused one, and not the value that
// stands instead. What loses in the first decision loses against a stored write, and so in the second one too.
func (s *Server) withoutRows(j judged, all []lostEdit, noRoom merge.Refusal) refusedItems {
	refused, records := make(refusedItems), make(map[record.Key]bool)
	refuse := func(item int, d merge.Decision) {
		again := noRoom
		if again.Code == merge.LimitExceeded {
			again.Path = "data." + record.PathName(d.Field)
		}
		refused[string(j.Request().Items[item].Mutation.AppendJSON(nil))] = &again
	}
	for _, e := range all {
		if e.kept {
			refuse(e.item, e.decision)
			records[e.decision.Key] = records[e.decision.Key] || e.decision.Won()
		}
	}
	for i, r := range j.answer.Results {
		for _, d := range r.Fields {
			if records[r.Key] && d.Won() && s.keeps(d.Key.Table, d.Field) {
				refuse(i, d)
			}
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
