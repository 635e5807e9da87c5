package check

import (
	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/record"
)

// JudgeErasure judges the stamp of an erasure, and records the erasure. The parameter last is the
// greatest stamp that the record had before the erasure.
func (j *Judge) JudgeErasure(id string, at clock.Stamp, last int64) {
	if old, again := j.Ledger.Erased[id]; again && old == stampOf(at) {
		return // it was erased already, and may be dead
	}
	if int64(at.Time) <= last {
		j.Broken(law.Erased, "the erasure of %s is not above its last write, at %s: %s", j.place(id), When(last), Stamped(int64(at.Time)))
	}
	j.Ledger.Erase(id, stampOf(at))
}

// JudgeErasedAgain judges the stamp of an erasure that was repeated after a restore, and records the
// erasure.
func (j *Judge) JudgeErasedAgain(id string, before, at clock.Stamp) {
	if at != before {
		j.Broken(law.Erased, "the erasure of %s, %s, is repeated after a restore, but differs: %s", j.place(id), Stamped(int64(before.Time)), Stamped(int64(at.Time)))
	}
	j.Ledger.Erase(id, stampOf(at))
}

// mustBeGone reports an item on an erased record that is not gone.
func (j *Judge) mustBeGone(a Answer, i int) bool {
	it, r := a.Items[i], a.Replies[i]
	if a.Met || len(it.Writes) == 0 || !j.Ledger.IsErased(it.ID) {
		return false
	}
	if r.Code == merge.Gone && r.Retryable {
		return false // judgeGone reports it
	}
	if r.Verdict != "refused" || r.Code != merge.Gone {
		j.brokenAnswer(complaint{law.Erased, j.At(a, i) + ": its record is erased and not dead yet, so the item must be gone, but the answer is: " + ReplyText(r)})
	}
	j.Count("gone because erased")
	return true
}

// breaksErasure reports whether the write that was found in a field, or its absence, shows that the
// record was not erased.
func (j *Judge) breaksErasure(k oracle.FieldKey, f oracle.Write, ok bool) bool {
	at, erased := j.Ledger.Erased[k.ID]
	return j.Ledger.IsErased(k.ID) || erased && ok && f.Time <= at.Time && k.Field != record.DeletedField
}
