package check

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

// Audit lets a new device pull, and compares the pulled state with the ledger.
func (j *Judge) Audit() {
	if j.Breach == nil && !j.Lab.IsServing() {
		found := j.Lab.Fresh()
		if j.JudgePull(Newcomer(), found, found); j.Sight != nil { // rights depend on what is stored
			j.acceptFound(found)
		}
		j.judgeKept()
		j.JudgeDerived()
		j.Last.audit, j.Last.audited, j.Unread = j.Moment, j.Sendings, false
		j.Changed()
	}
}

// acceptFound records that a write without an answer was accepted, because a new device found it.
// From then on, the watermark of its client must not be below the write.
func (j *Judge) acceptFound(found map[oracle.FieldKey]oracle.Write) {
	j.infer(found)
	for _, k := range j.Ledger.Keys {
		p := j.Ledger.Histories[k]
		x, ok := found[k]
		if f := p.Writes[x]; j.Breach != nil || !ok || f == nil || f.State != oracle.Unsure {
			continue
		}
		p.Set(x, oracle.Fate{State: oracle.Accepted, Since: j.Moment, Last: j.Ledger.Count})
		j.Ledger.Marks[x.Client] = j.Ledger.Marks[x.Client].Accepted(x.Time)
	}
}

// unaudited reports whether a step is the current one or came after the last audit.
func (j *Judge) unaudited(moment int) bool { return moment == j.Moment || moment > j.Last.audit }

// JudgePull compares the state that a client pulled with the ledger.
// Fresh is the state that a new device pulls; if fresh is nil, JudgePull asks the Lab for that
// state when it needs it.
func (j *Judge) JudgePull(by Reader, found, fresh map[oracle.FieldKey]oracle.Write) {
	found, parts := j.splitOff(by, found)
	j.judgeStored(by, found, fresh)
	if parts != nil && j.Breach == nil {
		j.judgeParts(by, parts, fresh)
	}
}

// judgeStored judges the fields that a client pulled as they are stored.
func (j *Judge) judgeStored(by Reader, found, fresh map[oracle.FieldKey]oracle.Write) {
	if j.Sight == nil || by == Newcomer() { // other clients lack what they may not read
		j.infer(found)
	}
	if j.judgeHeld(by, found); j.Breach != nil {
		return
	}
	mayLack, isHidden := j.purgeable(found), j.hidden(by)
	who := by.Name
	for _, k := range j.Ledger.Keys {
		p := j.Ledger.Histories[k]
		f, ok := found[k]
		if isHidden(k.ID, ok) || j.parts(by.ID, k) != nil {
			continue
		}
		if fresh != nil && ok && p.Some && f == p.Best && !p.Ended {
			p.Writes[f].Seen = true
		}
		if p.Permits(f, ok) || !ok && mayLack(k) || j.foreign(k) && p.Writes[f] == nil || fresh == nil && p.Lapsed(f) {
			continue
		}
		l := law.Skip
		if fresh == nil {
			fresh = j.Lab.Fresh()
		}
		j.Lab.Tell("a new device pulls from the beginning", Listed(fresh))
		if g, there := fresh[k]; !p.Permits(g, there) && (there || !j.purgeable(fresh)(k)) {
			who, f, ok = "a new device", g, there
			l = j.classify(k, fresh)
		} else {
			j.Lab.Tell(who+" pulls from its cursor", "misses "+k.Field+" of "+k.ID)
			if j.Ledger.MayLack(k) || j.Ledger.Dead(k.ID) {
				l = law.ResetBelow
			}
			if j.Sight != nil && !hasRecord(found, k.ID) {
				l = law.Lacks
			}
		}
		if l != law.Damaged && l != law.RefusedLeavesNothing && j.Lab.Stale(k, who, f, ok) {
			l = law.Stale
		}
		miscount, wrong := j.miscounts(k, l, fresh)
		if wrong {
			l = law.Counted
		}
		j.Broken(l, "field     %s %s\nexpected  %s\nfound     %s\nseen by   %s", j.place(k.ID), k.Field, j.long(p.Best, p.Some), j.long(f, ok), who)
		if clue := j.clue(k, f, ok); clue != "" && l != law.Skip && l != law.Stale {
			j.Breach.Detail = append(j.Breach.Detail, "note      "+clue)
		}
		if wrong {
			j.Breach.Detail = append(j.Breach.Detail, "note      "+miscount.String())
		}
		return
	}
	j.judgeStrays(found)
	j.judgeCounters(who, found, func(k oracle.FieldKey, ok bool) bool { return isHidden(k.ID, ok) || !ok && mayLack(k) })
}

// judgeStrays looks for fields that devices use but never sent, and for fields that only refused
// items had. All other unknown fields may be the server's own, and are not judged.
func (j *Judge) judgeStrays(found map[oracle.FieldKey]oracle.Write) {
	var strays []oracle.FieldKey
	for k := range found {
		if _, known := j.Ledger.Histories[k]; !known {
			strays = append(strays, k)
		}
	}
	slices.SortFunc(strays, oracle.CompareFields)
	for _, k := range strays {
		if !j.foreign(k) {
			j.Broken(law.Invented, "field     %s %s\nexpected  nothing\nfound     %s", j.place(k.ID), k.Field, j.long(found[k], true))
		}
		if k.Field == Flawed || k.Field == Reserved {
			j.Broken(law.RefusedLeavesNothing, "field     %s %s\nexpected  nothing: only refused items had it\nfound     %s", j.place(k.ID), k.Field, j.long(found[k], true))
		}
	}
}

// foreign reports whether a field that devices do not use was never sent, or was sent only in
// refused items. Such a field may be the server's own.
func (j *Judge) foreign(k oracle.FieldKey) bool {
	if slices.Contains(j.o.Names, k.Field) || k.Field == record.DeletedField {
		return false
	}
	p := j.Ledger.Histories[k]
	return p == nil || !p.Sent()
}

// classify returns the law that is broken if a new device does not find the expected write. A
// restart or a concurrent request is to blame only if no new device has pulled since.
func (j *Judge) classify(k oracle.FieldKey, fresh map[oracle.FieldKey]oracle.Write) law.Law {
	f, ok := fresh[k]
	p := j.Ledger.Histories[k]
	best := p.Writes[p.Best]
	if best == nil { // the greatest write stands for the end of an earlier life
		best = &oracle.Fate{}
	}
	if j.Last.Evicted == j.Moment {
		return law.Evicts
	}
	if j.breaksErasure(k, f, ok) {
		return law.Erased
	}
	if j.Last.Restore >= 0 && j.unaudited(j.Last.Restore) || ok && p.Lapsed(f) || p.Some && best.Gone && best.Since == j.Moment {
		return law.Restored
	}
	if l, ok := j.classifyPurged(k, fresh); ok {
		return l
	}
	switch {
	case ok && p.Writes[f] != nil && p.Writes[f].State == oracle.Refused:
		return law.RefusedLeavesNothing
	case j.Last.Damage == j.Sendings && ok && p.Writes[f] == nil:
		return law.Damaged
	case p.Some && j.Last.Restart >= 0 && j.unaudited(j.Last.Restart):
		return law.Durable
	case p.Some && best.Met && j.unaudited(best.Since):
		return law.Meet
	case !ok && k.Field == record.DeletedField && hasRecord(fresh, k.ID):
		return law.Revive
	case !ok && (p.Best.Deleted || k.Field == record.DeletedField && p.Best.Value == "true"):
		return law.Tombstone
	case p.Some && best.Seen && (!ok || p.Writes[f] != nil && p.Writes[f].Came != j.Sendings && p.Writes[f].Came <= j.Last.audited):
		return law.Stays // and the write stored instead did not just arrive
	case !ok && p.Best.Value == "null":
		return law.Four
	case !ok:
		return law.Vanish
	}
	if _, sent := p.Writes[f]; sent {
		return j.classifyOrder(k, f)
	}
	return classifyUnsent(k, p, f)
}

// classifyOrder returns the law for the part of the rule by which the expected write wins over the
// found one.
func (j *Judge) classifyOrder(k oracle.FieldKey, f oracle.Write) law.Law {
	p := j.Ledger.Histories[k]
	_, by := oracle.Rule(p.Best, f)
	if by == oracle.ByMillisecond && p.Best.Deleted && !f.Deleted && p.Writes[f].Last > p.Writes[p.Best].Last {
		return law.Tombstone
	}
	return lawOf(by)
}

// classifyUnsent returns the law that is broken if the found write was never sent.
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
	for sent := range p.Writes { // the strongest reason counts, in whatever order the map is read
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

// hasRecord reports whether a state has any field of a record.
func hasRecord(all map[oracle.FieldKey]oracle.Write, id string) bool {
	for k := range all {
		if k.ID == id {
			return true
		}
	}
	return false
}

// JudgeWrite judges a write that the server made itself.
func (j *Judge) JudgeWrite(k oracle.FieldKey, v record.Value) {
	found := j.Lab.Fresh()
	f, ok := found[k]
	j.judgeOthers(k, found)
	j.Lab.Tell("server writes "+k.ID+" "+k.Field+"="+v.String(), "found as: "+j.long(f, ok))
	p := j.Ledger.Of(k)
	_, old := p.Writes[f]
	above, _ := oracle.Rule(f, p.Best)
	switch {
	case j.Breach != nil:
		return
	case (!ok || old || !above) && j.Lab.WrittenLater(k, f, v):
		j.Broken(law.Stale, "field     %s %s\nexpected  %s, which the server wrote\nfound     %s\nseen by   a new device", j.place(k.ID), k.Field, v, j.long(f, ok))
		return
	case !ok:
		j.Broken(law.Vanish, "field     %s %s\nexpected  %s, which the server wrote\nfound     nothing\nseen by   a new device", j.place(k.ID), k.Field, v)
	case old:
		j.Broken(law.ServerClock, "field     %s %s\nexpected  %s, which the server wrote, with a later stamp than the found write\nfound     %s", j.place(k.ID), k.Field, v, j.long(f, ok))
	case !above:
		j.Broken(law.ServerClock, "field     %s %s\nexpected  the server's write, with a later stamp than %s\nfound     %s", j.place(k.ID), k.Field, j.long(p.Best, p.Some), j.long(f, ok))
	case f.Value != v.JSON():
		j.Broken(law.Exact, "field     %s %s\nexpected  %s, which the server wrote\nfound     %s", j.place(k.ID), k.Field, v, j.long(f, ok))
	case j.Able.Can(CanTellTime) && j.o.Bounded() && time.Unix(0, f.Time).Sub(j.Now) > j.o.MaxAhead+time.Second:
		j.Broken(law.Poison, "field     %s %s\nfound     %s; the time is %s", j.place(k.ID), k.Field, j.long(f, ok), j.Now.Format(time.RFC3339Nano))
	}
	p.Set(f, oracle.Fate{State: oracle.Accepted, Since: j.Moment})
}

// judgeOthers judges all fields but one, if they have not been judged since the last push.
func (j *Judge) judgeOthers(k oracle.FieldKey, found map[oracle.FieldKey]oracle.Write) {
	if !j.Unread {
		return
	}
	others := maps.Clone(found)
	if delete(others, k); j.Ledger.Of(k).Some {
		others[k] = j.Ledger.Of(k).Best
	}
	j.JudgePull(Newcomer(), others, others)
}

// long describes a write in full.
func (j *Judge) long(x oracle.Write, ok bool) string {
	if !ok {
		return "nothing"
	}
	return fmt.Sprintf("%s, by %s at %s (%v)", shownValue(x), schedule.Whose(x.Client), When(x.Time), clockStamp(x.Stamp))
}

// JudgeEnd compares the final state of a device with the state of a new device, even where a push
// got no answer and two final states are permitted. A dead record counts for nothing: a device that
// held it when it died may keep its deletion, which a new device never needs.
func (j *Judge) JudgeEnd(by Reader, found, fresh map[oracle.FieldKey]oracle.Write) {
	found, parts := j.splitOff(by, found)
	if parts != nil {
		j.judgeParts(by, parts, fresh)
	}
	isHidden := j.hidden(by)
	for _, k := range j.Ledger.Keys {
		f, ok := found[k]
		g, there := fresh[k]
		if j.parts(by.ID, k) != nil {
			continue
		}
		if !there && j.isDead(found, k.ID) || !ok && j.isDead(fresh, k.ID) {
			continue
		}
		if f != g && !isHidden(k.ID, true) && !j.Ledger.Histories[k].Lapsed(f) {
			j.Broken(law.Skip, "field     %s %s\nfound     %s, by a new device\nfound     %s, by %s", j.place(k.ID), k.Field, j.long(g, there), j.long(f, ok), by.Name)
		}
	}
}

// isDead reports whether a record that was found is dead.
func (j *Judge) isDead(found map[oracle.FieldKey]oracle.Write, id string) bool {
	for k, f := range found {
		if k.ID == id && f.Time > j.Ledger.Fence {
			return false
		}
	}
	return found[oracle.FieldKey{ID: id, Field: record.DeletedField}].Value == "true"
}
