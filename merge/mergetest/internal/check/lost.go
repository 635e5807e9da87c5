package check

import (
	"fmt"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// base returns the base of a write in an answer.
func (a Answer) base(x arrival) oracle.Base {
	s, known := a.Items[x.item].M.Base[x.Field]
	return oracle.Base{Stamp: stampOf(s), Known: known}
}

// loss returns the edit that is lost, if any, when a write meets the greatest write accepted before. A
// server may have purged a mark below the fence, so the server need not know whether a write below
// the fence arrived before.
func (j *Judge) loss(a Answer, x arrival) oracle.Loss {
	l := j.Ledger.Of(x.FieldKey).Loss(x.Write, a.base(x), a.Mark, schedule.Importer())
	l.Unsure = l.Unsure || l.Own && l.Is && x.Time <= j.Ledger.Fence
	return l
}

// lossReason explains why an edit is lost or is not lost.
func (a Answer) lossReason(x arrival, l oracle.Loss) string {
	b := a.base(x)
	switch l.Why {
	case oracle.OneClient:
		return "both writes are by one client"
	case oracle.OfImport:
		return "one of the writes is by an import"
	case oracle.OneValue:
		return "both writes have the same value"
	case oracle.WithoutBase:
		return "the item has no base"
	case oracle.ByBase:
		return fmt.Sprintf("the base is %s, which is %sbelow %s", seen(b.Stamp), map[bool]string{false: "not "}[l.Is], When(l.Other.Time))
	case oracle.ByMark:
		return markReason(a.Mark, x.Write)
	}
	return "there was no other write"
}

// markReason compares a write with the watermark of its client, in words.
func markReason(m oracle.Mark, x oracle.Write) string {
	by, up := schedule.Whose(x.Client), When(m.Sure)
	switch {
	case m.Sure == 0:
		return "nothing from " + by + " was accepted before"
	case x.Time > m.Sure:
		return fmt.Sprintf("the greatest stamp accepted from %s before is %s, below this edit", by, up)
	}
	return fmt.Sprintf("the greatest stamp accepted from %s before is %s, so this edit may have arrived before", by, up)
}

// seen describes a base.
func seen(base oracle.Stamp) string {
	if base.IsZero() {
		return "nothing"
	}
	return "the write of " + schedule.Whose(base.Client) + " at " + When(base.Time)
}

// judgeLoss judges what a reply reports about a lost edit. A server that keeps no watermarks cannot
// know that an edit is lost on arrival. The kit requires such reports after it has seen one, or if
// Rules.Marks is set.
func (j *Judge) judgeLoss(a Answer, x arrival, l oracle.Loss) (wrong []complaint) {
	said, ok := a.Replies[x.item].Fields[x.Field]
	if !ok || l.Unsure {
		return nil
	}
	j.Able |= CanTell
	text := ""
	switch {
	case said.Lost && !l.Is:
		text = "reports a lost edit of " + x.Field + ", but none is lost: " + a.lossReason(x, l)
	case l.Is && !said.Lost && (!l.Own || j.Able.Can(CanMark) || j.o.Marks):
		text = "does not report that " + loser(x, l) + " is lost: " + a.lossReason(x, l)
	case l.Is && said.Lost && l.Own:
		j.Able |= CanMark
		if !isStampOf(said.Winner, l.Other) {
			text = "should name the winner over " + loser(x, l) + ": " + short(oracle.Written{FieldKey: x.FieldKey, Write: l.Other})
		}
	case l.Is && said.Lost && (said.Winner != nil || !isStampOf(said.Loser, l.Other)):
		text = "should name the loser: " + loser(x, l)
	}
	if text != "" {
		wrong = []complaint{{law.Lost, j.about(x) + text}}
	}
	return wrong
}

// loser describes the lost edit.
func loser(x arrival, l oracle.Loss) string {
	if l.Own {
		return short(x.Written)
	}
	return short(oracle.Written{FieldKey: x.FieldKey, Write: l.Other})
}

func isStampOf(s *merge.StampReply, x oracle.Write) bool {
	return s != nil && int64(s.UpdatedAt) == x.Time && s.ClientID == x.Client
}

// countLoss counts lost edits of both kinds.
func (j *Judge) countLoss(l oracle.Loss) {
	switch {
	case l.Is && l.Own:
		j.Count("edit lost on arrival")
	case l.Is:
		j.Count("edit lost to a later write")
	}
}
