package mergetest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// deliver lets a batch reach the server, judges the answer, and notes in the ledger what
// became of each write. It reports whether there is an answer.
func (w *world) deliver(does string, b batch, m schedule.Manner) (h heard, ok bool) {
	a := answer{batch: b, mark: w.ledger.Marks[b.client], top: b.latest()}
	a.known = w.sent(b)
	var err error
	r := &request{Manner: m, batch: b, does: does}
	w.serve(r, func() { h.text, err = w.backend.Push(b.client, b.body()) })
	if r.met {
		r.does = "now that ends"
	}
	if w.breach != nil || w.unanswered(r, a.known, err) {
		return h, false
	}
	if err := json.Unmarshal(h.text, &h.replies); err != nil {
		w.tell(r.does, "an answer that cannot be read")
		w.broken(law.WellFormed, "the answer is no array of replies: %s", unread(h.text, err))
		return h, false
	}
	w.tellPush(r.does, b, h.replies)
	a.replies, a.met = h.replies, r.met || w.serving.meetsPush()
	if w.judgeReplies(a) {
		w.settle(a)
	}
	return h, w.breach == nil
}

// unread says where an answer cannot be read, and how it begins.
func unread(text []byte, err error) string {
	begins := string(text)
	if len(begins) > 300 {
		begins = begins[:300] + "…"
	}
	return fmt.Sprintf("%s%v\nit begins  %s", unreadMember(text), err, strings.ToValidUTF8(begins, "\uFFFD"))
}

// unreadMember names the first member of a reply that cannot be read, if that is what is wrong.
func unreadMember(text []byte) string {
	var replies []map[string]json.RawMessage
	if json.Unmarshal(text, &replies) != nil {
		return ""
	}
	for i, members := range replies {
		for _, name := range slices.Sorted(maps.Keys(members)) {
			alone, err := json.Marshal(map[string]json.RawMessage{name: members[name]})
			if err != nil || json.Unmarshal(alone, new(merge.Reply)) != nil {
				return fmt.Sprintf("%s of reply %d: ", name, i)
			}
		}
	}
	return ""
}

// unanswered judges a push that was not answered, and reports whether it is one. Known is what
// was known before it.
func (w *world) unanswered(r *request, known []prior, err error) bool {
	switch {
	case r.dead && err == nil:
		w.tell(r.does, "Env.Crash returned an error, and Push went on")
		w.broken(law.Dies, "Env.Crash returned an error, and Push went on: it returned an answer, and no error")
	case r.dead:
		w.tell(r.does, "the server dies, and nobody knows what it stored")
		w.restart()
		w.judgeWhole(r.batch, known)
	case err != nil && (r.met || w.serving != nil):
		w.tell(r.does, "no answer: "+err.Error())
		w.judgeWhole(r.batch, known)
	case err != nil:
		w.tell(r.does, "error: "+err.Error())
		w.brokenPush(r.batch, err)
	}
	return err != nil || r.dead
}

// heard is an answer, as it came and as it was read.
type heard struct {
	text    []byte
	replies []merge.Reply
}

// prior is what the ledger knew of an item before it was sent.
type prior struct {
	accepted bool // all its writes were
	doubt    bool // nobody knows what is stored of its fields
	unsure   bool // nobody knows whether one of its writes is
}

// sent notes that the fate of the writes of a batch is not known yet. It returns what was
// known before.
func (w *world) sent(b batch) (known []prior) {
	w.sendings++
	for _, it := range b.items {
		k := prior{accepted: it.bad == "" && len(it.writes) > 0}
		for _, x := range it.writes {
			p := w.ledger.Of(x.FieldKey)
			f, seen := p.Writes[x.Write]
			k.accepted = k.accepted && seen && f.State == oracle.Accepted
			k.doubt = k.doubt || p.Open > 0
			k.unsure = k.unsure || seen && f.State == oracle.Unsure
		}
		known = append(known, k)
	}
	for _, it := range b.items {
		expected := it.bad == "" && !w.early(it)
		for _, x := range it.writes {
			p := w.ledger.Of(x.FieldKey)
			if expected {
				p.Set(x.Write, oracle.Fate{State: oracle.Unsure})
				w.ledger.Marks[b.client] = w.ledger.Marks[b.client].Sent(x.Time)
			} else if _, seen := p.Writes[x.Write]; !seen {
				p.Set(x.Write, oracle.Fate{State: oracle.Refused})
			}
			p.Writes[x.Write].Came = w.sendings
		}
	}
	return known
}

// brokenPush names the law that is broken by an error instead of an answer.
func (w *world) brokenPush(b batch, err error) {
	if w.blind() {
		w.broken(law.Blind, "Push returned an error instead of an answer: %v", err)
	}
	for i, it := range b.items {
		if it.bad != "" || w.early(it) {
			w.broken(law.Neighbours, "Push returned an error instead of an answer. Item %d of the batch is %s.\nerror: %v", i, w.flaw(it), err)
		}
	}
	w.broken(law.Answered, "Push: %v", err)
}
