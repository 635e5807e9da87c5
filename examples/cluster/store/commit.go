package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
)

// Headers of NATS, and of a head.
const (
	headerBatch    = "Nats-Batch-Id"
	headerPlace    = "Nats-Batch-Sequence"
	headerCommit   = "Nats-Batch-Commit"
	headerExpected = "Nats-Expected-Last-Subject-Sequence"
	headerSubject  = "Nats-Expected-Last-Subject-Sequence-Subject"

	headerCount   = "Fieldlww-Count"   // of a head: the number of messages of its batch
	headerBuckets = "Fieldlww-Buckets" // of a head: the buckets, as a JSON array; * if they may be any
)

// mostBuckets is the greatest size of headerBuckets, in bytes. NATS permits 64 KiB for all headers.
const mostBuckets = 16 << 10

// mostMeetings is how often Commit sends a batch again that has met another one.
const mostMeetings = 9

// commitTime is how long Commit waits for the answer to one attempt.
const commitTime = 5 * time.Second

// Commit stores a batch. It tries for 20 seconds while there is no leader, and waits while this Store
// has too much on the way.
func (s *Store) Commit(ctx context.Context, b Batch) error {
	units, err := s.weigh(b)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := s.flight.take(ctx, units); err != nil {
		return timeUp(ctx, errors.New("too many batches are on the way"))
	}
	defer s.flight.give(units)
	for meetings, wait := 0, pause; ; {
		err := s.attempt(ctx, b)
		switch {
		case errors.Is(err, ErrUnavailable): // while a leader is elected
			if sleep(ctx, wait) != nil {
				return timeUp(ctx, err)
			}
			wait = min(2*wait, longest)
		case errors.Is(err, errMet) && b.If.Key.Kind == KindState && meetings < mostMeetings:
			// Another batch may depend on the same copy of the state. The next attempt picks a copy again.
			if meetings++; sleep(ctx, 2*time.Millisecond) != nil {
				return err
			}
		default:
			return err
		}
	}
}

// weigh checks a batch and returns how many units of the budget it takes.
func (s *Store) weigh(b Batch) (int, error) {
	messages, bytes := 0, 0
	seen := make(map[Key]bool, len(b.Puts))
	for _, p := range b.Puts {
		if p.Key.Workspace != b.Workspace || seen[p.Key] || p.Key == b.If.Key {
			return 0, fmt.Errorf("the batch is not valid: the key %s belongs to another workspace or occurs twice", p.Key)
		}
		seen[p.Key] = true
		n := copies(p.Key)
		messages += n
		bytes += n * (len(p.Data) + maxSubject)
		if size := len(p.Data) + 2*maxSubject; int64(size) > s.conn.MaxPayload() || len(s.subject(p.Key)) > maxSubject {
			return 0, fmt.Errorf("%w: the entry %s", ErrTooLarge, p.Key)
		}
	}
	if messages > MostPuts || bytes > MostBytes+messages*maxSubject {
		return 0, fmt.Errorf("%w: %d messages, %d bytes", ErrTooLarge, messages, bytes)
	}
	return min(mostUnits, 1+bytes/unit), nil
}

// copies returns in how many messages an entry is stored.
func copies(k Key) int {
	if k.Kind == KindState {
		return Copies
	}
	return 1
}

// attempt sends the messages of a batch and waits for the answer to the last one.
func (s *Store) attempt(ctx context.Context, b Batch) error {
	messages := s.messages(b)
	for _, m := range messages[:len(messages)-1] {
		if err := s.conn.PublishMsg(m); err != nil {
			return s.sendError(err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, commitTime)
	defer cancel()
	answer, err := s.conn.RequestMsgWithContext(ctx, messages[len(messages)-1])
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return fmt.Errorf("%w: the stream has no leader", ErrUnavailable)
	case errors.Is(err, nats.ErrMaxPayload):
		return s.sendError(err)
	case err != nil:
		return fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	return outcome(answer.Data)
}

// sendError returns the error of a batch if sending one of its messages failed.
func (s *Store) sendError(err error) error {
	if errors.Is(err, nats.ErrMaxPayload) {
		return fmt.Errorf("%w: %w", ErrTooLarge, err)
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}

// messages returns the messages of a batch. The last one is the head. It expects nothing of its own
// subject, so batches that write different entries do not conflict.
func (s *Store) messages(b Batch) []*nats.Msg {
	var all []*nats.Msg
	add := func(subject string, data []byte) *nats.Msg {
		m := nats.NewMsg(subject)
		m.Data = data
		m.Header.Set(headerBatch, b.ID)
		m.Header.Set(headerPlace, strconv.Itoa(len(all)+1))
		all = append(all, m)
		return m
	}
	for _, p := range b.Puts {
		if p.Key.Kind != KindState {
			add(s.subject(p.Key), p.Data).Header.Set(headerExpected, number(p.After))
			continue
		}
		for i := range Copies {
			add(s.state(p.Key, i), p.Data).Header.Set(headerExpected, number(copySeq(p.After, i)))
		}
	}
	head := add(s.head(b.Workspace), nil)
	head.Header.Set(headerCommit, "1")
	head.Header.Set(headerCount, strconv.Itoa(len(all)))
	head.Header.Set(headerBuckets, buckets(b.Puts))
	if b.If.Key != (Key{}) {
		subject, seq := s.subject(b.If.Key), b.If.Seq
		if b.If.Key.Kind == KindState {
			copy := anyCopy()
			subject, seq = s.state(b.If.Key, copy), copySeq(seq, copy)
		}
		head.Header.Set(headerExpected, number(seq))
		head.Header.Set(headerSubject, subject)
	}
	return all
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

// buckets returns the text of headerBuckets.
func buckets(puts []Put) string {
	names := []string{}
	for _, p := range puts {
		if p.Key.Kind == KindState || p.Key.Kind == KindUser {
			return "*"
		}
		names = append(names, p.Buckets...)
	}
	slices.Sort(names)
	text, err := json.Marshal(slices.Compact(names))
	if err != nil || len(text) > mostBuckets {
		return "*"
	}
	return string(text)
}
