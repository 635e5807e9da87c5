package sim

import (
	"encoding/json"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// deliver delivers a batch to the server, judges the answer, and records the fate of each
// write in the ledger. It reports whether there is an answer.
func (w *world) deliver(does string, b check.Batch, m schedule.Manner) (h heard, ok bool) {
	a := check.Answer{Batch: b, Mark: w.Ledger.Marks[b.Client], Top: b.Latest()}
	a.Known = w.Sent(b)
	w.Changed()
	since := w.Tick()
	var err error
	r := &request{Manner: m, Batch: b, does: does}
	w.serve(r, func() { h.text, err = w.pushTo(b.Client, body(b)) })
	if r.met {
		r.does = "that request ends now"
	}
	if w.Breach != nil || w.unanswered(r, a, err) {
		return h, false
	}
	if err := json.Unmarshal(h.text, &h.replies); err != nil {
		w.Tell(r.does, "an unreadable answer")
		w.Broken(law.WellFormed, "the answer is not a JSON array of replies: %s", check.Unread(h.text, err))
		return h, false
	}
	w.raiseReplies(b, h.replies)
	w.tellPush(r.does, b, h.replies)
	w.JudgeAnswer(b, h.text, since)
	a.Replies, a.Met = h.replies, r.met || w.serving.meetsPush()
	if w.Breach == nil && w.JudgeReplies(a) {
		w.JudgeOutcomes(a)
	}
	w.Changed()
	return h, w.Breach == nil
}

// unanswered reports whether a push got no answer, and if so, judges the push. The parameter a has what the
// ledger knew before the push.
func (w *world) unanswered(r *request, a check.Answer, err error) bool {
	known, mark := a.Known, a.Mark
	switch {
	case r.failed && err == nil:
		w.Tell(r.does, "Env.Crash returned an error, but Push continued")
		w.Broken(law.Dies, "Env.Crash returned an error, but Push continued and returned an answer without an error")
	case r.failed && r.Dies == 0:
		w.Tell(r.does, "no answer, and the process goes on; it is unknown what it stored")
		if w.JudgeWhole(r.Batch, known) && !r.met {
			w.Ledger.Marks[r.Client] = mark // nothing was stored, so no later edit may have arrived before
		}
	case r.failed:
		w.Tell(r.does, "the server dies; it is unknown what it stored")
		w.restart()
		w.JudgeWhole(r.Batch, known)
	case err != nil && (r.met || w.serving != nil):
		w.Tell(r.does, "no answer: "+err.Error())
		w.JudgeWhole(r.Batch, known)
	case err != nil:
		w.Tell(r.does, "error: "+err.Error())
		w.BrokenPush(r.Batch, err)
	}
	return err != nil || r.failed
}

// heard is an answer, as text and decoded.
type heard struct {
	text    []byte
	replies []merge.Reply
}
