package main

import (
	"maps"
	"slices"
	"testing"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/stretchr/testify/require"
)

// TestFormWritesOnlyChangedFields: an edit of a form writes the fields that it changed,
// and an unchanged form writes nothing.
func TestFormWritesOnlyChangedFields(t *testing.T) {
	d, s := &device{id: ana}, &story{}
	fence, err := s.change(d, "fence", at(0), func(f *form) { f.Title = "Paint"; f.Estimate.Set(3) }).Mutation()
	require.NoError(t, err)
	require.Equal(t, []string{"estimate", "title"}, slices.Sorted(maps.Keys(fence.Base)))
	d.seen = merge.Collect(fence.Data)
	for want, edit := range map[string]func(*form){
		"":         func(*form) {},
		"title":    func(f *form) { f.Title = "Fix" },
		"estimate": func(f *form) { f.Estimate.Delete() },
		"done":     func(f *form) { f.Done = new(bool) },
	} {
		m, err := s.change(d, "fence", at(1), edit).Mutation()
		require.NoError(t, err)
		if want == "" {
			require.Zero(t, m.Data.Len())
			continue
		}
		require.Equal(t, 1, m.Data.Len(), want)
		name, _ := m.Data.At(0)
		require.Equal(t, want, name)
	}
	require.NoError(t, s.err)
}
