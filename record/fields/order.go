package fields

import (
	"cmp"
	"math"
	"strings"

	"github.com/fieldlww/fieldlww/record"
)

// ByPosition returns a comparison that sorts records by the position in a field, for slices.SortFunc. Records with the
// same position are sorted by their keys, so all replicas show one order.
//
// An element can be put only next to elements with positions: if a neighbour has none, call Respace before Between.
//
// The comparison is total. A text that is not a position sorts by its bytes like the others. Before all texts come the
// records without a text: first those without a value, then those with numbers, such as the integers of an earlier
// version of an app, by number. Respace gives them positions in this order.
func ByPosition(field string) func(a, b record.Record) int {
	return func(a, b record.Record) int {
		v, _ := a.Get(field)
		w, _ := b.Get(field)
		return cmp.Or(comparePositions(v.Value, w.Value), a.Key().Compare(b.Key()))
	}
}

func comparePositions(v, w record.Value) int {
	s, isText := v.Text()
	t, areTexts := w.Text()
	if isText && areTexts {
		return strings.Compare(s, t)
	}
	return cmp.Or(cmp.Compare(rank(v), rank(w)), cmp.Compare(float(v), float(w)))
}

// rank returns the place of a kind of value in the order.
func rank(v record.Value) int {
	switch v.Kind() {
	case record.KindString:
		return 2
	case record.KindNumber:
		return 1
	}
	return 0
}

func float(v record.Value) float64 {
	f, ok := v.Float()
	if !ok {
		return math.Inf(-1)
	}
	return f
}
