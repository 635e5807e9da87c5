package check

import (
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/record"
)

// Purged is what a backend returns after it purged. mergetest.Purged documents its members.
type Purged struct {
	Sequence int64
	Fence    clock.Timestamp
	Level    int
	Records  []record.Record
}

// JudgePurge judges the fence and the stored records after a purge with a retention. The parameter
// before is the sequence of the fence before the purge.
func (j *Judge) JudgePurge(p Purged, before int64, retention time.Duration) {
	if int64(p.Fence) < j.Ledger.Fence || p.Sequence < before {
		j.Broken(law.FenceFalls, "the fence was at %s and sequence %d, and is now at %s and %d", When(j.Ledger.Fence), before, When(int64(p.Fence)), p.Sequence)
		return
	}
	j.Level = max(p.Level, 1)
	if at := j.Now.Add(-retention); int64(p.Fence) > j.Ledger.Fence {
		j.Count("fence raised")
		j.Ledger.Fence = int64(p.Fence)
		if at.After(j.Horizon) {
			j.Horizon = at
		}
	}
	for _, r := range p.Records {
		if id, ok := j.IDOf(r.Key()); ok && !j.isNormal(r, p.Level) {
			j.Broken(law.Unswept, "record    %s\nfound     %s\nfence     %s, level %d", j.place(id), Listed(writesOf(id, r)), When(j.Ledger.Fence), max(p.Level, 1))
		}
	}
}

func writesOf(id string, r record.Record) map[oracle.FieldKey]oracle.Write {
	all := map[oracle.FieldKey]oracle.Write{}
	for name, v := range r.All() {
		all[oracle.FieldKey{ID: id, Field: name}] = WriteOf(v)
	}
	return all
}

// isNormal reports whether a stored record is in the form in which purging leaves it.
func (j *Judge) isNormal(r record.Record, level int) bool {
	fields, tombstones, above := 0, 0, 0
	for _, v := range r.All() {
		w := WriteOf(v)
		fields++
		if w.Time > j.Ledger.Fence {
			above++
		} else if w.Deleted {
			tombstones++
		}
	}
	if r.Deleted() && above == 0 {
		return level < 2 && fields == 1
	}
	return j.Ledger.Fence == 0 || tombstones == 0 || fields == 1
}

// purgeable returns a function that reports whether a field may be missing from the found state.
// A $deleted that is true may be missing only if its whole record is.
func (j *Judge) purgeable(found map[oracle.FieldKey]oracle.Write) func(oracle.FieldKey) bool {
	dead, there := map[string]bool{}, map[string]bool{}
	if j.Ledger.Fence > 0 {
		there = recordsOf(found)
		for _, k := range j.Ledger.Keys {
			if _, known := dead[k.ID]; !known {
				dead[k.ID] = j.Ledger.MayBeDead(k.ID)
			}
		}
	}
	return func(k oracle.FieldKey) bool {
		hides := k.Field == record.DeletedField && j.Ledger.Deleted(k.ID)
		return (dead[k.ID] || j.Ledger.MayLack(k)) && !(hides && there[k.ID])
	}
}

// infer records what a found state shows about pushes without an answer: that a record is dead, and
// that a dead record began a new life.
func (j *Judge) infer(found map[oracle.FieldKey]oracle.Write) {
	if j.Ledger.Fence == 0 {
		return
	}
	there := recordsOf(found)
	for _, k := range j.Ledger.Keys {
		if k.Field == record.DeletedField {
			j.inferDeath(k, found, there)
		}
	}
	for k, f := range found {
		p := j.Ledger.Histories[k]
		if p == nil || f.Time <= j.Ledger.Fence || p.Writes[f] == nil || p.Writes[f].State != oracle.Unsure || !j.Ledger.Dead(k.ID) {
			continue
		}
		deletion := oracle.FieldKey{ID: k.ID, Field: record.DeletedField}
		if found[deletion] != j.Ledger.Histories[deletion].Best {
			j.Ledger.Begin(k.ID)
		}
	}
}

// inferDeath counts the greatest unanswered deletion at or below the fence as accepted if it was
// found, or if nothing of its record was found although the record exists.
func (j *Judge) inferDeath(k oracle.FieldKey, found map[oracle.FieldKey]oracle.Write, there map[string]bool) {
	p := j.Ledger.Histories[k]
	if p.Open == 0 || !j.Ledger.Exists(k.ID) || j.Ledger.Dead(k.ID) || !j.Ledger.MayBeDead(k.ID) {
		return
	}
	var last oracle.Write
	for x, f := range p.Writes {
		if f.State == oracle.Unsure && x.Value == "true" && x.Time <= j.Ledger.Fence && p.Permits(x, true) && oracle.Compare(x, last) > 0 {
			last = x
		}
	}
	if found[k] == last || !there[k.ID] {
		p.Set(last, oracle.Fate{State: oracle.Accepted, Since: j.Moment, Last: j.Ledger.Count})
	}
}

// recordsOf returns the IDs of the records that have a field in a found state.
func recordsOf(found map[oracle.FieldKey]oracle.Write) map[string]bool {
	there := map[string]bool{}
	for k := range found {
		there[k.ID] = true
	}
	return there
}

// isOfTwoLives reports whether an answer about a write depends on what was purged, or on which items
// of the batch began a new life.
func (j *Judge) isOfTwoLives(x arrival) bool {
	return j.Ledger.Fence > 0 && (j.begun[x.ID] == j.Sendings || j.Ledger.MayLack(x.FieldKey) || j.Ledger.MayBeDead(x.ID))
}

// classifyPurged returns the law about purging that is broken if a new device finds a wrong write
// of a field, or no write. It reports false if another law fits.
func (j *Judge) classifyPurged(k oracle.FieldKey, fresh map[oracle.FieldKey]oracle.Write) (law.Law, bool) {
	p := j.Ledger.Histories[k]
	f, ok := fresh[k]
	hidden := p.Best.Deleted || k.Field == record.DeletedField && p.Best.Value == "true"
	switch {
	case j.Ledger.Fence == 0 || !p.Some:
		return 0, false
	case hidden && p.Best.Time <= j.Ledger.Fence && (ok && f.Time <= j.Ledger.Fence || !ok && k.Field == record.DeletedField && hasRecord(fresh, k.ID)):
		return law.ComesBack, true
	case p.Ended && ok && f.Time <= j.Ledger.Fence:
		return law.ComesBack, true
	case !ok && j.Last.Purge >= 0 && j.unaudited(j.Last.Purge), !ok && p.Best.Time <= j.Ledger.Fence && p.Writes[p.Best].Since < j.Moment:
		return law.PurgesDead, true
	}
	return 0, false
}
