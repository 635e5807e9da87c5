package remote

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strconv"

	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/merge"
)

// How much is sent at once: as much as the server takes.
const (
	maxItems = 1000
	maxBytes = 4 << 20
)

// Remote syncs a Replica with a server. As a Replica, it must not be used from two
// goroutines at once.
type Remote struct {
	Server  Server
	Token   string
	Replica *replica.Replica
	// Save writes entries to the device's storage in one transaction. It is called before
	// anything is sent, and after anything has come. Nil means that nothing is saved.
	Save func([]replica.Entry) error

	unsaved []replica.Entry // what Save has failed to write
}

// Sync pulls until all is here, pushes as Push does, and then pulls again. It pulls first, so
// that what an edit is about to replace is here and can be told.
func (r *Remote) Sync(ctx context.Context) error {
	if err := r.Pull(ctx); err != nil || r.Replica.Len() == 0 {
		return err
	}
	if err := r.Push(ctx); err != nil {
		return err
	}
	return r.Pull(ctx)
}

// Pull pulls until an empty page comes.
func (r *Remote) Pull(ctx context.Context) error {
	for {
		query := url.Values{"after": {"0"}, "limit": {strconv.Itoa(maxItems)}}
		if cursor := r.Replica.Cursor(); cursor != "" {
			query.Set("after", cursor)
		}
		lines, err := r.Server.do(ctx, call{"GET", "/v1/pull?" + query.Encode(), r.Token, nil})
		if err != nil || len(lines) == 0 {
			return err
		}
		next, err := replica.LastSequence(lines)
		if err != nil {
			return err
		}
		if err := r.Replica.Pulled(lines, next); err != nil {
			return err
		}
		if err := r.save(); err != nil {
			return err
		}
	}
}

// Push pushes until the outbox is empty, or the server keeps all of it waiting twice in a
// row. A batch that is refused as a whole is sent in parts, until the item is found that
// makes no sense to the server. That is dropped.
func (r *Remote) Push(ctx context.Context) error {
	items := maxItems
	for stuck := 0; stuck < 2 && r.Replica.Len() > 0; {
		if err := r.save(); err != nil {
			return err
		}
		before := r.Replica.Len()
		answer, err := r.push(ctx, r.Replica.Batch(items, maxBytes))
		var fail *StatusError
		if errors.As(err, &fail) && fail.isOfBatch() {
			if n := r.Replica.Sent(); n > 1 {
				items = n / 2
				continue
			}
			answer, err = refusal(fail)
		}
		if err != nil {
			return err
		}
		if err := r.Replica.Answer(answer); err != nil {
			return err
		}
		items = maxItems
		if stuck++; r.Replica.Len() < before {
			stuck = 0
		}
	}
	return r.save()
}

// push sends a batch and returns the replies.
func (r *Remote) push(ctx context.Context, batch []byte) ([]byte, error) {
	body, err := r.Server.do(ctx, call{"POST", "/v1/push", r.Token, batch})
	if err != nil {
		return nil, err
	}
	var answer struct {
		Results json.RawMessage `json:"results"`
	}
	err = json.Unmarshal(body, &answer)
	return answer.Results, err
}

// isOfBatch reports whether something in a batch is why it failed. The code is the
// server's own; a proxy may answer with the same status, and knows nothing of the batch.
func (e *StatusError) isOfBatch() bool { return e.Code == "malformed" || e.Code == "too_large" }

// refusal returns the answer to a batch of one item that was refused as a whole.
func refusal(fail *StatusError) ([]byte, error) {
	return json.Marshal([]merge.Reply{{Verdict: "refused", Code: merge.Code(fail.Code), Detail: fail.Detail}})
}

func (r *Remote) save() error {
	r.unsaved = append(r.unsaved, r.Replica.TakeSaves()...)
	if r.Save != nil && len(r.unsaved) > 0 {
		if err := r.Save(r.unsaved); err != nil {
			return err
		}
	}
	r.unsaved = nil
	return nil
}
