package mergetest

import (
	"fmt"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
)

// loss is whether one of two writes that meet is a lost edit, as package merge defines it.
type loss struct {
	is, unsure bool
	own        bool   // it is the one that comes, and not the one that was there
	other      write  // the one that was there
	why        string // in words
}

// loss returns what is lost as a write meets the greatest one that was accepted before.
func (a answer) loss(x arrival, p *past) loss {
	base, based := a.items[x.item].m.Base[x.field]
	l := loss{other: p.best}
	above, _ := rule(x.write, p.best)
	switch {
	case !p.some:
		l.why = "there was no other write"
	case p.best.client == x.client:
		l.why = "both writes are by one client"
	case sameValue(p.best, x.write):
		l.why = "both writes have the same value"
	case !based:
		l.why = "the item has no base"
	case above:
		l.is = below(base, p.best)
		l.why = fmt.Sprintf("the base is %s, which is %sbelow %s", seen(base), map[bool]string{false: "not "}[l.is], when(p.best))
	default:
		l.own, l.is = true, x.time > a.mark.most
		l.unsure = !l.is && x.time > a.mark.sure
		l.why = a.mark.told(x.write)
	}
	return l
}

// told says how a write compares with what was accepted before from its client.
func (m mark) told(x write) string {
	by, up := whose(x.client), when(write{time: m.sure})
	switch {
	case m.sure == 0:
		return "nothing was accepted from " + by + " before"
	case x.time > m.sure:
		return fmt.Sprintf("what was accepted from %s before ends at %s, below this edit", by, up)
	}
	return fmt.Sprintf("what was accepted from %s before reaches up to %s, so this edit may have come before", by, up)
}

// below reports whether a stamp is less than that of a write.
func below(s clock.Stamp, x write) bool {
	is, _ := rule(write{time: x.time, client: x.client}, write{time: int64(s.Time), client: s.Client})
	return is
}

// seen describes a base.
func seen(base clock.Stamp) string {
	if base.IsZero() {
		return "nothing"
	}
	return "that of " + whose(base.Client) + " at " + when(write{time: int64(base.Time)})
}

// judgeLoss compares what a reply says of a lost edit. A server that keeps no marks cannot know that
// an edit is lost as it comes, which is found out by the first that it reports: see domain.marks.
func (w *world) judgeLoss(r merge.Reply, x arrival, l loss) (wrong []complaint) {
	said, ok := r.Fields[x.field]
	if !ok || l.unsure {
		return nil
	}
	w.able |= canTell
	text := ""
	switch {
	case said.Lost && !l.is:
		text = "says that an edit of " + x.field + " is lost; none is: " + l.why
	case l.is && !said.Lost && (!l.own || w.able.can(canMark) || w.o.marks):
		text = "does not say that " + l.loser(x) + " is lost: " + l.why
	case l.is && said.Lost && l.own:
		w.able |= canMark
		if !names(said.Winner, l.other) {
			text = "should name the winner over " + l.loser(x) + ": " + short(written{x.fieldKey, l.other})
		}
	case l.is && said.Lost && (said.Winner != nil || !names(said.Loser, l.other)):
		text = "should name the loser: " + l.loser(x)
	}
	if text != "" {
		wrong = []complaint{{lawLost, w.about(x) + text}}
	}
	return wrong
}

// loser describes the lost edit.
func (l loss) loser(x arrival) string {
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
