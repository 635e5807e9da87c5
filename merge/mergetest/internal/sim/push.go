package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// push sends the outbox of a device, or a part of it.
func (w *world) push(d *device, m schedule.Manner) {
	if d.client != nil {
		w.pushClient(d, m)
		return
	}
	items := slices.Clone(d.outbox)
	if len(items) == 0 {
		return
	}
	if len(items) == 1 {
		m.Last, m.Reversed = false, false // with one item, they would make no difference
	}
	if m.Last {
		items, m.Reversed = items[len(items)-1:], false
	}
	if m.Reversed {
		slices.Reverse(items)
	}
	if m.Doubled {
		items = slices.Concat(items, items)
	}
	if h, ok := w.send(d, items, m); ok && !m.Lost {
		d.applyAnswer(items, h.replies)
	}
	w.auditUnlessUnread(m)
}

// auditUnlessUnread audits the server after a push, unless no device is to pull after it.
func (w *world) auditUnlessUnread(m schedule.Manner) {
	if m.Unread {
		w.Unread = true
	} else {
		w.Audit()
	}
}

// send delivers a batch in the given manner, and returns the answer, if there is one.
func (w *world) send(d *device, items []*check.Item, m schedule.Manner) (h heard, ok bool) {
	b := check.Batch{Client: d.id, Items: items}
	for _, it := range items {
		it.Sent = true
	}
	m.Spelled = m.Spelled && slices.ContainsFunc(items, func(it *check.Item) bool { return it.Bad == "" })
	if m.Spelled {
		b = respelled(b)
	}
	d.batches = append(d.batches, b)
	w.CountPush(m, b)
	does := d.name + " pushes" + m.String()
	if m.Garbled > 0 || m.Cut > 0 {
		w.deliverDamaged(does, b, m)
		does = "then the undamaged batch arrives"
	}
	if w.Breach == nil {
		h, ok = w.deliver(does, b, m)
	}
	if m.Twice && w.Breach == nil {
		w.deliver("the network repeats that push", b, schedule.Manner{})
	}
	return h, ok && w.Breach == nil
}

// resend delivers an old batch again.
func (w *world) resend(d *device, n int) {
	if len(d.batches) == 0 {
		return
	}
	w.Count("resends")
	b := d.batches[len(d.batches)-1-n%len(d.batches)]
	w.deliver("the network repeats a push of "+d.name, b, schedule.Manner{})
	w.Audit()
}

// body returns a batch as the bytes of a push.
func body(b check.Batch) []byte {
	var raws [][]byte
	for _, it := range b.Items {
		raws = append(raws, it.Raw)
	}
	return slices.Concat([]byte("["), bytes.Join(raws, []byte(",")), []byte("]"))
}

// damaged returns a batch as it arrives if a byte is garbled or the end is cut off, and
// reports for each item whether it is whole. A garbled byte always makes the batch invalid
// UTF-8.
func damaged(b check.Batch, m schedule.Manner) (text []byte, whole []bool) {
	text = body(b)
	from, to := (m.Garbled-1)%len(text), (m.Garbled-1)%len(text)
	if m.Cut > 0 {
		from, to = (m.Cut-1)%len(text), len(text)
		text = text[:from]
	} else {
		text[from] ^= 0x80
	}
	at := 1
	for _, it := range b.Items {
		end := at + len(it.Raw)
		whole = append(whole, to < at || from >= end)
		at = end + 1
	}
	return text, whole
}

// deliverDamaged delivers a copy of a batch that was damaged in transit, and judges which of
// its items are merged. The answer is lost.
func (w *world) deliverDamaged(does string, b check.Batch, m schedule.Manner) {
	body, whole := damaged(b, m)
	w.Sent(b)
	w.Changed()
	since := w.Tick()
	w.Last.Damage = w.Sendings
	w.Count(map[bool]string{true: "cut", false: "garbled"}[m.Cut > 0])
	var text []byte
	var err error
	w.serve(&request{does: does}, func() { text, err = w.pushTo(b.Client, body) })
	if err != nil {
		w.Tell(does, "error: "+err.Error())
		w.Audit()
		return
	}
	var replies []merge.Reply
	if err := json.Unmarshal(text, &replies); err != nil {
		w.Tell(does, "an unreadable answer")
		w.Broken(law.WellFormed, "the answer is not a JSON array of replies: %s", check.Unread(text, err))
		return
	}
	w.raiseReplies(b, replies)
	w.tellPush(does, b, replies)
	w.JudgeAnswer(b, text, since)
	for i, r := range replies {
		if r.Verdict == "accepted" && (i >= len(whole) || !whole[i]) {
			w.Audit()
			w.Broken(law.Damaged, "%s: the item was damaged, but was accepted\nit arrived as %s", w.At(check.Answer{Batch: b}, i), textAround(body, m))
		}
	}
	w.Audit()
}

// textAround quotes the damaged batch around the place of the damage.
func textAround(body []byte, m schedule.Manner) string {
	at := len(body)
	if m.Cut == 0 {
		at = (m.Garbled - 1) % len(body)
	}
	return fmt.Sprintf("…%q…", body[max(0, at-30):min(len(body), at+15)])
}
