package replica

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
)

// ErrAnswer says that an answer is not one to what was sent.
var ErrAnswer = errors.New("replica: not an answer to what was sent")

// The verdicts of a merge.Reply.
const (
	accepted = "accepted"
	refused  = "refused"
)

// Answer takes what the server said to what Batch returned last: a JSON array with one
// merge.Reply for each item. An accepted item is confirmed. An item that is refused permanently is
// dropped, which is the rollback: the values that it covered show again. The rest stays, and items
// that were too far ahead are restamped. The serverTime of a reply is taken as by ServerTime.
//
// The error is ErrAnswer. On error nothing has changed.
func (r *Replica) Answer(answer []byte) error {
	batch := r.outbox.batch
	replies, err := parseReplies(answer, len(batch))
	if err != nil {
		return err
	}
	if err := check(replies, batch); err != nil {
		return err
	}
	r.outbox.batch = nil
	var late []*item
	var serverTime clock.Timestamp
	for i, reply := range replies {
		serverTime = cmp.Or(reply.ServerTime, serverTime)
		switch it := batch[i]; {
		case reply.Verdict == accepted:
			r.confirm(it, reply)
		case !waits(reply):
			r.refuse(it, reply)
		default:
			it.sent = false // the server has said that it does not have it
			it.put(&r.outbox.kept)
			if reply.Code == merge.TooFarAhead {
				late = append(late, it)
			}
		}
	}
	r.unsaved.state = true
	r.takeServerTime(serverTime, late)
	r.coalesceKept(batch)
	r.noticeFull(replies)
	return nil
}

// takeServerTime takes the server's time, and restamps what was too far ahead.
func (r *Replica) takeServerTime(serverTime clock.Timestamp, late []*item) {
	took := r.reading().Sub(r.asked)
	if len(late) == 0 {
		r.applyServerTime(serverTime, took)
		return
	}
	by := r.adjustOffset(serverTime, took)
	if again := r.restampWaiting(serverTime, took, late); again > 0 || by != 0 {
		r.notice(Notice{Kind: ClockCorrected, Code: merge.TooFarAhead, By: by})
	}
}

// coalesceKept drops what was refused for now and overwritten meanwhile.
func (r *Replica) coalesceKept(batch []*item) {
	for _, it := range batch {
		if it.queue == &r.outbox.kept {
			r.coalesce(r.touch(it.m.Data.Key()), it)
		}
	}
}

// parseReplies reads replies, and no more than answer what was sent.
func parseReplies(answer []byte, sent int) ([]merge.Reply, error) {
	d := json.NewDecoder(bytes.NewReader(answer))
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return nil, fmt.Errorf("%w: no array", ErrAnswer)
	}
	replies := make([]merge.Reply, 0, sent)
	for d.More() {
		if len(replies) == sent {
			return nil, fmt.Errorf("%w: more replies than the %d items", ErrAnswer, sent)
		}
		var reply merge.Reply
		if err := d.Decode(&reply); err != nil {
			return nil, fmt.Errorf("%w: [%d]: %w", ErrAnswer, len(replies), err)
		}
		replies = append(replies, reply)
	}
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("%w: data after the array", ErrAnswer)
	}
	return replies, nil
}

// waits reports whether an item goes on waiting after a reply.
func waits(reply merge.Reply) bool {
	return reply.Verdict == refused && (reply.Retryable || reply.Code == merge.TooFarAhead)
}

// check reports whether replies answer what was sent.
func check(replies []merge.Reply, batch []*item) error {
	if len(replies) != len(batch) {
		return fmt.Errorf("%w: %d replies to %d items", ErrAnswer, len(replies), len(batch))
	}
	for i, reply := range replies {
		key := batch[i].m.Data.Key()
		switch {
		case reply.Table != "" && reply.Table != key.Table || reply.ID != "" && reply.ID != key.ID:
			return fmt.Errorf("%w: [%d]: another record", ErrAnswer, i)
		case reply.Verdict != accepted && reply.Verdict != refused:
			return fmt.Errorf("%w: [%d].verdict", ErrAnswer, i)
		case reply.Code == merge.TooFarAhead && reply.ServerTime == 0:
			return fmt.Errorf("%w: [%d].serverTime", ErrAnswer, i)
		}
		for _, said := range reply.Fields {
			if met, ok := otherOf(said); ok && !met.Valid() {
				return fmt.Errorf("%w: [%d].fields", ErrAnswer, i)
			}
		}
	}
	return nil
}

// confirm moves an item from the outbox to what is confirmed.
func (r *Replica) confirm(it *item, reply merge.Reply) {
	h := r.remove(it)
	for name, c := range merge.Changes(h.confirmed, it.m.Data) {
		field := reply.Fields[name]
		if w, ok := whyAnswered(merge.Decision{Key: h.key, Field: name, Change: c}, it.m, field); ok {
			h.setWhy(w)
		}
		r.noticeLost(h.key, name, field)
	}
	h.confirmed = r.join(h.confirmed, it.m.Data)
	r.unsaved.record(h)
	r.noticeNotes(h.key, it.stamp().Time, reply.Notes)
	r.mark = max(r.mark, it.stamp().Time)
}

// refuse drops an item.
func (r *Replica) refuse(it *item, reply merge.Reply) {
	r.remove(it)
	r.noticeRefusal(it.m, reply)
}

// remove takes an item out of what waits, and returns what is held of its record.
func (r *Replica) remove(it *item) *held {
	h := r.touch(it.m.Data.Key())
	h.drop(it)
	it.leave()
	r.unsave(it)
	return h
}
