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
func (j *judge) flaw(it *item) string {
	switch {
	case it.bad != "":
		return "bad: " + it.bad
	case j.blind():
		return "not to be judged, since the clock of the server is not set"
	}
	return "too far ahead"
}

// early reports whether an item must be refused for now.
func (j *judge) early(it *item) bool { return j.blind() || j.ahead(it) }

// ahead reports whether an item must be refused for its stamps.
func (j *judge) ahead(it *item) bool {
	for _, x := range it.writes {
		if j.able.can(canTellTime) && j.o.Bounded() && j.lead(x.Write) > j.o.MaxAhead {
			return true
		}
	}
	return false
}

// lead returns how far ahead of the time a write is stamped, in whole milliseconds.
func (j *judge) lead(x oracle.Write) time.Duration {
	return time.Duration(x.Time/1e6-j.now.UnixMilli()) * time.Millisecond
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
func (j *judge) at(a answer, i int) string {
	return fmt.Sprintf("reply %d, to %s", i, j.place(a.items[i].id))
}

// judgeReplies looks at each reply by itself, and reports whether all are right.
func (j *judge) judgeReplies(a answer) bool {
	if len(a.replies) != len(a.items) {
		j.broken(law.WellFormed, "%d items got %d replies", len(a.items), len(a.replies))
	}
	for i := 0; i < len(a.replies) && j.breach == nil; i++ {
		j.judgeForm(a, i)
		if j.breach == nil {
			j.judgeReply(a, i)
		}
	}
	return j.breach == nil
}

// judgeForm looks at the form of a reply.
func (j *judge) judgeForm(a answer, i int) {
	r, it := a.replies[i], a.items[i]
	unread := it.bad != "" || r.Verdict == "refused" && !j.early(it) // which is bad, or soon said to be wrong
	is := func(got, want string) bool { return got == want || unread && got == "" }
	switch {
	case r.Index != i || !is(r.Table, j.key(it.id).Table) || !is(r.ID, j.key(it.id).ID):
		j.broken(law.Order, "%s: it has the index %d and is about %s/%s", j.at(a, i), r.Index, r.Table, r.ID)
	case r.Verdict != "accepted" && r.Verdict != "refused":
		j.broken(law.WellFormed, "%s: the verdict is %q", j.at(a, i), r.Verdict)
	case r.Verdict == "refused" && r.Code == "":
		j.broken(law.WellFormed, "%s: it is refused, without a code", j.at(a, i))
	}
	for _, name := range slices.Sorted(maps.Keys(r.Fields)) {
		if outcome := r.Fields[name].Outcome; !slices.Contains([]string{"applied", "superseded", "equal", "collision"}, outcome) {
			j.broken(law.WellFormed, "%s: the outcome of the field %s is %q", j.at(a, i), name, outcome)
		}
	}
}

// judgeReply looks at the verdict.
func (j *judge) judgeReply(a answer, i int) {
	r, it := a.replies[i], a.items[i]
	ahead := r.Verdict == "refused" && r.Code == merge.TooFarAhead
	switch {
	case it.bad != "":
		j.judgeBad(a, i)
	case j.blind():
		j.judgeBlind(a, i)
	case j.ahead(it):
		if !ahead || !r.Retryable || !j.isTime(r.ServerTime) {
			j.brokenByNeighbour(a, i)
			j.broken(law.Ahead, "%s: its stamp is ahead by more than %v, and it got: %s, %s; it is %v", j.at(a, i), j.o.MaxAhead, brief(r), serverTime(r), clock.TimestampOf(j.now))
		}
	case ahead && !j.o.Bounded():
		j.broken(law.Ahead, "%s: by Options.MaxAhead there is no bound, and it got: %s", j.at(a, i), brief(r))
	case ahead && j.able.can(canTellTime):
		j.broken(law.Ahead, "%s: its stamp is not ahead by more than %v, and it got: %s", j.at(a, i), j.o.MaxAhead, brief(r))
	case r.Verdict == "refused" && !ahead:
		j.brokenRefusal(a, i)
	case a.known[i].accepted && r.Changed:
		j.brokenAnswer(complaint{law.Retry, j.at(a, i) + ": it was accepted before, and now it changed something: " + brief(r)})
	}
}

// isTime reports whether that is the time, to the second: more is not needed to mend a clock.
func (j *judge) isTime(at clock.Timestamp) bool {
	off := at.Time().Sub(j.now)
	return -time.Second < off && off < time.Second
}

func serverTime(r merge.Reply) string {
	if r.ServerTime.IsZero() {
		return "no serverTime"
	}
	return "serverTime " + r.ServerTime.String()
}

// judgeBad looks at the verdict about an item that must be refused.
func (j *judge) judgeBad(a answer, i int) {
	r, it := a.replies[i], a.items[i]
	if j.blind() && r.Code == merge.ServerClock {
		return // it may be judged later
	}
	j.brokenByNeighbour(a, i)
	if r.Verdict != "refused" || r.Retryable {
		j.broken(law.BadRefused, "%s: the item is %s, and got: %s", j.at(a, i), j.flaw(it), brief(r))
	}
	if it.code != "" && it.code != string(r.Code) {
		j.broken(law.BadRefused, "%s: it is refused with the code %s, and was before with %s", j.at(a, i), r.Code, it.code)
	}
	if _, given := j.o.refused[merge.Code(it.bad)]; given && string(r.Code) != it.bad {
		j.broken(law.BadRefused, "%s: by Options.Refused its code should be %s, and is %s", j.at(a, i), it.bad, r.Code)
	}
	it.code = string(r.Code)
}

// brokenByNeighbour tells of an item that should be refused like one before it, and is told to
// come again since that one was refused.
func (j *judge) brokenByNeighbour(a answer, i int) {
	r := a.replies[i]
	for n, it := range a.items[:i] {
		other := a.replies[n]
		rightly := it.bad != "" && !other.Retryable || j.early(it) && (other.Code == merge.ServerClock || other.Code == merge.TooFarAhead)
		if r.Verdict == "refused" && r.Retryable && other.Verdict == "refused" && rightly && r.Code != other.Code {
			j.broken(law.Neighbours, "%s: it is %s, and got: %s. Item %d of the same batch is %s", j.at(a, i), j.flaw(a.items[i]), brief(r), n, j.flaw(it))
		}
	}
}

// judgeBlind looks at the verdict of a server that does not know the time. What it accepted
// before, it may accept again, and an item without a write.
func (j *judge) judgeBlind(a answer, i int) {
	r := a.replies[i]
	again := (a.known[i].accepted || len(a.items[i].writes) == 0) && r.Verdict == "accepted" && !r.Changed
	if !again && (r.Verdict != "refused" || r.Code != merge.ServerClock || !r.Retryable) {
		j.brokenByNeighbour(a, i)
		j.broken(law.Blind, "%s: it is %s by the clock of the server, and it got: %s", j.at(a, i), j.wall().Format(time.DateOnly), brief(r))
	}
}

// brokenRefusal names the law that is broken because a sound item was refused.
func (j *judge) brokenRefusal(a answer, i int) {
	for n, it := range a.items {
		if n != i && (it.bad != "" || j.early(it)) {
			j.broken(law.Neighbours, "%s: it is sound, and got: %s. Item %d of the same batch is %s", j.at(a, i), brief(a.replies[i]), n, j.flaw(it))
		}
	}
	if a.known[i].accepted {
		j.broken(law.Retry, "%s: it was accepted before, and is refused now", j.at(a, i))
	}
	j.broken(law.Fine, "%s: it is sound, and got: %s", j.at(a, i), brief(a.replies[i]))
}
