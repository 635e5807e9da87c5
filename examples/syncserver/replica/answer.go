package replica

import (
	"encoding/json"
	"errors"
	"fmt"

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
// merge.Reply for each item. What was accepted is confirmed. What was refused for good is
// dropped, which is the rollback: what it covered shows again. The rest stays.
//
// The error is ErrAnswer; or, where the clock has to be corrected and the last stamp that there
// can be is in use, a *record.Error for record.ErrStamp. On error nothing has changed.
func (r *Replica) Answer(answer []byte) error {
	var replies []merge.Reply
	if err := json.Unmarshal(answer, &replies); err != nil {
		return fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	if err := r.check(replies); err != nil {
		return err
	}
	kept := r.kept(replies)
	if err := r.checkClock(replies, kept); err != nil {
		return err
	}
	for i, reply := range replies {
		switch it := r.outbox[i]; {
		case reply.Verdict == accepted:
			r.confirm(it, reply)
		case !waits(reply):
			r.refuse(it, reply)
		}
	}
	r.outbox, r.sent = kept, 0
	r.unsaved.state = true
	return nil
}

// waits reports whether an item goes on waiting after a reply.
func waits(reply merge.Reply) bool {
	return reply.Verdict == refused && (reply.Retryable || reply.Code == merge.TooFarAhead)
}

// check reports whether replies answer what was sent.
func (r *Replica) check(replies []merge.Reply) error {
	if len(replies) != r.sent {
		return fmt.Errorf("%w: %d replies to %d items", ErrAnswer, len(replies), r.sent)
	}
	for i, reply := range replies {
		key := r.outbox[i].m.Data.Key()
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

// kept returns what of the outbox waits after an answer.
func (r *Replica) kept(replies []merge.Reply) []*item {
	var kept []*item
	for i, reply := range replies {
		if waits(reply) {
			kept = append(kept, r.outbox[i])
		}
	}
	return append(kept, r.outbox[len(replies):]...)
}

// checkClock corrects the clock if the server found it to be ahead. It comes before all else that
// an answer changes, since nothing else can fail.
func (r *Replica) checkClock(replies []merge.Reply, kept []*item) error {
	var serverTime, last clock.Timestamp
	for i, reply := range replies {
		switch {
		case reply.Verdict == accepted:
			last = max(last, newest(r.outbox[i].m.Data))
		case reply.Code == merge.TooFarAhead:
			serverTime = reply.ServerTime
		}
	}
	if serverTime == 0 {
		return nil
	}
	return r.correctClock(serverTime, last, kept)
}

// confirm moves an item from the outbox to what is confirmed.
func (r *Replica) confirm(it *item, reply merge.Reply) {
	h := r.settle(it)
	for name, c := range merge.Changes(h.confirmed, it.m.Data) {
		field := reply.Fields[name]
		if w, ok := answered(merge.Decision{Key: h.key, Field: name, Change: c}, it.m, field); ok {
			h.tell(w)
		}
		r.noticeLost(h.key, name, field)
	}
	h.confirmed = r.join(h.confirmed, it.m.Data)
	r.unsaved.record(h)
	r.noticeNotes(h.key, reply.Notes)
}

// refuse drops an item.
func (r *Replica) refuse(it *item, reply merge.Reply) {
	r.settle(it)
	r.noticeRefusal(it.m, reply)
}

// settle takes an item out of what waits for its record.
func (r *Replica) settle(it *item) *held {
	h := r.touch(it.m.Data.Key())
	h.drop(it)
	r.unsaved.items[it.number] = nil
	return h
}
