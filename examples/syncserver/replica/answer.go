package replica

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/replay/clientlog"
	"github.com/fieldlww/fieldlww/merge"
)

// ErrAnswer reports an answer that does not fit the request.
var ErrAnswer = errors.New("replica: the answer does not fit the request")

// The verdicts of a merge.Reply.
const (
	accepted = "accepted"
	refused  = "refused"
)

// Answer takes the server's answer to the batch that Batch returned last: a JSON array with one
// merge.Reply for each item. The accepted writes of an item are shown as confirmed. An item that is
// refused permanently is dropped, which rolls it back: the values that it covered are shown again.
// The other items stay in the outbox, and those that were too far ahead are restamped. The
// serverTime of a reply is handled as by ServerTime.
//
// The error is ErrAnswer. On error, the Replica is unchanged.
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
	r.logAnswer(batch, replies)
	var late []*item
	var serverTime clock.Timestamp
	for i, reply := range replies {
		serverTime = cmp.Or(reply.ServerTime, serverTime)
		switch it := batch[i]; {
		case reply.Verdict == accepted:
			r.confirm(it, reply)
		case !waits(reply):
			if reply.Code != merge.Gone || !r.postpone(it) {
				r.refuse(it, reply)
			}
		default:
			it.sent = false // the server has said that it did not store the item
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

// takeServerTime applies the server's time, and restamps the items that were too far ahead.
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

// coalesceKept drops items that were refused temporarily and have been overwritten meanwhile.
func (r *Replica) coalesceKept(batch []*item) {
	for _, it := range batch {
		if it.queue == &r.outbox.kept {
			r.coalesce(r.touch(it.m.Data.Key()), it)
		}
	}
}

// parseReplies reads the replies. It fails as soon as there are more replies than sent items.
func parseReplies(answer []byte, sent int) ([]merge.Reply, error) {
	d := json.NewDecoder(bytes.NewReader(answer))
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return nil, fmt.Errorf("%w: want a JSON array", ErrAnswer)
	}
	replies := make([]merge.Reply, 0, sent)
	for d.More() {
		if len(replies) == sent {
			return nil, fmt.Errorf("%w: more than %d replies", ErrAnswer, sent)
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
		return nil, fmt.Errorf("%w: want no data after the array", ErrAnswer)
	}
	return replies, nil
}

// waits reports whether an item stays in the outbox after a reply.
func waits(reply merge.Reply) bool {
	return reply.Verdict == refused && (reply.Retryable || reply.Code == merge.TooFarAhead)
}

// check returns an error unless the replies fit the batch.
func check(replies []merge.Reply, batch []*item) error {
	if len(replies) != len(batch) {
		return fmt.Errorf("%w: %d replies, want %d", ErrAnswer, len(replies), len(batch))
	}
	for i, reply := range replies {
		key := batch[i].m.Data.Key()
		switch {
		case reply.Table != "" && reply.Table != key.Table || reply.ID != "" && reply.ID != key.ID:
			return fmt.Errorf("%w: [%d]: the reply names another record", ErrAnswer, i)
		case reply.Verdict != accepted && reply.Verdict != refused:
			return fmt.Errorf("%w: [%d].verdict: want accepted or refused", ErrAnswer, i)
		case reply.Code == merge.TooFarAhead && reply.ServerTime == 0:
			return fmt.Errorf("%w: [%d].serverTime: required with too_far_ahead", ErrAnswer, i)
		}
		for _, said := range reply.Fields {
			if met, ok := otherOf(said); ok && !met.Valid() {
				return fmt.Errorf("%w: [%d].fields: a stamp needs a time and a client ID", ErrAnswer, i)
			}
		}
	}
	return nil
}

// confirm moves an item from the outbox to the overlays.
func (r *Replica) confirm(it *item, reply merge.Reply) {
	h := r.remove(it)
	data := r.acceptedOf(it, reply)
	for name, c := range merge.Changes(r.known(h), data) {
		field := reply.Fields[name]
		if w, ok := whyAnswered(merge.Decision{Key: h.key, Field: name, Change: c}, it.m, field); ok {
			h.setWhy(w)
		}
		if !it.again {
			r.noticeLost(h.key, name, field)
		}
	}
	if h.whyStale {
		r.unsaved.record(h)
	}
	if !it.again { // otherwise the user was told the first time
		r.noticeNotes(h.key, it.stamp().Time, reply.Notes)
	}
	r.mark = max(r.mark, it.stamp().Time)
	if data.Len() > 0 {
		r.keep(h, it, data)
	}
}

// refuse drops an item and notifies the user.
func (r *Replica) refuse(it *item, reply merge.Reply) {
	r.remove(it)
	r.logItems(clientlog.Dropped, string(reply.Code), it)
	r.noticeRefusal(it, reply)
}

// remove removes an item from the outbox, and returns the held state of its record.
func (r *Replica) remove(it *item) *held {
	h := r.touch(it.m.Data.Key())
	h.drop(it)
	it.leave()
	r.entries.outbox.remove(it)
	return h
}
