package store

import (
	"context"
	"errors"
	"fmt"

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

// delete deletes the message with a sequence, which no other message ever has. It succeeds if the message was deleted
// before. A node that no longer has the file of the message, or that was restored without it, has no code for that, so
// delete asks for the message.
func (s *Store) delete(ctx context.Context, seq int64) error {
	err := s.api(ctx, "STREAM.MSG.DELETE", map[string]any{"seq": seq, "no_erase": true}, &struct{}{})
	e := new(jetstream.APIError)
	switch {
	case !errors.As(err, &e):
		return err
	case e.ErrorCode == codeNoSequence:
		return nil
	case e.ErrorCode == codeDelete:
		if found, asked := s.ask(ctx, map[string]any{"seq": seq}); asked == nil && found == 0 {
			return nil
		}
	}
	return err
}
