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

// loss returns what is lost as a write meets the greatest one that was accepted before.
func (a Answer) loss(x arrival, p *oracle.History) oracle.Loss {
	return p.Loss(x.Write, a.base(x), a.Mark)
}

// lossReason says in words why an edit is lost, or is not.
func (a Answer) lossReason(x arrival, l oracle.Loss) string {
	b := a.base(x)
	switch l.Why {
	case oracle.OneClient:
		return "both writes are by one client"
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

// markReason says how a write compares with what was accepted before from its client.
func markReason(m oracle.Mark, x oracle.Write) string {
	by, up := schedule.Whose(x.Client), When(m.Sure)
	switch {
	case m.Sure == 0:
		return "nothing was accepted from " + by + " before"
	case x.Time > m.Sure:
		return fmt.Sprintf("what was accepted from %s before ends at %s, below this edit", by, up)
	}
	return fmt.Sprintf("what was accepted from %s before reaches up to %s, so this edit may have come before", by, up)
}

// seen describes a base.
func seen(base oracle.Stamp) string {
	if base.IsZero() {
		return "nothing"
	}
	return "that of " + schedule.Whose(base.Client) + " at " + When(base.Time)
}

// judgeLoss compares what a reply says of a lost edit. A server that keeps no marks cannot know that
// an edit is lost as it comes, which is found out by the first that it reports: see domain.marks.
func (j *Judge) judgeLoss(a Answer, x arrival, l oracle.Loss) (wrong []complaint) {
	said, ok := a.Replies[x.item].Fields[x.Field]
	if !ok || l.Unsure {
		return nil
	}
	j.Able |= CanTell
	text := ""
	switch {
	case said.Lost && !l.Is:
		text = "says that an edit of " + x.Field + " is lost; none is: " + a.lossReason(x, l)
	case l.Is && !said.Lost && (!l.Own || j.Able.Can(CanMark) || j.o.Marks):
		text = "does not say that " + loser(x, l) + " is lost: " + a.lossReason(x, l)
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
		j.Count("edit lost as it comes")
	case l.Is:
		j.Count("edit lost to a later one")
	}
}
