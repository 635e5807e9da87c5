package mergetest

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
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
func (w *world) learn(found map[oracle.FieldKey]oracle.Write) {
	for _, k := range w.ledger.Keys {
		p := w.ledger.Histories[k]
		x, ok := found[k]
		if f := p.Writes[x]; w.breach != nil || !ok || f == nil || f.State != oracle.Unsure {
			continue
		}
		p.Set(x, oracle.Fate{State: oracle.Accepted, Since: w.moment, Last: w.ledger.Count})
		w.ledger.Marks[x.Client] = w.ledger.Marks[x.Client].Accepted(x.Time)
	}
}

// unaudited reports whether a step came after the last audit, or is this one.
func (w *world) unaudited(moment int) bool { return moment == w.moment || moment > w.last.audit }

// judge compares what somebody found who pulled with the ledger. Fresh is what a device
// finds that begins anew; nil means that it is yet to be asked.
func (w *world) judge(who string, found, fresh map[oracle.FieldKey]oracle.Write) {
	for _, k := range w.ledger.Keys {
		p := w.ledger.Histories[k]
		f, ok := found[k]
		if fresh != nil && ok && p.Some && f == p.Best {
			p.Writes[f].Seen = true
		}
		if p.Permits(f, ok) || w.foreign(k) && p.Writes[f] == nil || fresh == nil && p.Lapsed(f) {
			continue
		}
		l := law.Skip
		if fresh == nil {
			fresh = w.fresh()
		}
		w.tell("a new device pulls from the beginning", w.listed(fresh))
		if g, there := fresh[k]; !p.Permits(g, there) {
			who, f, ok = "a new device", g, there
			l = w.classify(k, fresh)
		} else {
			w.tell(who+" pulls from its cursor", "misses "+k.Field+" of "+k.ID)
		}
		if l != law.Damaged && l != law.RefusedLeavesNothing && w.stale(k, who, f, ok) {
			l = law.Stale
		}
		w.broken(l, "field     %s %s\nexpected  %s\nfound     %s\nseen by   %s", w.place(k.ID), k.Field, w.long(p.Best, p.Some), w.long(f, ok), who)
		if clue := w.clue(k, f, ok); clue != "" && l != law.Skip && l != law.Stale {
			w.breach.detail = append(w.breach.detail, "note      "+clue)
		}
		return
	}
	w.judgeStrays(found)
}

// judgeStrays looks for fields that nobody sent, or that were sent in refused items only.
// Fields that only the server knows are its own business.
func (w *world) judgeStrays(found map[oracle.FieldKey]oracle.Write) {
	var strays []oracle.FieldKey
	for k := range found {
		if _, known := w.ledger.Histories[k]; !known {
			strays = append(strays, k)
		}
	}
	slices.SortFunc(strays, oracle.CompareFields)
	for _, k := range strays {
		if !w.foreign(k) {
			w.broken(law.Invented, "field     %s %s\nexpected  nothing\nfound     %s", w.place(k.ID), k.Field, w.long(found[k], true))
		}
		if k.Field == flawed || k.Field == reserved {
			w.broken(law.RefusedLeavesNothing, "field     %s %s\nexpected  nothing: it came in refused items only\nfound     %s", w.place(k.ID), k.Field, w.long(found[k], true))
		}
	}
}

// foreign reports whether only refused items write to a field, which then is the server's
// own business as well.
func (w *world) foreign(k oracle.FieldKey) bool {
	return !slices.Contains(w.o.Names, k.Field) && k.Field != record.DeletedField && !isGrown(k.Field)
}

// classify names the law that is broken where a new device does not find what it should.
// A restart or a meeting is to blame only if no new device looked after it.
func (w *world) classify(k oracle.FieldKey, fresh map[oracle.FieldKey]oracle.Write) law.Law {
	f, ok := fresh[k]
	p := w.ledger.Histories[k]
	best := p.Writes[p.Best]
	switch {
	case w.last.restore >= 0 && w.unaudited(w.last.restore), ok && p.Lapsed(f), p.Some && best.Gone && best.Since == w.moment:
		return law.Restored
	case ok && p.Writes[f] != nil && p.Writes[f].State == oracle.Refused:
		return law.RefusedLeavesNothing
	case w.last.damage == w.sendings && ok && p.Writes[f] == nil:
		return law.Damaged
	case p.Some && w.last.restart >= 0 && w.unaudited(w.last.restart):
		return law.Durable
	case p.Some && best.Met && w.unaudited(best.Since):
		return law.Meet
	case !ok && k.Field == record.DeletedField && has(fresh, k.ID):
		return law.Revive
	case !ok && (p.Best.Deleted || k.Field == record.DeletedField && p.Best.Value == "true"):
		return law.Tombstone
	case p.Some && best.Seen && (!ok || p.Writes[f] != nil && p.Writes[f].Came != w.sendings && p.Writes[f].Came <= w.last.audited):
		return law.Stays // and nothing that came just now is stored instead
	case !ok && p.Best.Value == "null":
		return law.Four
	case !ok:
		return law.Vanish
	}
	if _, sent := p.Writes[f]; sent {
		return w.classifyOrder(k, f)
	}
	return classifyUnsent(k, p, f)
}

// classifyOrder names the part of the rule by which the expected write wins over what is
// there.
func (w *world) classifyOrder(k oracle.FieldKey, f oracle.Write) law.Law {
	p := w.ledger.Histories[k]
	_, by := oracle.Rule(p.Best, f)
	if by == oracle.ByMillisecond && p.Best.Deleted && !f.Deleted && p.Writes[f].Last > p.Writes[p.Best].Last {
		return law.Tombstone
	}
	return lawOf(by)
}

// classifyUnsent names the law that is broken by a write that nobody sent.
func classifyUnsent(k oracle.FieldKey, p *oracle.History, f oracle.Write) law.Law {
	if k.Field == record.DeletedField && !oracle.SameValue(p.Best, f) {
		return law.Revive
	}
	if p.Cut(f) {
		return law.Counter
	}
	if p.Some && oracle.SameValue(p.Best, f) {
		return law.Stamp
	}
	l := law.Invented
	for sent := range p.Writes { // whatever the order, the strongest reason counts
		switch {
		case sent.Time == f.Time && sent.Client == f.Client && (sent.Deleted || f.Deleted || (sent.Value == "null") != (f.Value == "null")):
			return law.Four
		case sent.Time == f.Time && sent.Client == f.Client:
			l = law.Exact
		case l == law.Invented && oracle.SameValue(sent, f):
			l = law.Stamp
		}
	}
	return l
}

// has reports whether there is any field of a record.
func has(all map[oracle.FieldKey]oracle.Write, id string) bool {
	for k := range all {
		if k.ID == id {
			return true
		}
	}
	return false
}

// judgeWrite looks at what the server wrote by itself.
func (w *world) judgeWrite(k oracle.FieldKey, v record.Value) {
	found := w.fresh()
	f, ok := found[k]
	w.judgeOthers(k, found)
	w.tell("server writes "+k.ID+" "+k.Field+"="+v.String(), "found as: "+w.long(f, ok))
	p := w.ledger.Of(k)
	_, old := p.Writes[f]
	above, _ := oracle.Rule(f, p.Best)
	switch {
	case w.breach != nil:
		return
	case (!ok || old || !above) && w.writtenLater(k, f, v):
		w.broken(law.Stale, "field     %s %s\nexpected  %s, which the server wrote\nfound     %s\nseen by   a new device", w.place(k.ID), k.Field, v, w.long(f, ok))
		return
	case !ok:
		w.broken(law.Vanish, "field     %s %s\nexpected  %s, which the server wrote\nfound     nothing\nseen by   a new device", w.place(k.ID), k.Field, v)
	case old:
		w.broken(law.ServerClock, "field     %s %s\nexpected  %s, which the server wrote, with a later stamp than what is found\nfound     %s", w.place(k.ID), k.Field, v, w.long(f, ok))
	case !above:
		w.broken(law.ServerClock, "field     %s %s\nexpected  what the server wrote, with a later stamp than %s\nfound     %s", w.place(k.ID), k.Field, w.long(p.Best, p.Some), w.long(f, ok))
	case f.Value != v.JSON():
		w.broken(law.Exact, "field     %s %s\nexpected  %s, which the server wrote\nfound     %s", w.place(k.ID), k.Field, v, w.long(f, ok))
	case w.able.can(canTellTime) && w.o.Bounded() && time.Unix(0, f.Time).Sub(w.now) > w.o.MaxAhead+time.Second:
		w.broken(law.Poison, "field     %s %s\nfound     %s; it is %s now", w.place(k.ID), k.Field, w.long(f, ok), w.now.Format(time.RFC3339Nano))
	}
	p.Set(f, oracle.Fate{State: oracle.Accepted, Since: w.moment})
}

// judgeOthers looks at all fields but one, if nobody looked at them since the last push.
func (w *world) judgeOthers(k oracle.FieldKey, found map[oracle.FieldKey]oracle.Write) {
	if !w.unread {
		return
	}
	others := maps.Clone(found)
	if delete(others, k); w.ledger.Of(k).Some {
		others[k] = w.ledger.Of(k).Best
	}
	w.judge("a new device", others, others)
}

// long describes a write in full.
func (w *world) long(x oracle.Write, ok bool) string {
	if !ok {
		return "nothing"
	}
	return fmt.Sprintf("%s, by %s at %s (%v)", shownValue(x), schedule.Whose(x.Client), when(x.Time), clockStamp(x.Stamp))
}
