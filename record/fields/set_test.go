package fields_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/fields"
)

const tags = fields.Set("tags")

// article holds a set, a counter and a plain field.
type article struct {
	Title    string          `lww:"title"`
	Tags     fields.Elements `lww:"tags"`
	Quantity fields.Total    `lww:"qty"`
}

// TestSetWritesOnlyTheDifference: Put and SetStruct write the elements that changed, whatever the order of the slice.
func TestSetWritesOnlyTheDifference(t *testing.T) {
	element := rapid.SampledFrom([]string{"a", "b", "c/d", "é", "$x"})
	rapid.Check(t, func(t *rapid.T) {
		before, after := rapid.SliceOf(element).Draw(t, "before"), rapid.SliceOf(element).Draw(t, "after")
		r := written(t, record.New(stock), stampOf(1, clients[0]), func(e *record.Edit) error {
			e.Set("tagsother", 1)
			return tags.Put(e, before)
		})
		byHand := r.Edit(stampOf(2, clients[0]))
		require.NoError(t, tags.Put(byHand, after))
		m, err := byHand.Mutation()
		require.NoError(t, err)
		want := map[string]bool{}
		for _, e := range after {
			want[e] = !slices.Contains(before, e)
		}
		for _, e := range before {
			want[e] = !slices.Contains(after, e)
		}
		for e, changed := range want {
			w, ok := m.Data.Get("tags/" + e)
			require.Equal(t, changed, ok, e)
			require.Equal(t, ok && !slices.Contains(after, e), ok && w.Deleted())
		}
		byStruct, err := r.Edit(stampOf(2, clients[0])).SetStruct(article{Tags: after}).Mutation()
		require.NoError(t, err)
		require.Equal(t, m, byStruct)

		list, err := tags.List(joined(t, r, m.Data))
		require.NoError(t, err)
		require.Equal(t, slices.Compact(slices.Sorted(slices.Values(after))), append([]string(nil), list...))
		for _, e := range []string{"a", "b", "c/d", "é"} {
			require.Equal(t, slices.Contains(after, e), tags.Has(joined(t, r, m.Data), e))
		}
	})
}

// TestLaterWriteDecidesOnAnElement: of an addition and a removal at the same time, the later one wins.
func TestLaterWriteDecidesOnAnElement(t *testing.T) {
	shown := written(t, record.New(stock), stampOf(1, clients[0]), func(e *record.Edit) error { return tags.Add(e, "cold") })
	added := written(t, shown, stampOf(3, clients[1]), func(e *record.Edit) error { return tags.Add(e, "cold", "new") })
	early := written(t, shown, stampOf(2, clients[2]), func(e *record.Edit) error { return tags.Remove(e, "cold") })
	late := written(t, shown, stampOf(4, clients[2]), func(e *record.Edit) error { return tags.Remove(e, "cold", "never there") })
	for name, c := range map[string]struct {
		other record.Record
		want  []string
	}{"removed before": {early, []string{"cold", "new"}}, "removed after": {late, []string{"new"}}} {
		list, err := tags.List(joined(t, added, c.other))
		require.NoError(t, err)
		require.Equal(t, c.want, list, name)
	}
}

// TestStructHoldsSetsAndCounters: Struct reads them, SetStruct writes what changed, and a sum is read-only.
func TestStructHoldsSetsAndCounters(t *testing.T) {
	quantity := fields.Counter{Name: "qty"}
	r := written(t, record.New(stock), stampOf(1, clients[0]), func(e *record.Edit) error {
		e.Set("title", "Milk")
		return quantity.Add(e, fields.Addition{ID: idOf(1), N: 3})
	})
	var a article
	require.NoError(t, r.Struct(&a))
	require.Equal(t, article{Title: "Milk", Quantity: 3}, a)
	m, err := r.Edit(stampOf(2, clients[0])).SetStruct(&a).Mutation()
	require.NoError(t, err)
	require.Zero(t, m.Data.Len())

	a.Quantity++
	_, err = r.Edit(stampOf(2, clients[0])).SetStruct(a).Mutation()
	var where *record.Error
	require.ErrorAs(t, err, &where)
	require.ErrorIs(t, err, fields.ErrReadOnly)
	require.Equal(t, "qty", where.Path)

	for _, field := range []string{"tags/x", "qty/" + idOf(2)} {
		broken := written(t, r, stampOf(2, clients[0]), func(e *record.Edit) error { e.Set(field, "private"); return nil })
		err = broken.Struct(&a)
		require.ErrorAs(t, err, &where)
		require.ErrorIs(t, err, record.ErrType)
		require.Equal(t, field, where.Path)
		require.NotContains(t, err.Error(), "private")
		_, err = broken.Edit(stampOf(3, clients[0])).SetStruct(a).Mutation()
		require.ErrorIs(t, err, record.ErrType)
	}
	require.Equal(t, article{Title: "Milk", Quantity: 4}, a) // Struct that fails stores nothing

	off := written(t, r, stampOf(2, clients[0]), func(e *record.Edit) error { e.Set("tags/x", false); return nil })
	require.ErrorIs(t, off.Struct(&a), record.ErrType) // an element is removed by a deletion
	require.False(t, tags.Has(off, "x"))

	require.ErrorIs(t, r.Struct(&struct {
		Tags *fields.Elements `lww:"tags"`
	}{}), record.ErrUnsupported)
	err = r.Struct(&struct {
		Tags fields.Elements `lww:"a/b"`
	}{})
	require.ErrorIs(t, err, record.ErrName)
}

// TestSetRefuses: names that a set cannot have, and elements that no field can have.
func TestSetRefuses(t *testing.T) {
	r := record.New(stock)
	for _, s := range []fields.Set{"", "a/b", "$deleted"} {
		e := r.Edit(stampOf(1, clients[0]))
		require.ErrorIs(t, s.Add(e, "x"), record.ErrName)
		require.ErrorIs(t, s.Remove(e, "x"), record.ErrName)
		require.ErrorIs(t, s.Put(e, []string{"x"}), record.ErrName)
		_, err := s.List(r)
		require.ErrorIs(t, err, record.ErrName)
	}
	e := r.Edit(stampOf(1, clients[0]))
	require.NoError(t, tags.Add(e, "\xff"))
	_, err := e.Mutation()
	require.Error(t, err)
}
