package mergetest

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/record"
)

// audit lets a new device pull, and compares what it finds with the ledger.
func (w *world) audit() {
	if w.breach == nil && w.serving == nil {
		found := w.fresh()
		w.judge("a new device", found, found)
	}
}

// judge compares what somebody found who pulled with the ledger. Fresh is what a device
// finds that begins anew; nil means that it is yet to be asked.
func (w *world) judge(who string, found, fresh map[spot]write) {
	for _, s := range w.ledger.spots {
		p := w.ledger.pasts[s]
		f, ok := found[s]
		if fresh != nil && ok && p.some && f == p.best {
			p.writes[f].seen = true
		}
		if p.permits(f, ok) || w.foreign(s) && p.writes[f] == nil || fresh == nil && p.lapsed(f) {
			continue
		}
		l := law(lawSkip)
		if fresh == nil {
			fresh = w.fresh()
		}
		w.tell("a new device pulls from the beginning", w.listed(fresh))
		if g, there := fresh[s]; !p.permits(g, there) {
			who, f, ok = "a new device", g, there
			l = w.classify(s, fresh)
		} else {
			w.tell(who+" pulls from its cursor", "misses "+s.field+" of "+s.id)
		}
		w.broken(l, "field     %s/%s %s\nexpected  %s\nfound     %s\nseen by   %s", w.o.Table, s.id, s.field, w.long(p.best, p.some), w.long(f, ok), who)
		return
	}
	w.judgeStrays(found)
}

// judgeStrays looks for fields that nobody sent, or that were sent in refused items only.
// Fields that only the server knows are its own business.
func (w *world) judgeStrays(found map[spot]write) {
	for _, s := range slices.SortedFunc(maps.Keys(found), compareSpots) {
		if _, known := w.ledger.pasts[s]; known {
			continue
		}
		if slices.Contains(w.o.names, s.field) || s.field == record.DeletedField {
			w.broken(lawInvented, "field     %s/%s %s\nexpected  nothing\nfound     %s", w.o.Table, s.id, s.field, w.long(found[s], true))
		}
		if s.field == flawed || s.field == reserved {
			w.broken(lawRefusedLeavesNothing, "field     %s/%s %s\nexpected  nothing: it came in refused items only\nfound     %s", w.o.Table, s.id, s.field, w.long(found[s], true))
		}
	}
}

// foreign reports whether only refused items write to a field, which then is the server's
// own business as well.
func (w *world) foreign(s spot) bool {
	return !slices.Contains(w.o.names, s.field) && s.field != record.DeletedField
}

// classify names the law that is broken where a new device does not find what it should.
// Since a new device looks after each request, a restart or a meeting is to blame only if it
// came just before.
func (w *world) classify(s spot, fresh map[spot]write) law {
	f, ok := fresh[s]
	p := w.ledger.pasts[s]
	best := p.writes[p.best]
	switch {
	case w.last.restore == w.moment, ok && p.lapsed(f), p.some && best.gone && best.since == w.moment:
		return lawRestored
	case ok && p.writes[f] != nil && p.writes[f].state == refused:
		return lawRefusedLeavesNothing
	case w.last.damage == w.moment && ok && p.writes[f] == nil:
		return lawDamaged
	case p.some && w.last.restart == w.moment:
		return lawDurable
	case p.some && best.met && best.since == w.moment:
		return lawMeet
	case !ok && s.field == record.DeletedField && has(fresh, s.id):
		return lawRevive
	case !ok && p.best.deleted:
		return lawTombstone
	case p.some && best.seen && (!ok || p.writes[f] != nil && p.writes[f].came != w.sendings):
		return lawStays // and nothing that came just now is stored instead
	case !ok && p.best.value == "null":
		return lawFour
	case !ok:
		return lawVanish
	}
	if _, sent := p.writes[f]; sent {
		return w.classifyOrder(s, f)
	}
	return classifyUnsent(s, p, f)
}

// classifyOrder names the part of the rule by which the expected write wins over what is
// there.
func (w *world) classifyOrder(s spot, f write) law {
	p := w.ledger.pasts[s]
	_, by := rule(p.best, f)
	if by == lawLater && p.best.deleted && !f.deleted && p.writes[f].last > p.writes[p.best].last {
		return lawTombstone
	}
	return by
}

// classifyUnsent names the law that is broken by a write that nobody sent.
func classifyUnsent(s spot, p *past, f write) law {
	if s.field == record.DeletedField && !sameValue(p.best, f) {
		return lawRevive
	}
	if p.some && sameValue(p.best, f) {
		return lawStamp
	}
	l := lawInvented
	for sent := range p.writes { // whatever the order, the strongest reason counts
		switch {
		case sent.time == f.time && sent.client == f.client && (sent.deleted || f.deleted || (sent.value == "null") != (f.value == "null")):
			return lawFour
		case sent.time == f.time && sent.client == f.client:
			l = lawExact
		case l == lawInvented && sameValue(sent, f):
			l = lawStamp
		}
	}
	return l
}

func sameValue(a, b write) bool { return a.deleted == b.deleted && a.value == b.value }

// has reports whether there is any field of a record.
func has(all map[spot]write, id string) bool {
	for s := range all {
		if s.id == id {
			return true
		}
	}
	return false
}

// judgeWrite looks at what the server wrote by itself.
func (w *world) judgeWrite(s spot, v record.Value) {
	f, ok := w.fresh()[s]
	w.tell("server writes "+s.id+" "+s.field+"="+v.String(), "found as: "+w.long(f, ok))
	p := w.ledger.of(s)
	_, old := p.writes[f]
	above, _ := rule(f, p.best)
	switch {
	case w.breach != nil:
		return
	case !ok:
		w.broken(lawVanish, "field     %s/%s %s\nexpected  %s, which the server wrote\nfound     nothing\nseen by   a new device", w.o.Table, s.id, s.field, v)
	case old || !above:
		w.broken(lawServerClock, "field     %s/%s %s\nexpected  %s, which the server wrote, above %s\nfound     %s", w.o.Table, s.id, s.field, v, w.long(p.best, p.some), w.long(f, ok))
	case f.value != v.JSON():
		w.broken(lawExact, "field     %s/%s %s\nexpected  %s, which the server wrote\nfound     %s", w.o.Table, s.id, s.field, v, w.long(f, ok))
	case w.able.now && w.o.bounded() && f.stamp().Time.Time().Sub(w.now) > w.o.MaxAhead+time.Second:
		w.broken(lawPoison, "field     %s/%s %s\nfound     %s; it is %s now", w.o.Table, s.id, s.field, w.long(f, ok), w.now.Format(time.RFC3339Nano))
	}
	p.set(f, fate{state: accepted, since: w.moment})
}

// long describes a write in full.
func (w *world) long(x write, ok bool) string {
	if !ok {
		return "nothing"
	}
	return fmt.Sprintf("%s, by %s at %s (%v)", x.shows(), whose(x.client), when(x), x.stamp())
}
