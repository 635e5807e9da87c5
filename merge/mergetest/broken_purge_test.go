package mergetest

import (
	"maps"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// unfenced judges a push as if nothing had been purged.
func unfenced(_ *purger, s *merge.Stored) { s.Fence, s.Level = 0, 0 }

// allNull reports whether the author of an item saw nothing in its fields.
func allNull(m record.Mutation) bool {
	for name := range m.Data.All() {
		if base, ok := m.Base[name]; !ok || !base.IsZero() {
			return false
		}
	}
	return true
}

// creates marks the items that the given function selects as creations.
func creates(is func(m record.Mutation) bool) func(*purger, *merge.Request) {
	return func(_ *purger, r *merge.Request) {
		for i := range r.Items {
			m := &r.Items[i].Mutation
			m.New = m.New || is(*m)
		}
	}
}

// asItWas judges a push as if nothing had been purged, if the given function selects one of
// its items, and that item concerns a dead record. If empty is true, the record counts as one
// without fields.
func asItWas(is func(m record.Mutation) bool, empty bool) func(*purger, *merge.Stored) {
	return func(p *purger, s *merge.Stored) {
		for i, r := range s.Records {
			dead := merge.Purge(r, s.Fence, 2).Len() == 0
			for _, it := range p.asked.Items {
				if !dead || it.Err != nil || it.Mutation.Data.Key() != r.Key() || !is(it.Mutation) {
					continue
				}
				if s.Fence = 0; empty {
					s.Records[i] = record.New(r.Key())
				}
			}
		}
	}
}

func isNew(m record.Mutation) bool { return m.New }

func restores(m record.Mutation) bool {
	v, ok := m.Data.Get(record.DeletedField)
	return ok && v.Value == record.Bool(false)
}

// only returns a record with the fields that keep selects.
func only(r record.Record, keep func(name string, v record.FieldValue) bool) record.Record {
	fields := maps.Collect(r.All())
	maps.DeleteFunc(fields, func(name string, v record.FieldValue) bool { return !keep(name, v) })
	var b record.Builder
	kept, err := b.Record(r.Key(), maps.All(fields))
	if err != nil {
		panic(err)
	}
	return kept
}

// deadByDeletion takes a record for dead if its deletion is at or below the fence, whatever its
// other stamps are.
func deadByDeletion(r record.Record, fence clock.Timestamp, level int) record.Record {
	v, ok := r.Get(record.DeletedField)
	if !ok || !r.Deleted() || v.Stamp.Time > fence {
		return merge.Purge(r, fence, level)
	}
	return only(r, func(name string, _ record.FieldValue) bool { return level < 2 && name == record.DeletedField })
}

// withoutTombstones purges the last tombstone of a record as well.
func withoutTombstones(r record.Record, fence clock.Timestamp, level int) record.Record {
	return only(merge.Purge(r, fence, level), func(_ string, v record.FieldValue) bool { return !v.Deleted() || v.Stamp.Time > fence })
}

// withoutRestores purges $deleted = false as well.
func withoutRestores(r record.Record, fence clock.Timestamp, level int) record.Record {
	kept := merge.Purge(r, fence, level)
	return only(kept, func(name string, v record.FieldValue) bool {
		return name != record.DeletedField || r.Deleted() || v.Stamp.Time > fence || kept.Len() == 1
	})
}

// allTombstones purges all tombstones of fields, whatever their stamps are.
func allTombstones(r record.Record, fence clock.Timestamp, level int) record.Record {
	if fence == 0 {
		return r
	}
	kept := merge.Purge(r, fence, level)
	live := only(kept, func(_ string, v record.FieldValue) bool { return !v.Deleted() })
	if live.Len() == 0 {
		return kept
	}
	return live
}

// onlyRecords purges dead records, but no field of a live one.
func onlyRecords(r record.Record, fence clock.Timestamp, level int) record.Record {
	if kept := merge.Purge(r, fence, level); merge.Purge(r, fence, 2).Len() == 0 {
		return kept
	}
	return r
}

// normalized judges the records in another normal form, which is also stored.
func normalized(normal func(record.Record, clock.Timestamp, int) record.Record, level int) purgeRule {
	return purgeRule{level: level, normal: normal, finds: func(_ *purger, s *merge.Stored) {
		for i, r := range s.Records {
			s.Records[i] = normal(r, s.Fence, level)
		}
	}}
}

// exempt lets an old deletion pass if its record has no $deleted.
func exempt(p *purger, s *merge.Stored) {
	for i, r := range s.Records {
		for _, it := range p.asked.Items {
			v, ok := it.Mutation.Data.Get(record.DeletedField)
			kept := merge.Purge(r, s.Fence, s.Level)
			_, has := kept.Get(record.DeletedField)
			if it.Err != nil || it.Mutation.Data.Key() != r.Key() || !ok || v.Stamp.Time > s.Fence || has || kept.Len() == 0 {
				continue
			}
			fields := maps.Collect(kept.All())
			fields[record.DeletedField] = record.FieldValue{Value: record.Bool(false), Stamp: clock.Stamp{Time: 1, Client: clock.ClientID{9}}}
			var b record.Builder
			s.Records[i], _ = b.Record(r.Key(), maps.All(fields))
		}
	}
}

// leastPulled returns the newest sample up to which every client that ever pulled has pulled.
func leastPulled(p *purger, _ time.Duration) purgeSample {
	least := p.disk.seq
	for _, seq := range p.disk.purge.pulled {
		least = min(least, seq)
	}
	fence := p.disk.purge.fence
	for _, s := range p.disk.purge.samples {
		if s.seq >= fence.seq && s.seq <= least {
			fence = s
		}
	}
	return fence
}

// notesPulls notes how far each client has pulled.
func notesPulls(p *purger, client clock.ClientID, cursor string) ([]byte, string, error) {
	lines, next := p.page(cursor)
	if p.disk.purge.pulled == nil {
		p.disk.purge.pulled = map[clock.ClientID]int{}
	}
	p.disk.purge.pulled[client], _ = p.position(next)
	return p.ended(lines), next, nil
}

// byWall takes the fence from the wall clock.
func byWall(p *purger, retention time.Duration) purgeSample {
	s := p.newest(retention)
	s.stamp = max(p.disk.purge.fence.stamp, clock.TimestampOf(p.env.Now().Add(-retention)))
	return s
}

// byOldFence judges by the fence before the last raise.
func byOldFence(p *purger, s *merge.Stored) { s.Fence = p.disk.purge.before.stamp }

// forgetsNew takes an item that begins a record for an edit of one.
func forgetsNew(_ *purger, r *merge.Request) {
	for i := range r.Items {
		r.Items[i].Mutation.New = false
	}
}

// brokenFences are purgers with a mistake in the rule that decides which writes are gone and
// which records are dead. With brokenSweeps and TestBrokenClientsOfPurgersAreFound, they include
// each rule that a model of the protocol has refuted:
//
//   - of the server: purging by age or by the least pulled cursor; null bases taken for a creation;
//     creations below the fence; death by the stamp of the deletion alone; deletions that are exempt
//     from the rule for fields; an older fence; a missing reset; a purged last tombstone; dead records
//     that can be restored; restores without a new epoch or without the fence; items judged in turn
//   - of the client: accepted items confirmed as a whole or without judging, waiting items shown
//     without judging, the clock at the end of a pull ignored, in the first pull or in all pulls
func brokenFences() []broken {
	return []broken{
		{"purges by age alone", purging(purgeRule{level: 2, finds: unfenced}), []law.Law{law.ComesBack, law.RetryBelow}},
		{"purges by age alone, level 1", purging(purgeRule{finds: unfenced}), []law.Law{law.ComesBack, law.RetryBelow}},
		{"purges by the least pulled cursor", purging(purgeRule{level: 2, finds: unfenced, raise: leastPulled, pull: notesPulls}), []law.Law{law.ComesBack, law.RetryBelow}},
		{"takes null bases for a creation", purging(purgeRule{level: 2, asks: creates(allNull)}), []law.Law{law.ComesBack}},
		{"takes everything above the fence for a creation", purging(purgeRule{level: 2, asks: creates(func(record.Mutation) bool { return true })}), []law.Law{law.ComesBack}},
		{"creates below the fence", purging(purgeRule{level: 2, finds: asItWas(isNew, true)}), []law.Law{law.ComesBack, law.RetryBelow}},
		{"dead by the stamp of the deletion alone", purging(normalized(deadByDeletion, 2)), []law.Law{law.ComesBack, law.PurgesDead}},
		{"dead by the stamp of the deletion alone, level 1", purging(normalized(deadByDeletion, 1)), []law.Law{law.ComesBack, law.PurgesDead}},
		{"lets old deletions of records pass", purging(purgeRule{level: 2, finds: exempt}), []law.Law{law.ComesBack, law.RetryBelow, law.Alone}},
		{"judges by an older fence", purging(purgeRule{level: 2, finds: byOldFence}), []law.Law{law.ComesBack, law.RetryBelow}},
		{"restores what is dead", purging(purgeRule{finds: asItWas(restores, false)}), []law.Law{law.ComesBack}},
		{"purges the last tombstone", purging(normalized(withoutTombstones, 2)), []law.Law{law.WronglyGone, law.SyncedGone}},
		{"purges restores", purging(normalized(withoutRestores, 2)), []law.Law{law.PurgesDead}},
		{"purges tombstones above the fence", purging(purgeRule{level: 2, normal: allTombstones}), []law.Law{law.PurgesDead}},
		{"forgets the husks of level 1", purging(purgeRule{normal: func(r record.Record, fence clock.Timestamp, _ int) record.Record { return merge.Purge(r, fence, 2) }}), []law.Law{law.ComesBack}},
		{"makes the fence from the wall clock", purging(purgeRule{level: 2, raise: byWall}), []law.Law{law.SyncedGone}},
		{"forgets which items are new", purging(purgeRule{level: 2, asks: forgetsNew}), []law.Law{law.WronglyGone}},
		{"ignores the retention", purging(purgeRule{level: 2, raise: func(p *purger, _ time.Duration) purgeSample { return p.newest(0) }}), []law.Law{law.SyncedGone}},
	}
}

// TestUnsoundRulesOfPurgingAreFound checks that the kit finds each mistake and names its law.
func TestUnsoundRulesOfPurgingAreFound(t *testing.T) {
	checkAll(t, brokenFences(), func(t *testing.T, b broken) { b.check(t, Options{}) })
}
