package lawtest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/merge"
)

// limitedVerdict is what becomes of a batch in a record that has room for one field.
type limitedVerdict struct {
	codes  [3]merge.Code
	joined [3]triple
	after  triple
}

// limited applies items in the given order, and returns what becomes of each by its position in
// items.
func (e *purgeEngine) limited(w purgeWorld, items []purgeItem, order []int) (v limitedVerdict, err error) {
	ordered := make([]purgeItem, len(items))
	for i, from := range order {
		ordered[i] = items[from]
	}
	a, err := e.apply(w, ordered)
	if err != nil {
		return v, err
	}
	given := w.verdictOf(ordered, a)
	v.after = given.after
	for i, from := range order {
		v.joined[from] = given.joined[i]
		if r := a.Results[i].Refusal; r != nil {
			v.codes[from] = r.Code
		}
	}
	return v, nil
}

// check returns an error unless only new items began a life, and the record has at most one
// field, or no more than before.
func (v *limitedVerdict) check(w purgeWorld, items []purgeItem) error {
	before := w.stored.normal(w.fence, w.level)
	if fields := v.after.within(3).count(); fields > max(1, before.within(3).count()) {
		return fmt.Errorf("%d fields are stored", fields)
	}
	for i, m := range items {
		if v.codes[i] == merge.RecordFull && m.writes.fields()&^v.after.fields() == 0 {
			return fmt.Errorf("item %d has no room, but adds no field", i)
		}
	}
	if !before.dead(w.fence) && (!before.empty() || w.level == 1) {
		return nil
	}
	lives := false
	for i, m := range items {
		lives = lives || m.isNew && !v.joined[i].empty() && v.joined[i] == v.joined[i].above(w.fence)
	}
	for i, m := range items {
		if !lives && v.codes[i] != merge.Gone && !(m.isNew && v.codes[i] == merge.RecordFull) {
			return fmt.Errorf("item %d has the code %q, but no life began", i, v.codes[i])
		}
	}
	if !lives && v.after != before {
		return fmt.Errorf("stored %v without a life", v.after)
	}
	return nil
}

func (t triple) count() (n int) {
	for _, c := range t {
		if c.kind != absent {
			n++
		}
	}
	return n
}

// TestScopePurgedBatchUnderALimitIsJudgedInAnyOrder applies batches to records that have room for
// one field. A new item that is refused begins no life, and the items that follow it are gone.
func TestScopePurgedBatchUnderALimitIsJudgedInAnyOrder(t *testing.T) {
	worlds := slices.DeleteFunc(purgeWorlds(2), func(w purgeWorld) bool { return w.fence == 0 || w.whole })
	items, orders := purgeEdits(3), permutations(3)
	s := scope{configs: len(worlds) * len(items) * len(items), step: oneOf(2003, 11)}
	cases := s.run(t, func() func(int) (int, error) {
		e := newPurgeEngine()
		e.engine.MaxRecord = 150
		return func(config int) (int, error) {
			d := digits(config)
			w := worlds[d.next(len(worlds))]
			batch := []purgeItem{items[d.next(len(items))], items[d.next(len(items))], {}}
			for _, batch[2] = range items {
				first, err := e.limited(w, batch, orders[0])
				if err == nil {
					err = first.check(w, batch)
				}
				for _, order := range orders[1:] {
					if v, _ := e.limited(w, batch, order); err == nil && v != first {
						err = fmt.Errorf("%+v, or in the order %v %+v", first, order, v)
					}
				}
				if err != nil {
					return 0, fmt.Errorf("%+v after %+v: %w", w, batch, err)
				}
			}
			return len(items), nil
		}
	})
	require.Equal(t, s.chosen()*len(items), cases)
}
