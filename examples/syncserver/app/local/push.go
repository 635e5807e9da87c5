package local

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// pushAnswer is the answer to a push.
type pushAnswer struct {
	Results    json.RawMessage       `json:"results"`
	Violations []violation.Violation `json:"violations"`
	Unchecked  []string              `json:"unchecked,omitempty"`
	ServerTime clock.Timestamp       `json:"serverTime,omitzero"` // omitted while the clock is not set
}

// push decides on a batch and stores the result.
func (s *Server) push(d device, r Request) ([]byte, error) {
	if len(r.Body) > maxBody {
		return nil, &failure{413, "too_large", fmt.Sprintf("a push has at most %d bytes", maxBody)}
	}
	at, err := buckets.ParseCursor(r.Query["cursor"])
	if err != nil {
		return nil, &failure{400, "invalid_cursor", err.Error()}
	}
	if s.isForeign(at) {
		return nil, &failure{409, "epoch_changed", "the cursor is of another server: pull first"}
	}
	items, err := s.engine.Decode(r.Body)
	if err != nil {
		return nil, malformed(err)
	}
	now := s.now()
	push := s.engine.Prepare(merge.Request{Actor: d.client, Wall: now, Items: items, WholeItems: r.Query["v"] != "2"})
	stored := s.stored(d, push.Keys())
	answer, err := push.Apply(stored)
	if err != nil {
		return nil, err
	}
	wall := clock.TimestampOf(now)
	report := s.rules.Check(context.Background(), violation.Input{View: s.view, Changes: answer.Updates, Now: wall})
	for _, f := range report.Failed {
		if f.Rule == violation.BucketsRule { // rows that stay behind would be read by others
			return nil, &failure{413, "too_large", "too many violations are about the records: push fewer at once"}
		}
	}
	s.storeAll(answer.Updates)
	s.storeAll(report.Updates) // last, because a row may be in both
	for _, mark := range answer.Watermarks {
		s.mark(mark)
	}
	return json.Marshal(pushAnswer{
		Results: answer.AppendJSON(nil), Violations: told(report, stored.MayRead, wall), Unchecked: unchecked(report), ServerTime: wall,
	})
}

// isForeign reports whether a cursor is of another life of the server, for example before its saved state was removed.
func (s *Server) isForeign(at buckets.Cursor) bool {
	return at.Epoch() != "" && (at.Epoch() != s.epoch || at.Reached() > s.seq)
}

// stored returns the state to which a push is applied.
func (s *Server) stored(d device, keys []record.Key) merge.Stored {
	stored := merge.Stored{Watermarks: []clock.Stamp{{Time: s.marks[d.client], Client: d.client}}, Level: 1, StorageFull: s.isFull()}
	for _, key := range keys {
		stored.Records = append(stored.Records, s.rows[key].WithKey(key)) // without fields if there is none
	}
	have := s.members[d.user]
	rights := buckets.Rights{Of: s.of, Read: func(bucket string) bool {
		_, ok := have[bucket]
		return ok
	}}
	stored.MayRead, stored.MayWrite = rights.MayRead, rights.MayWrite
	if s.o.MayWrite == nil {
		return stored
	}
	roles := rolesOf(have)
	stored.MayWrite = func(seen, after record.Record, m record.Mutation) error {
		if err := rights.MayWrite(seen, after, m); err != nil {
			return err
		}
		return s.o.MayWrite(roles, seen, after, m)
	}
	return stored
}

func (s *Server) isFull() bool {
	limit := s.o.Storage
	if limit == 0 {
		limit = defaultStorage
	}
	return s.size >= limit
}

// storeAll stores the records of updates, each with the next sequence in each of its buckets and in each bucket that it
// leaves.
func (s *Server) storeAll(updates []merge.Update) {
	for _, u := range updates {
		s.seq++
		before, at := s.rows[u.After.Key()], make(map[string]int64)
		maps.Copy(at, before.at)
		for _, bucket := range slices.Concat(s.of.Of(before.Record, 0), s.of.Of(u.After, 0)) {
			at[bucket] = s.seq
		}
		s.put(row{Record: u.After, at: at})
		s.saveRow(u.After.Key())
	}
	s.saveState()
}

// put takes a row into memory.
func (s *Server) put(r row) {
	for _, w := range r.All() {
		s.greatest = max(s.greatest, w.Stamp.Time)
	}
	r.size = len(r.AppendJSON(nil))
	s.size += r.size - s.rows[r.Key()].size
	s.rows[r.Key()] = r
	s.view.Put(r.Record)
}

// told returns the violations that a push opened or closed, and that the user may read.
func told(report violation.Report, mayRead func(record.Record) bool, now clock.Timestamp) []violation.Violation {
	const most = 100
	all := []violation.Violation{}
	for _, u := range report.Updates {
		before, _ := violation.Parse(u.Before)
		after, err := violation.Parse(u.After)
		was, is := before.StatusAt(now), after.StatusAt(now)
		if err == nil && mayRead(u.After) && (was == violation.Open || is == violation.Open) && len(all) < most {
			after.Status = is
			all = append(all, after)
		}
	}
	return all
}

// unchecked returns the names of the rules that could not check all records, sorted.
func unchecked(report violation.Report) []string {
	var names []string
	for _, f := range report.Failed {
		names = append(names, f.Rule)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
