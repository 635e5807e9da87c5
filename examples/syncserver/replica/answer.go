package replica

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// ErrAnswer says that an answer is not one to what was sent last.
var ErrAnswer = errors.New("replica: not an answer to what was sent")

// The verdicts of a merge.Reply.
const (
	accepted = "accepted"
	refused  = "refused"
)

// Answer takes what the server said to what Batch or Outbox returned last: a JSON array with
// one merge.Reply for each item. What was accepted is confirmed. What was refused for good
// is dropped, which is the rollback: what it covered shows again. The rest stays. On error
// nothing has changed.
func (r *Replica) Answer(answer []byte) error {
	var replies []merge.Reply
	if err := json.Unmarshal(answer, &replies); err != nil {
		return fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	if err := r.check(replies); err != nil {
		return err
	}
	var serverTime clock.Timestamp
	keep := r.outbox[:0:0]
	for i, reply := range replies {
		it := r.outbox[i]
		switch {
		case reply.Verdict == accepted:
			r.confirm(it, reply)
		case reply.Code == merge.TooFarAhead:
			serverTime = reply.ServerTime
			keep = append(keep, it)
		case reply.Retryable:
			keep = append(keep, it)
		default:
			r.refuse(it, reply)
		}
	}
	r.outbox = append(keep, r.outbox[len(replies):]...)
	r.sent = 0
	r.unsaved.state = true
	if serverTime == 0 {
		return nil
	}
	return r.mend(serverTime)
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
	}
	return nil
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

// mend corrects the clock, which the server found to be ahead, makes it anew above all that
// is confirmed, and stamps anew what waits. The clock may be ahead although the wall clock is
// right, since somebody may have set that.
func (r *Replica) mend(serverTime clock.Timestamp) error {
	before := r.Now()
	r.offset = serverTime.Time().Sub(r.wall())
	r.noticeClock(r.Now().Sub(before))
	var last clock.Timestamp
	for _, table := range r.tables {
		for _, h := range table {
			last = max(last, newest(h.confirmed))
		}
	}
	if err := r.newClock(last); err != nil {
		return err
	}
	return r.restamp()
}

// restamp stamps anew what waits.
func (r *Replica) restamp() error {
	again, err := record.Restamp(r.Waiting(), r.stamp)
	if err != nil {
		return err
	}
	for i, m := range again {
		it := r.outbox[i]
		r.touch(m.Data.Key())
		it.m = m
		r.unsaved.items[it.number] = it
	}
	r.unsaved.state = true
	return nil
}
