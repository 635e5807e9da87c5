package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// codeDelete is the code for a message that was deleted or replaced before.
const codeDelete = 10057

// Delete deletes entries, unless they were replaced in the meantime. It is not atomic: after an
// error, some of them may be deleted, and a retry deletes the rest. Deleting moves no head, so After
// and Watch do not report it. A later Put of the key has After = 0. Entries of KindState cannot be
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
	request, err := json.Marshal(map[string]any{"seq": seq, "no_erase": true})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	answer, err := s.conn.RequestWithContext(ctx, "$JS.API.STREAM.MSG.DELETE."+s.name, request)
	if err != nil {
		return err
	}
	var result struct {
		Error *jetstream.APIError `json:"error"`
	}
	if err := json.Unmarshal(answer.Data, &result); err != nil {
		return err
	}
	if result.Error == nil || result.Error.ErrorCode == codeDelete || result.Error.ErrorCode == codeNotFound {
		return nil
	}
	return result.Error
}
