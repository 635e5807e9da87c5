package check

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

// flaw describes what is wrong with an item.
func (j *Judge) flaw(it *Item) string {
	switch {
	case it.Bad != "":
		return "invalid: " + it.Bad
	case j.blind():
		return "impossible to judge, because the server's clock is not set"
	}
	return "too far ahead"
}

// early reports whether an item must be refused for now.
func (j *Judge) early(it *Item) bool { return j.blind() || j.ahead(it) }

// ahead reports whether an item must be refused because of its stamps.
func (j *Judge) ahead(it *Item) bool {
	for _, x := range it.Writes {
		if j.Able.Can(CanTellTime) && j.o.Bounded() && j.lead(x.Write) > j.o.MaxAhead {
			return true
		}
	}
	return false
}

// lead returns how far a write is stamped ahead of the current time, in whole milliseconds.
func (j *Judge) lead(x oracle.Write) time.Duration {
	return time.Duration(x.Time/1e6-j.Now.UnixMilli()) * time.Millisecond
}

// Answer is a decoded answer, with the kit's knowledge of its push.
type Answer struct {
	Batch
	Replies []merge.Reply
	Known   []Prior
	Mark    oracle.Mark // the client's watermark before the push
	Met     bool        // whether another request was served at the same time
	Top     int64       // the greatest time in the batch
	rulings []oracle.Ruling
}

// At names a reply by its index and record.
func (j *Judge) At(a Answer, i int) string {
	return fmt.Sprintf("reply %d, to %s", i, j.place(a.Items[i].ID))
}

// JudgeReplies judges each reply on its own, and reports whether all are right.
func (j *Judge) JudgeReplies(a Answer) bool {
	if len(a.Replies) != len(a.Items) {
		j.Broken(law.WellFormed, "%d items got %d replies", len(a.Items), len(a.Replies))
	}
	a.rulings = j.rulings(a)
	for i := 0; i < len(a.Replies) && j.Breach == nil; i++ {
		j.judgeForm(a, i)
		if j.Breach == nil {
			j.judgeReply(a, i)
		}
	}
	return j.Breach == nil
}

// judgeForm judges the form of a reply.
func (j *Judge) judgeForm(a Answer, i int) {
	r, it := a.Replies[i], a.Items[i]
	unread := it.Bad != "" || r.Verdict == "refused" && !j.early(it) // the item may have no readable key, or the verdict is judged later
	is := func(got, want string) bool { return got == want || unread && got == "" }
	switch {
	case r.Index != i || !is(r.Table, j.Key(it.ID).Table) || !is(r.ID, j.Key(it.ID).ID):
		j.Broken(law.Order, "%s: it has the index %d and the key %s/%s", j.At(a, i), r.Index, r.Table, r.ID)
	case r.Verdict != "accepted" && r.Verdict != "refused":
		j.Broken(law.WellFormed, "%s: the verdict is %q", j.At(a, i), r.Verdict)
	case r.Verdict == "refused" && r.Code == "":
		j.Broken(law.WellFormed, "%s: the item is refused without a code", j.At(a, i))
	}
	for _, name := range slices.Sorted(maps.Keys(r.Fields)) {
		if outcome := r.Fields[name].Outcome; !slices.Contains([]string{"applied", "superseded", "equal", "collision"}, outcome) && (outcome != gone || j.Ledger.Fence == 0) {
			j.Broken(law.WellFormed, "%s: the outcome of the field %s is %q", j.At(a, i), name, outcome)
		}
	}
}

// judgeReply judges the verdict of a reply.
func (j *Judge) judgeReply(a Answer, i int) {
	r, it := a.Replies[i], a.Items[i]
	ahead := r.Verdict == "refused" && r.Code == merge.TooFarAhead
	switch {
	case it.Bad != "":
		j.judgeBad(a, i)
	case j.blind():
		j.judgeBlind(a, i)
	case j.ahead(it):
		if !ahead || !r.Retryable || !j.isTime(r.ServerTime) {
			j.brokenByNeighbour(a, i)
			j.Broken(law.Ahead, "%s: the item is stamped more than %v ahead, but got: %s, %s; the time is %v", j.At(a, i), j.o.MaxAhead, ReplyText(r), serverTime(r), clock.TimestampOf(j.Now))
		}
	case ahead && !j.o.Bounded():
		j.Broken(law.Ahead, "%s: Options.MaxAhead sets no bound, but the item got: %s", j.At(a, i), ReplyText(r))
	case ahead && j.Able.Can(CanTellTime):
		j.Broken(law.Ahead, "%s: the item is stamped no more than %v ahead, but got: %s", j.At(a, i), j.o.MaxAhead, ReplyText(r))
	case j.Sight != nil && j.judgeRights(a, i):
	case j.mustBeGone(a, i):
	case j.hasGone(a, i):
		j.judgeGone(a, i)
	case r.Verdict == "refused" && !ahead:
		j.brokenRefusal(a, i)
	case a.Known[i].accepted && r.Changed && j.Ledger.IsBelow(it.Writes):
		j.brokenAnswer(complaint{law.RetryBelow, j.At(a, i) + ": it was accepted before and lies below the fence, but now it changed something: " + ReplyText(r)})
	case a.Known[i].accepted && r.Changed:
		j.brokenAnswer(complaint{j.lawOfRetry(it, law.Retry), j.At(a, i) + ": the item was accepted before, but now it changed something:  " + ReplyText(r)})
	}
}

// isTime reports whether a server time is the current time to within a second, which is enough to
// correct a clock.
func (j *Judge) isTime(at clock.Timestamp) bool {
	off := at.Time().Sub(j.Now)
	return -time.Second < off && off < time.Second
}

func serverTime(r merge.Reply) string {
	if r.ServerTime.IsZero() {
		return "no serverTime"
	}
	return "serverTime " + r.ServerTime.String()
}

// judgeBad judges the verdict on an invalid item.
func (j *Judge) judgeBad(a Answer, i int) {
	r, it := a.Replies[i], a.Items[i]
	if j.blind() && r.Code == merge.ServerClock {
		return // the server may judge it later
	}
	j.brokenByNeighbour(a, i)
	if r.Verdict != "refused" || r.Retryable {
		j.Broken(law.BadRefused, "%s: the item is %s, but it got: %s", j.At(a, i), j.flaw(it), ReplyText(r))
	}
	if it.code != "" && it.code != string(r.Code) {
		j.Broken(law.BadRefused, "%s: the item is refused with the code %s, but was refused with %s before", j.At(a, i), r.Code, it.code)
	}
	if it.Bad == "newer" && r.Code != merge.NewerName {
		j.Broken(law.OldRefused, "%s: the item has a name of the new version, but got: %s", j.At(a, i), ReplyText(r))
	}
	if _, given := j.o.Refused[merge.Code(it.Bad)]; given && string(r.Code) != it.Bad {
		j.Broken(law.BadRefused, "%s: Options.Refused has the code %s for the item, but it got %s", j.At(a, i), it.Bad, r.Code)
	}
	it.code = string(r.Code)
}

// brokenByNeighbour reports an item that wrongly got a retryable refusal because an earlier item of
// the batch was refused.
func (j *Judge) brokenByNeighbour(a Answer, i int) {
	r := a.Replies[i]
	for n, it := range a.Items[:i] {
		other := a.Replies[n]
		rightly := it.Bad != "" && !other.Retryable || j.early(it) && (other.Code == merge.ServerClock || other.Code == merge.TooFarAhead)
		if r.Verdict == "refused" && r.Retryable && other.Verdict == "refused" && rightly && r.Code != other.Code {
			j.Broken(law.Neighbours, "%s: the item is %s, but it got: %s. Item %d of the same batch is %s", j.At(a, i), j.flaw(a.Items[i]), ReplyText(r), n, j.flaw(it))
		}
	}
}

// judgeBlind judges the verdict of a server whose clock is unset. Such a server may still accept
// a retry of an accepted item, and an item without a write.
func (j *Judge) judgeBlind(a Answer, i int) {
	r := a.Replies[i]
	again := (a.Known[i].accepted || len(a.Items[i].Writes) == 0) && r.Verdict == "accepted" && !r.Changed
	if !again && (r.Verdict != "refused" || r.Code != merge.ServerClock || !r.Retryable) {
		j.brokenByNeighbour(a, i)
		j.Broken(law.Blind, "%s: the server's clock shows %s, but the item got: %s", j.At(a, i), j.Wall().Format(time.DateOnly), ReplyText(r))
	}
}

// brokenRefusal reports the law that is broken by the refusal of a valid item.
func (j *Judge) brokenRefusal(a Answer, i int) {
	for n, it := range a.Items {
		if n != i && (it.Bad != "" || j.early(it)) {
			j.Broken(law.Neighbours, "%s: the item is valid, but it got: %s. Item %d of the same batch is %s", j.At(a, i), ReplyText(a.Replies[i]), n, j.flaw(it))
		}
	}
	if a.Known[i].accepted {
		j.Broken(law.Retry, "%s: the item was accepted before, but is refused now", j.At(a, i))
	}
	j.Broken(law.Fine, "%s: the item is valid, but it got: %s", j.At(a, i), ReplyText(a.Replies[i]))
}
