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
		w.last.audit, w.last.audited, w.unread = w.moment, w.sendings, false
	}
}

// learn notes that a write which got no answer was accepted, since a new device found it. From
// then on the mark of its client must not be below it.
func (w *world) learn(found map[fieldKey]write) {
	for _, k := range w.ledger.keys {
		p := w.ledger.pasts[k]
		x, ok := found[k]
		if f := p.writes[x]; w.breach != nil || !ok || f == nil || f.state != unsure {
			continue
		}
		p.set(x, fate{state: accepted, since: w.moment, last: w.ledger.count})
		w.ledger.marks[x.client] = w.ledger.marks[x.client].accepted(x.time)
	}
}

// unaudited reports whether a step came after the last audit, or is this one.
func (w *world) unaudited(moment int) bool { return moment == w.moment || moment > w.last.audit }

// judge compares what somebody found who pulled with the ledger. Fresh is what a device
// finds that begins anew; nil means that it is yet to be asked.
func (w *world) judge(who string, found, fresh map[fieldKey]write) {
	for _, k := range w.ledger.keys {
		p := w.ledger.pasts[k]
		f, ok := found[k]
		if fresh != nil && ok && p.some && f == p.best {
			p.writes[f].seen = true
		}
		if p.permits(f, ok) || w.foreign(k) && p.writes[f] == nil || fresh == nil && p.lapsed(f) {
			continue
		}
		l := lawSkip
		if fresh == nil {
			fresh = w.fresh()
		}
		w.tell("a new device pulls from the beginning", w.listed(fresh))
		if g, there := fresh[k]; !p.permits(g, there) {
			who, f, ok = "a new device", g, there
			l = w.classify(k, fresh)
		} else {
			w.tell(who+" pulls from its cursor", "misses "+k.field+" of "+k.id)
		}
		if l != lawDamaged && l != lawRefusedLeavesNothing && w.stale(k, who, f, ok) {
			l = lawStale
		}
		w.broken(l, "field     %s %s\nexpected  %s\nfound     %s\nseen by   %s", w.place(k.id), k.field, w.long(p.best, p.some), w.long(f, ok), who)
		if clue := w.clue(k, f, ok); clue != "" && l != lawSkip && l != lawStale {
			w.breach.detail = append(w.breach.detail, "note      "+clue)
		}
		return
	}
	w.judgeStrays(found)
}

// judgeStrays looks for fields that nobody sent, or that were sent in refused items only.
// Fields that only the server knows are its own business.
func (w *world) judgeStrays(found map[fieldKey]write) {
	var strays []fieldKey
	for k := range found {
		if _, known := w.ledger.pasts[k]; !known {
			strays = append(strays, k)
		}
	}
	slices.SortFunc(strays, compareFieldKeys)
	for _, k := range strays {
		if slices.Contains(w.o.names, k.field) || k.field == record.DeletedField {
			w.broken(lawInvented, "field     %s %s\nexpected  nothing\nfound     %s", w.place(k.id), k.field, w.long(found[k], true))
		}
		if k.field == flawed || k.field == reserved {
			w.broken(lawRefusedLeavesNothing, "field     %s %s\nexpected  nothing: it came in refused items only\nfound     %s", w.place(k.id), k.field, w.long(found[k], true))
		}
	}
}

// foreign reports whether only refused items write to a field, which then is the server's
// own business as well.
func (w *world) foreign(k fieldKey) bool {
	return !slices.Contains(w.o.names, k.field) && k.field != record.DeletedField
}

// classify names the law that is broken where a new device does not find what it should.
// A restart or a meeting is to blame only if no new device looked after it.
func (w *world) classify(k fieldKey, fresh map[fieldKey]write) law {
	f, ok := fresh[k]
	p := w.ledger.pasts[k]
	best := p.writes[p.best]
	switch {
	case w.last.restore >= 0 && w.unaudited(w.last.restore), ok && p.lapsed(f), p.some && best.gone && best.since == w.moment:
		return lawRestored
	case ok && p.writes[f] != nil && p.writes[f].state == refused:
		return lawRefusedLeavesNothing
	case w.last.damage == w.sendings && ok && p.writes[f] == nil:
		return lawDamaged
	case p.some && w.last.restart >= 0 && w.unaudited(w.last.restart):
		return lawDurable
	case p.some && best.met && w.unaudited(best.since):
		return lawMeet
	case !ok && k.field == record.DeletedField && has(fresh, k.id):
		return lawRevive
	case !ok && (p.best.deleted || k.field == record.DeletedField && p.best.value == "true"):
		return lawTombstone
	case p.some && best.seen && (!ok || p.writes[f] != nil && p.writes[f].came != w.sendings && p.writes[f].came <= w.last.audited):
		return lawStays // and nothing that came just now is stored instead
	case !ok && p.best.value == "null":
		return lawFour
	case !ok:
		return lawVanish
	}
	if _, sent := p.writes[f]; sent {
		return w.classifyOrder(k, f)
	}
	return classifyUnsent(k, p, f)
}

// classifyOrder names the part of the rule by which the expected write wins over what is
// there.
func (w *world) classifyOrder(k fieldKey, f write) law {
	p := w.ledger.pasts[k]
	_, by := rule(p.best, f)
	if by == byMillisecond && p.best.deleted && !f.deleted && p.writes[f].last > p.writes[p.best].last {
		return lawTombstone
	}
	return lawOf(by)
}

// classifyUnsent names the law that is broken by a write that nobody sent.
func classifyUnsent(k fieldKey, p *past, f write) law {
	if k.field == record.DeletedField && !sameValue(p.best, f) {
		return lawRevive
	}
	if p.cut(f) {
		return lawCounter
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

// has reports whether there is any field of a record.
func has(all map[fieldKey]write, id string) bool {
	for k := range all {
		if k.id == id {
			return true
		}
	}
	return false
}

// judgeWrite looks at what the server wrote by itself.
func (w *world) judgeWrite(k fieldKey, v record.Value) {
	found := w.fresh()
	f, ok := found[k]
	w.judgeOthers(k, found)
	w.tell("server writes "+k.id+" "+k.field+"="+v.String(), "found as: "+w.long(f, ok))
	p := w.ledger.of(k)
	_, old := p.writes[f]
	above, _ := rule(f, p.best)
	switch {
	case w.breach != nil:
		return
	case (!ok || old || !above) && w.writtenLater(k, f, v):
		w.broken(lawStale, "field     %s %s\nexpected  %s, which the server wrote\nfound     %s\nseen by   a new device", w.place(k.id), k.field, v, w.long(f, ok))
		return
	case !ok:
		w.broken(lawVanish, "field     %s %s\nexpected  %s, which the server wrote\nfound     nothing\nseen by   a new device", w.place(k.id), k.field, v)
	case old:
		w.broken(lawServerClock, "field     %s %s\nexpected  %s, which the server wrote, with a later stamp than what is found\nfound     %s", w.place(k.id), k.field, v, w.long(f, ok))
	case !above:
		w.broken(lawServerClock, "field     %s %s\nexpected  what the server wrote, with a later stamp than %s\nfound     %s", w.place(k.id), k.field, w.long(p.best, p.some), w.long(f, ok))
	case f.value != v.JSON():
		w.broken(lawExact, "field     %s %s\nexpected  %s, which the server wrote\nfound     %s", w.place(k.id), k.field, v, w.long(f, ok))
	case w.able.can(canTellTime) && w.o.bounded() && time.Unix(0, f.time).Sub(w.now) > w.o.MaxAhead+time.Second:
		w.broken(lawPoison, "field     %s %s\nfound     %s; it is %s now", w.place(k.id), k.field, w.long(f, ok), w.now.Format(time.RFC3339Nano))
	}
	p.set(f, fate{state: accepted, since: w.moment})
}

// judgeOthers looks at all fields but one, if nobody looked at them since the last push.
func (w *world) judgeOthers(k fieldKey, found map[fieldKey]write) {
	if !w.unread {
		return
	}
	others := maps.Clone(found)
	if delete(others, k); w.ledger.of(k).some {
		others[k] = w.ledger.of(k).best
	}
	w.judge("a new device", others, others)
}

// long describes a write in full.
func (w *world) long(x write, ok bool) string {
	if !ok {
		return "nothing"
	}
	return fmt.Sprintf("%s, by %s at %s (%v)", x.shows(), whose(x.client), when(x.time), clockStamp(x.stamp))
}
