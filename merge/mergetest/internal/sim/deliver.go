package sim

import (
	"encoding/json"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// deliver lets a batch reach the server, judges the answer, and notes in the ledger what
// became of each write. It reports whether there is an answer.
func (w *world) deliver(does string, b check.Batch, m schedule.Manner) (h heard, ok bool) {
	a := check.Answer{Batch: b, Mark: w.Ledger.Marks[b.Client], Top: b.Latest()}
	a.Known = w.Sent(b)
	var err error
	r := &request{Manner: m, Batch: b, does: does}
	w.serve(r, func() { h.text, err = w.backend.Push(b.Client, body(b)) })
	if r.met {
		r.does = "now that ends"
	}
	if w.Breach != nil || w.unanswered(r, a.Known, err) {
		return h, false
	}
	if err := json.Unmarshal(h.text, &h.replies); err != nil {
		w.Tell(r.does, "an answer that cannot be read")
		w.Broken(law.WellFormed, "the answer is no array of replies: %s", check.Unread(h.text, err))
		return h, false
	}
	w.tellPush(r.does, b, h.replies)
	a.Replies, a.Met = h.replies, r.met || w.serving.meetsPush()
	if w.JudgeReplies(a) {
		w.JudgeOutcomes(a)
	}
	return h, w.Breach == nil
}

// unanswered judges a push that was not answered, and reports whether it is one. Known is what
// was known before it.
func (w *world) unanswered(r *request, known []check.Prior, err error) bool {
	switch {
	case r.dead && err == nil:
		w.Tell(r.does, "Env.Crash returned an error, and Push went on")
		w.Broken(law.Dies, "Env.Crash returned an error, and Push went on: it returned an answer, and no error")
	case r.dead:
		w.Tell(r.does, "the server dies, and it is not known what it stored")
		w.restart()
		w.JudgeWhole(r.Batch, known)
	case err != nil && (r.met || w.serving != nil):
		w.Tell(r.does, "no answer: "+err.Error())
		w.JudgeWhole(r.Batch, known)
	case err != nil:
		w.Tell(r.does, "error: "+err.Error())
		w.BrokenPush(r.Batch, err)
	}
	return err != nil || r.dead
}

// heard is an answer, as it came and as it was read.
type heard struct {
	text    []byte
	replies []merge.Reply
}
