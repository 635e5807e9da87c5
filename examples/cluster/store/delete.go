package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// Delete deletes entries, unless they were replaced in the meantime. It is not atomic: after an
// error, some of them may be deleted, and a retry deletes the rest. Deleting moves no head, so After
// and Watch do not report it, and a Load may still return the entry for a moment. A later Put of the
// key has After = 0. Entries of KindState cannot be
// deleted.
func (s *Store) Delete(ctx context.Context, entries []Entry) error {
	for _, e := range entries {
		if e.Key.Kind == KindState {
			return fmt.Errorf("the entry %s cannot be deleted", e.Key)
		}
	}
	for _, e := range entries {
		if e.Seq == 0 {
			continue
		}
		err := retry(ctx, func(ctx context.Context) error { return s.delete(ctx, e.Seq) })
		if err != nil {
			return fmt.Errorf("delete the entry %s: %w", e.Key, err)
		}
	}
	return nil
}

// delete deletes the message with a sequence, which no other message ever has.
func (s *Store) delete(ctx context.Context, seq int64) error {
	err := s.api(ctx, "STREAM.MSG.DELETE", map[string]any{"seq": seq, "no_erase": true}, &struct{}{})
	if isGone(err) {
		return nil
	}
	return err
}

// isGone reports whether an answer means that a message was deleted before. If the node no longer has the file of the
// message either, only the description says so.
func isGone(err error) bool {
	e := new(jetstream.APIError)
	return errors.As(err, &e) && (e.ErrorCode == codeNoSequence || e.ErrorCode == codeDelete && strings.Contains(e.Description, "no message found"))
}
