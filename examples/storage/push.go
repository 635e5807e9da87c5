package main

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// push is the push handler, without what HTTP adds to it: who the actor is was
// authenticated before, the body is what it sent, and the answer is what it gets.
//
// After an error nothing is stored, or, if the commit itself failed, perhaps all of
// it. In both cases the client sends the same again, which is harmless.
func (s *server) push(ctx context.Context, actor clock.ClientID, body []byte) ([]byte, error) {
	items, err := s.engine.Decode(body)
	if err != nil {
		return nil, fmt.Errorf("no batch: %w", err) // status 400: it will never be one
	}
	push := s.engine.Prepare(merge.Request{Actor: actor, Wall: s.wall(), Items: items})
	var answer merge.Answer
	err = s.transaction(ctx, nil, func(tx *sql.Tx) error {
		answer, err = s.apply(ctx, tx, push)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("not stored: %w", err) // status 503
	}
	// Not before: of what is rolled back the clock must not know.
	if err := s.clock.Observe(answer.Greatest); err != nil {
		return nil, err
	}
	return answer.AppendJSON(nil), nil
}

// apply does in a transaction what a push asks for. All transactions take their locks
// in one order, and so cannot wait for each other in a circle: the mark of the client,
// the records in the order of their keys, the scopes and the rows of violations if the
// server has rules, the counter. One kind of push has no such order: see TestMixedBatch.
func (s *server) apply(ctx context.Context, tx *sql.Tx, push *merge.Push) (merge.Answer, error) {
	mark, err := lockMark(ctx, tx, push.Request().Actor)
	if err != nil {
		return merge.Answer{}, fmt.Errorf("mark: %w", err)
	}
	found, err := s.layout.load(ctx, tx, push.Keys())
	if err != nil {
		return merge.Answer{}, fmt.Errorf("load: %w", err)
	}
	answer, err := push.Apply(merge.Stored{Records: found.Lookup(push.Keys()), Watermarks: []clock.Stamp{mark}})
	if err != nil {
		return merge.Answer{}, err
	}
	for _, mark := range answer.Watermarks {
		if err := saveMark(ctx, tx, mark); err != nil {
			return merge.Answer{}, fmt.Errorf("mark: %w", err)
		}
	}
	rows, err := s.flag(ctx, tx, violation.Input{Changes: answer.Updates})
	if err != nil {
		return merge.Answer{}, fmt.Errorf("violations: %w", err)
	}
	if err := s.save(ctx, tx, answer.Updates); err != nil {
		return merge.Answer{}, err
	}
	return answer, s.save(ctx, tx, rows) // not before: a row may be among the updates, too
}

// save gives each updated record its sequence, and stores it. A retry updates nothing,
// takes no sequence and waits for nobody.
func (s *server) save(ctx context.Context, tx *sql.Tx, updates []merge.Update) error {
	if len(updates) == 0 {
		return nil
	}
	first, err := takeSequences(ctx, tx, len(updates))
	if err != nil {
		return fmt.Errorf("sequence: %w", err)
	}
	numbered := make([]update, len(updates))
	for i, u := range updates {
		numbered[i] = update{u, first + int64(i)}
	}
	if err := s.layout.save(ctx, tx, numbered); err != nil {
		return fmt.Errorf("save: %w", err)
	}
	if s.violations == nil {
		return nil
	}
	records := make([]record.Record, len(updates))
	for i, u := range updates {
		records[i] = u.After
	}
	return s.violations.index(ctx, tx, records)
}
