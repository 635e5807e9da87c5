package mergetest

import (
	"encoding/json"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// deliver lets a batch reach the server, judges the answer, and notes in the ledger what
// became of each write. It reports whether there is an answer.
func (w *world) deliver(does string, b batch, m schedule.Manner) (h heard, ok bool) {
	a := answer{batch: b, mark: w.ledger.Marks[b.client], top: b.latest()}
	a.known = w.sent(b)
	var err error
	r := &request{Manner: m, batch: b, does: does}
	w.serve(r, func() { h.text, err = w.backend.Push(b.client, body(b)) })
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
