package mergetest

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// erasing returns a constructor of backends that store a wrong erased form.
func erasing(form func(r record.Record, erased record.Record) record.Record) newBackend {
	return purging(purgeRule{level: 2, erases: func(p *purger, key record.Key, at clock.Stamp) (clock.Stamp, error) {
		return p.eraseBy(key, at, func(r record.Record, at clock.Stamp) (record.Record, error) {
			erased, err := merge.Erase(r, at)
			return form(r, erased), err
		})
	}})
}

// withFields returns a record with further fields.
func withFields(r record.Record, more map[string]record.FieldValue) record.Record {
	var b record.Builder
	fields := maps.Collect(r.All())
	maps.Copy(fields, more)
	all, err := b.Record(r.Key(), maps.All(fields))
	if err != nil {
		panic(err)
	}
	return all
}

// namesStay deletes each field of an erased record, so the names stay.
func namesStay(r, erased record.Record) record.Record {
	v, _ := erased.Get(record.DeletedField)
	names := map[string]record.FieldValue{}
	for name := range r.All() {
		if name != record.DeletedField {
			names[name] = record.FieldValue{Value: record.Deletion(), Stamp: v.Stamp}
		}
	}
	return withFields(erased, names)
}

// valuesStay keeps the fields of an erased record.
func valuesStay(r, erased record.Record) record.Record {
	return withFields(r, maps.Collect(erased.All()))
}

// onlyDeleted stores an erased record as one that is only deleted.
func onlyDeleted(_, erased record.Record) record.Record {
	return only(erased, func(name string, _ record.FieldValue) bool { return name == record.DeletedField })
}

// erasesByWall takes the stamp of an erasure from the wall clock.
func erasesByWall(p *purger, key record.Key, at clock.Stamp) (clock.Stamp, error) {
	return p.eraseBy(key, at, func(r record.Record, at clock.Stamp) (record.Record, error) {
		if at.Time == 0 {
			at.Time = clock.TimestampOf(p.env.Now())
		}
		return merge.Erase(record.New(r.Key()), at)
	})
}

// neverRepeats repeats no erasure.
func neverRepeats(p *purger, key record.Key, at clock.Stamp) (clock.Stamp, error) {
	if at.Time > 0 {
		return at, nil
	}
	return p.eraseBy(key, at, merge.Erase)
}

// repeatsOnlyStored repeats no erasure of a record that is missing.
func repeatsOnlyStored(p *purger, key record.Key, at clock.Stamp) (clock.Stamp, error) {
	if p.disk.rows[key].Len() == 0 && at.Time > 0 {
		return at, nil
	}
	return p.eraseBy(key, at, merge.Erase)
}

// repeatsWithoutKey repeats the erasure of a missing record on a record without a key.
func repeatsWithoutKey(p *purger, key record.Key, at clock.Stamp) (clock.Stamp, error) {
	return p.eraseBy(key, at, func(r record.Record, at clock.Stamp) (record.Record, error) {
		return merge.Erase(p.disk.rows[key].Record, at)
	})
}

// erasesAnew repeats an erasure as a new one.
func erasesAnew(p *purger, key record.Key, at clock.Stamp) (clock.Stamp, error) {
	if p.disk.rows[key].Len() > 0 {
		at.Time = 0
	}
	return p.eraseBy(key, at, merge.Erase)
}

// erasesQuietly gives an erased record no new sequence.
func erasesQuietly(p *purger, key record.Key, at clock.Stamp) (clock.Stamp, error) {
	seq := p.disk.rows[key].seq
	at, err := p.eraseBy(key, at, merge.Erase)
	p.disk.rows[key] = row{p.disk.rows[key].Record, seq}
	return at, err
}

// dropsErased removes an erased record at once.
func dropsErased(p *purger, key record.Key, at clock.Stamp) (clock.Stamp, error) {
	at, err := p.eraseBy(key, at, merge.Erase)
	delete(p.disk.rows, key)
	return at, err
}

// asErased lets some items on an erased record pass, as if the record did not exist.
func asErased(is func(m record.Mutation) bool) func(*purger, *merge.Stored) {
	return func(p *purger, s *merge.Stored) {
		for i, r := range s.Records {
			for _, it := range p.asked.Items {
				if r.Erased() && it.Err == nil && it.Mutation.Data.Key() == r.Key() && is(it.Mutation) {
					s.Records[i] = record.New(r.Key())
				}
			}
		}
	}
}

// brokenErasures are purgers that make a mistake when they erase.
func brokenErasures() []broken {
	anyItem := func(record.Mutation) bool { return true }
	return []broken{
		{"erases values, but not names", erasing(namesStay), []law.Law{law.Erased}},
		{"only marks an erased record", erasing(valuesStay), []law.Law{law.Erased}},
		{"erases by deleting", erasing(onlyDeleted), []law.Law{law.Erased}},
		{"stamps an erasure by the wall clock", purging(purgeRule{level: 2, erases: erasesByWall}), []law.Law{law.Erased}},
		{"lets items create an erased record again", purging(purgeRule{level: 2, finds: asErased(isNew)}), []law.Law{law.Erased}},
		{"lets items on an erased record pass, level 1", purging(purgeRule{finds: asErased(anyItem)}), []law.Law{law.Erased, law.ComesBack}},
		{"does not repeat an erasure after a restore", purging(purgeRule{level: 2, erases: neverRepeats}), []law.Law{law.Erased}},
		{"repeats an erasure only on a stored record", purging(purgeRule{level: 2, erases: repeatsOnlyStored}), []law.Law{law.Erased}},
		{"repeats an erasure without the key", purging(purgeRule{level: 2, erases: repeatsWithoutKey}), []law.Law{law.Readable}},
		{"repeats an erasure with a new stamp", purging(purgeRule{level: 2, erases: erasesAnew}), []law.Law{law.Erased}},
		{"gives an erased record no new sequence", purging(purgeRule{level: 2, erases: erasesQuietly}), []law.Law{law.Erased, law.Skip}},
		{"removes an erased record at once", purging(purgeRule{level: 2, erases: dropsErased}), []law.Law{law.Erased, law.Skip, law.Tombstone}},
	}
}

// TestBrokenErasuresAreFound checks that the kit finds each mistake and names its law.
func TestBrokenErasuresAreFound(t *testing.T) {
	checkAll(t, brokenErasures(), func(t *testing.T, b broken) { b.check(t, Options{}) })
}

// TestMissingStampsAreNamed checks that a failure says that a stamp is missing.
func TestMissingStampsAreNamed(t *testing.T) {
	t.Parallel()
	for want, rule := range map[string]purgeRule{
		"no clock": {pull: func(p *purger, _ clock.ClientID, cursor string) ([]byte, string, error) {
			lines, next := p.page(cursor)
			if fence := p.disk.purge.fence.stamp; fence > 0 {
				lines = fmt.Appendf(lines, "{\"fence\":%q,\"level\":1}\n", fence.String())
			}
			return lines, next, nil
		}},
		"no stamp": {erases: func(p *purger, key record.Key, at clock.Stamp) (clock.Stamp, error) {
			_, err := p.eraseBy(key, at, merge.Erase)
			return clock.Stamp{}, err
		}},
	} {
		err := Check(purging(rule), Options{})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "-47") {
			t.Errorf("the failure does not say %q: %v", want, err)
		}
	}
}
