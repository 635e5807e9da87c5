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

// push is the push handler without its HTTP part. The actor is the authenticated client,
// the body is the batch that it sent, and the returned bytes are its answer.
//
// After an error, nothing is stored, or perhaps everything if the commit itself failed.
// In both cases the client sends the same batch again, which is harmless.
func (s *server) push(ctx context.Context, actor clock.ClientID, body []byte) ([]byte, error) {
	items, err := s.engine.Decode(body)
	if err != nil {
		return nil, fmt.Errorf("the body is not a batch: %w", err) // status 400: a retry cannot succeed
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
	// Observe only after the commit: the clock must not advance for a write that is
	// rolled back.
	if err := s.clock.Observe(answer.Greatest); err != nil {
		return nil, err
	}
	return answer.AppendJSON(nil), nil
}

// apply does the work of a push in a transaction. All transactions take their locks in
// one order, so they cannot wait for each other in a circle: the watermark of the
// client, the records in the order of their keys, the scopes and the violation rows if
// the server has rules, and the counter. One kind of push breaks this order: see
// TestBatchOfBookingAndAcknowledgementMayDeadlock.
func (s *server) apply(ctx context.Context, tx *sql.Tx, push *merge.Push) (merge.Answer, error) {
	mark, err := lockMark(ctx, tx, push.Request().Actor)
	if err != nil {
		return merge.Answer{}, fmt.Errorf("watermark: %w", err)
	}
	found, err := s.load(ctx, tx, push.Keys())
	if err != nil {
		return merge.Answer{}, fmt.Errorf("load: %w", err)
	}
	stored := merge.Stored{Records: found.records.Lookup(push.Keys()), Watermarks: []clock.Stamp{mark}}
	if s.division != nil {
		if err := s.division.limit(ctx, tx, &stored); err != nil {
			return merge.Answer{}, fmt.Errorf("rights: %w", err)
		}
	}
	answer, err := push.Apply(stored)
	if err != nil {
		return merge.Answer{}, err
	}
	for _, mark := range answer.Watermarks {
		if err := saveMark(ctx, tx, mark); err != nil {
			return merge.Answer{}, fmt.Errorf("watermark: %w", err)
		}
	}
	return answer, s.finish(ctx, tx, found, answer.Updates)
}

// store checks the rules on updated records, and saves the records and the violation rows.
func (s *server) store(ctx context.Context, tx *sql.Tx, updates []merge.Update) error {
	rows, err := s.flag(ctx, tx, violation.Input{Changes: updates})
	if err != nil {
		return fmt.Errorf("violations: %w", err)
	}
	if err := s.save(ctx, tx, updates); err != nil {
		return err
	}
	return s.save(ctx, tx, rows) // last: a violation row may be among the updates too
}

// save gives each updated record its sequence and stores it. A retry updates nothing, so
// it takes no sequence and waits for no other transaction.
func (s *server) save(ctx context.Context, tx *sql.Tx, updates []merge.Update) error {
	if len(updates) == 0 {
		return nil
	}
	numbered, err := number(ctx, tx, updates)
	if err != nil {
		return fmt.Errorf("sequence: %w", err)
	}
	if err := s.layout.save(ctx, tx, numbered); err != nil {
		return fmt.Errorf("save: %w", err)
	}
	if s.division != nil {
		if err := s.division.file(ctx, tx, numbered); err != nil {
			return fmt.Errorf("buckets: %w", err)
		}
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

// number takes a sequence for each update.
func number(ctx context.Context, tx *sql.Tx, updates []merge.Update) ([]update, error) {
	first, err := takeSequences(ctx, tx, len(updates))
	numbered := make([]update, len(updates))
	for i, u := range updates {
		numbered[i] = update{u, first + int64(i)}
	}
	return numbered, err
}
