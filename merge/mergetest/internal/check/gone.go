package check

import (
	"slices"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
)

// gone is the outcome of a write that is not joined because its field may have been purged.
const gone = "gone"

// IsGone reports whether a reply says that a write of its item is gone.
func IsGone(r merge.Reply, field string) bool {
	return r.Verdict == "refused" && r.Code == merge.Gone || r.Verdict == "accepted" && r.Fields[field].Outcome == gone
}

// hasGone reports whether a write of an item is gone.
func (j *Judge) hasGone(a Answer, i int) bool {
	r := a.Replies[i]
	return (j.Ledger.Fence > 0 || j.Ledger.IsErased(a.Items[i].ID)) && slices.ContainsFunc(a.Items[i].Writes, func(x oracle.Written) bool { return IsGone(r, x.Field) })
}

// judgeGone judges the writes of an item that are gone.
func (j *Judge) judgeGone(a Answer, i int) {
	r, it := a.Replies[i], a.Items[i]
	if r.Retryable {
		j.Broken(law.WronglyGone, "%s: the item is gone, which is final, but it got: %s", j.At(a, i), ReplyText(r))
	}
	j.Count(map[bool]string{true: "gone", false: "partly gone"}[r.Verdict == "refused"])
	if a.Met || a.Known[i].doubt {
		return
	}
	if j.begins(it) {
		j.brokenAnswer(complaint{law.WronglyGone, j.At(a, i) + ": the item is marked as new, and all of its writes are above the fence of " + When(j.Ledger.Fence) + ", so it begins its record if that is dead or absent, but it got: " + ReplyText(r)})
		return
	}
	if j.mayBeDeleted(it.ID) || !j.Ledger.Exists(it.ID) {
		return
	}
	below := r.Verdict == "refused" && slices.ContainsFunc(it.Writes, func(x oracle.Written) bool { return x.Time <= j.Ledger.Fence })
	for _, x := range it.Writes {
		switch {
		case !IsGone(r, x.Field):
		case x.Time > j.Ledger.Fence && !below:
			j.brokenAnswer(complaint{law.WronglyGone, j.At(a, i) + ": " + short(x) + " is above the fence of " + When(j.Ledger.Fence) + ", and the record is not deleted, but it got: " + ReplyText(r)})
		case !it.Author.SawDeleted && it.Author.Fence >= j.Ledger.Fence:
			j.brokenAnswer(complaint{law.SyncedGone, j.At(a, i) + ": its author was told the fence of " + When(j.Ledger.Fence) + " before writing " + short(x) + ", but it got: " + ReplyText(r)})
		case !it.Author.SawDeleted && it.Author.Pulled.After(j.Horizon):
			j.brokenAnswer(complaint{law.SyncedGone, j.At(a, i) + ": its author pulled at " + When(it.Author.Pulled.UnixNano()) + ", within the retention, and then wrote " + short(x) + ", but it got: " + ReplyText(r)})
		}
	}
}

// begins reports whether an item is never gone: it begins its record if that is dead or absent, and it was never erased.
func (j *Judge) begins(it *Item) bool {
	_, erased := j.Ledger.Erased[it.ID]
	return it.Bad == "" && it.M.New && !erased && !slices.ContainsFunc(it.Writes, func(x oracle.Written) bool { return x.Time <= j.Ledger.Fence })
}

// judgeDead looks for items that were accepted and changed a record that is still dead.
func (j *Judge) judgeDead(a Answer) {
	for i, it := range a.Items {
		r := a.Replies[i]
		if r.Verdict == "accepted" && r.Changed && !a.Met && j.Ledger.Dead(it.ID) && !j.Ledger.MayLive(it.ID, j.Sendings) {
			j.brokenAnswer(complaint{law.ComesBack, j.At(a, i) + ": its record is deleted and has no stamp above the fence of " + When(j.Ledger.Fence) + ", and no new item above the fence begins a new life, but it got: " + ReplyText(r)})
		}
	}
}

// beginLives records the new lives that the accepted items of an answer begin. If the push met
// another push, an item that does not create the record may have arrived after an item that
// does.
func (j *Judge) beginLives(a Answer) {
	if j.Ledger.Fence == 0 {
		return
	}
	for i, it := range a.Items {
		above := (it.M.New || a.Met) && len(it.Writes) > 0 && !slices.ContainsFunc(it.Writes, func(x oracle.Written) bool { return x.Time <= j.Ledger.Fence })
		if !above || a.Replies[i].Verdict != "accepted" {
			continue
		}
		if !j.Ledger.Exists(it.ID) {
			j.begun[it.ID] = j.Sendings
		}
		if j.Ledger.Dead(it.ID) {
			j.Count("new life")
			j.Ledger.Begin(it.ID)
			j.begun[it.ID] = j.Sendings
		}
	}
}
