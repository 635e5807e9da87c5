package mergetest

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
)

// flaw says what is wrong with an item.
func (w *world) flaw(it *item) string {
	switch {
	case it.bad != "":
		return "bad: " + it.bad
	case w.blind():
		return "not to be judged, since the clock of the server is not set"
	}
	return "too far ahead"
}

// early reports whether an item must be refused for now.
func (w *world) early(it *item) bool { return w.blind() || w.ahead(it) }

// ahead reports whether an item must be refused for its stamps.
func (w *world) ahead(it *item) bool {
	for _, x := range it.writes {
		if w.able.can(canTellTime) && w.o.Bounded() && w.lead(x.Write) > w.o.MaxAhead {
			return true
		}
	}
	return false
}

// lead returns how far ahead of the time a write is stamped, in whole milliseconds.
func (w *world) lead(x oracle.Write) time.Duration {
	return time.Duration(x.Time/1e6-w.now.UnixMilli()) * time.Millisecond
}

// answer is an answer that can be read, and what the kit knows of it.
type answer struct {
	batch
	replies []merge.Reply
	known   []prior
	mark    oracle.Mark // of the client, before
	met     bool        // another request was served at the same time
	top     int64       // the greatest time in it
}

// at names a reply.
func (w *world) at(a answer, i int) string {
	return fmt.Sprintf("reply %d, to %s", i, w.place(a.items[i].id))
}

// judgeReplies looks at each reply by itself, and reports whether all are right.
func (w *world) judgeReplies(a answer) bool {
	if len(a.replies) != len(a.items) {
		w.broken(law.WellFormed, "%d items got %d replies", len(a.items), len(a.replies))
	}
	for i := 0; i < len(a.replies) && w.breach == nil; i++ {
		w.judgeForm(a, i)
		if w.breach == nil {
			w.judgeReply(a, i)
		}
	}
	return w.breach == nil
}

// judgeForm looks at the form of a reply.
func (w *world) judgeForm(a answer, i int) {
	r, it := a.replies[i], a.items[i]
	unread := it.bad != "" || r.Verdict == "refused" && !w.early(it) // which is bad, or soon said to be wrong
	is := func(got, want string) bool { return got == want || unread && got == "" }
	switch {
	case r.Index != i || !is(r.Table, w.key(it.id).Table) || !is(r.ID, w.key(it.id).ID):
		w.broken(law.Order, "%s: it has the index %d and is about %s/%s", w.at(a, i), r.Index, r.Table, r.ID)
	case r.Verdict != "accepted" && r.Verdict != "refused":
		w.broken(law.WellFormed, "%s: the verdict is %q", w.at(a, i), r.Verdict)
	case r.Verdict == "refused" && r.Code == "":
		w.broken(law.WellFormed, "%s: it is refused, without a code", w.at(a, i))
	}
	for _, name := range slices.Sorted(maps.Keys(r.Fields)) {
		if outcome := r.Fields[name].Outcome; !slices.Contains([]string{"applied", "superseded", "equal", "collision"}, outcome) {
			w.broken(law.WellFormed, "%s: the outcome of the field %s is %q", w.at(a, i), name, outcome)
		}
	}
}

// judgeReply looks at the verdict.
func (w *world) judgeReply(a answer, i int) {
	r, it := a.replies[i], a.items[i]
	ahead := r.Verdict == "refused" && r.Code == merge.TooFarAhead
	switch {
	case it.bad != "":
		w.judgeBad(a, i)
	case w.blind():
		w.judgeBlind(a, i)
	case w.ahead(it):
		if !ahead || !r.Retryable || !w.isTime(r.ServerTime) {
			w.brokenByNeighbour(a, i)
			w.broken(law.Ahead, "%s: its stamp is ahead by more than %v, and it got: %s, %s; it is %v", w.at(a, i), w.o.MaxAhead, brief(r), serverTime(r), clock.TimestampOf(w.now))
		}
	case ahead && !w.o.Bounded():
		w.broken(law.Ahead, "%s: by Options.MaxAhead there is no bound, and it got: %s", w.at(a, i), brief(r))
	case ahead && w.able.can(canTellTime):
		w.broken(law.Ahead, "%s: its stamp is not ahead by more than %v, and it got: %s", w.at(a, i), w.o.MaxAhead, brief(r))
	case r.Verdict == "refused" && !ahead:
		w.brokenRefusal(a, i)
	case a.known[i].accepted && r.Changed:
		w.brokenAnswer(complaint{law.Retry, w.at(a, i) + ": it was accepted before, and now it changed something: " + brief(r)})
	}
}

// isTime reports whether that is the time, to the second: more is not needed to mend a clock.
func (w *world) isTime(at clock.Timestamp) bool {
	off := at.Time().Sub(w.now)
	return -time.Second < off && off < time.Second
}

func serverTime(r merge.Reply) string {
	if r.ServerTime.IsZero() {
		return "no serverTime"
	}
	return "serverTime " + r.ServerTime.String()
}

// judgeBad looks at the verdict about an item that must be refused.
func (w *world) judgeBad(a answer, i int) {
	r, it := a.replies[i], a.items[i]
	if w.blind() && r.Code == merge.ServerClock {
		return // it may be judged later
	}
	w.brokenByNeighbour(a, i)
	if r.Verdict != "refused" || r.Retryable {
		w.broken(law.BadRefused, "%s: the item is %s, and got: %s", w.at(a, i), w.flaw(it), brief(r))
	}
	if it.code != "" && it.code != string(r.Code) {
		w.broken(law.BadRefused, "%s: it is refused with the code %s, and was before with %s", w.at(a, i), r.Code, it.code)
	}
	if _, given := w.o.refused[merge.Code(it.bad)]; given && string(r.Code) != it.bad {
		w.broken(law.BadRefused, "%s: by Options.Refused its code should be %s, and is %s", w.at(a, i), it.bad, r.Code)
	}
	it.code = string(r.Code)
}

// brokenByNeighbour tells of an item that should be refused like one before it, and is told to
// come again since that one was refused.
func (w *world) brokenByNeighbour(a answer, i int) {
	r := a.replies[i]
	for j, it := range a.items[:i] {
		other := a.replies[j]
		rightly := it.bad != "" && !other.Retryable || w.early(it) && (other.Code == merge.ServerClock || other.Code == merge.TooFarAhead)
		if r.Verdict == "refused" && r.Retryable && other.Verdict == "refused" && rightly && r.Code != other.Code {
			w.broken(law.Neighbours, "%s: it is %s, and got: %s. Item %d of the same batch is %s", w.at(a, i), w.flaw(a.items[i]), brief(r), j, w.flaw(it))
		}
	}
}

// judgeBlind looks at the verdict of a server that does not know the time. What it accepted
// before, it may accept again, and an item without a write.
func (w *world) judgeBlind(a answer, i int) {
	r := a.replies[i]
	again := (a.known[i].accepted || len(a.items[i].writes) == 0) && r.Verdict == "accepted" && !r.Changed
	if !again && (r.Verdict != "refused" || r.Code != merge.ServerClock || !r.Retryable) {
		w.brokenByNeighbour(a, i)
		w.broken(law.Blind, "%s: it is %s by the clock of the server, and it got: %s", w.at(a, i), w.wall().Format(time.DateOnly), brief(r))
	}
}

// brokenRefusal names the law that is broken because a sound item was refused.
func (w *world) brokenRefusal(a answer, i int) {
	for j, it := range a.items {
		if j != i && (it.bad != "" || w.early(it)) {
			w.broken(law.Neighbours, "%s: it is sound, and got: %s. Item %d of the same batch is %s", w.at(a, i), brief(a.replies[i]), j, w.flaw(it))
		}
	}
	if a.known[i].accepted {
		w.broken(law.Retry, "%s: it was accepted before, and is refused now", w.at(a, i))
	}
	w.broken(law.Fine, "%s: it is sound, and got: %s", w.at(a, i), brief(a.replies[i]))
}
