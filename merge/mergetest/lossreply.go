package mergetest

import (
	"fmt"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// writeOf returns a write in the form of the oracle.
func writeOf(v record.FieldValue) write {
	return write{stampOf(v.Stamp), v.Deleted(), v.Value.JSON()}
}

func stampOf(s clock.Stamp) stamp { return stamp{int64(s.Time), s.Client} }

func clockStamp(s stamp) clock.Stamp {
	return clock.Stamp{Time: clock.Timestamp(s.time), Client: s.client}
}

// lawOf is the law that is broken if a part of the rule is.
func lawOf(by rulePart) law {
	return map[rulePart]law{byMillisecond: lawLater, byCounter: lawCounter, byClient: lawClient, byKind: lawKind, byValue: lawValue}[by]
}

// base returns the base of a write in an answer.
func (a answer) base(x arrival) base {
	s, known := a.items[x.item].m.Base[x.field]
	return base{stampOf(s), known}
}

// loss returns what is lost as a write meets the greatest one that was accepted before.
func (a answer) loss(x arrival, p *past) loss { return p.loss(x.write, a.base(x), a.mark) }

// lossReason says in words why an edit is lost, or is not.
func (a answer) lossReason(x arrival, l loss) string {
	b := a.base(x)
	switch l.why {
	case oneClient:
		return "both writes are by one client"
	case oneValue:
		return "both writes have the same value"
	case withoutBase:
		return "the item has no base"
	case byBase:
		return fmt.Sprintf("the base is %s, which is %sbelow %s", seen(b.stamp), map[bool]string{false: "not "}[l.is], when(l.other.time))
	case byMark:
		return markReason(a.mark, x.write)
	}
	return "there was no other write"
}

// markReason says how a write compares with what was accepted before from its client.
func markReason(m mark, x write) string {
	by, up := whose(x.client), when(m.sure)
	switch {
	case m.sure == 0:
		return "nothing was accepted from " + by + " before"
	case x.time > m.sure:
		return fmt.Sprintf("what was accepted from %s before ends at %s, below this edit", by, up)
	}
	return fmt.Sprintf("what was accepted from %s before reaches up to %s, so this edit may have come before", by, up)
}

// seen describes a base.
func seen(base stamp) string {
	if base.isZero() {
		return "nothing"
	}
	return "that of " + whose(base.client) + " at " + when(base.time)
}

// judgeLoss compares what a reply says of a lost edit. A server that keeps no marks cannot know that
// an edit is lost as it comes, which is found out by the first that it reports: see domain.marks.
func (w *world) judgeLoss(a answer, x arrival, l loss) (wrong []complaint) {
	said, ok := a.replies[x.item].Fields[x.field]
	if !ok || l.unsure {
		return nil
	}
	w.able |= canTell
	text := ""
	switch {
	case said.Lost && !l.is:
		text = "says that an edit of " + x.field + " is lost; none is: " + a.lossReason(x, l)
	case l.is && !said.Lost && (!l.own || w.able.can(canMark) || w.o.marks):
		text = "does not say that " + loser(x, l) + " is lost: " + a.lossReason(x, l)
	case l.is && said.Lost && l.own:
		w.able |= canMark
		if !names(said.Winner, l.other) {
			text = "should name the winner over " + loser(x, l) + ": " + short(written{x.fieldKey, l.other})
		}
	case l.is && said.Lost && (said.Winner != nil || !names(said.Loser, l.other)):
		text = "should name the loser: " + loser(x, l)
	}
	if text != "" {
		wrong = []complaint{{lawLost, w.about(x) + text}}
	}
	return wrong
}

// loser describes the lost edit.
func loser(x arrival, l loss) string {
	if l.own {
		return short(x.written)
	}
	return short(written{x.fieldKey, l.other})
}

func names(s *merge.StampReply, x write) bool {
	return s != nil && int64(s.UpdatedAt) == x.time && s.ClientID == x.client
}

// countLoss counts lost edits of both kinds.
func (w *world) countLoss(l loss) {
	switch {
	case l.is && l.own:
		w.count("edit lost as it comes")
	case l.is:
		w.count("edit lost to a later one")
	}
}
