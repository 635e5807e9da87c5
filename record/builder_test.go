package record_test

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// inOrder yields fields in the given order, which a map would not keep.
func inOrder(names []string, w record.FieldValue) iter.Seq2[string, record.FieldValue] {
	return func(yield func(string, record.FieldValue) bool) {
		for _, name := range names {
			if !yield(name, w) {
				return
			}
		}
	}
}

func TestBuilderSortsFieldsByName(t *testing.T) {
	sorted := []string{"A", "a", "a b", "a\x01", "aa", "b", "é", "\U0001F600"}
	slices.Sort(sorted)
	var b record.Builder
	want, err := b.Record(milkKey, inOrder(sorted, write(1, 1)))
	require.NoError(t, err)
	shuffled := slices.Clone(sorted)
	for range len(sorted) {
		shuffled = append(shuffled[1:], shuffled[0])
		slices.Reverse(shuffled[2:])
		got, err := b.Record(milkKey, inOrder(shuffled, write(1, 1)))
		require.NoError(t, err)
		require.True(t, want.Equal(got))
		for i, name := range sorted {
			at, _ := got.At(i)
			require.Equal(t, name, at)
		}
	}
}

func TestBuilderRefusesInvalidFields(t *testing.T) {
	ok := write(1, 1)
	for name, c := range map[string]struct {
		fields map[string]record.FieldValue
		path   string
		want   error
	}{
		"no stamp":               {map[string]record.FieldValue{"a": {}}, "a", record.ErrStamp},
		"no client":              {map[string]record.FieldValue{"a": {Stamp: clock.Stamp{Time: 1}}}, "a", record.ErrStamp},
		"no time":                {map[string]record.FieldValue{"a": {Stamp: clock.Stamp{Client: ana}}}, "a", record.ErrStamp},
		"negative time":          {map[string]record.FieldValue{"a": {Stamp: clock.Stamp{Time: -1, Client: ana}}}, "a", record.ErrStamp},
		"$deleted is a number":   {map[string]record.FieldValue{"$deleted": write(1, 1)}, "$deleted", record.ErrType},
		"$deleted is null":       {map[string]record.FieldValue{"$deleted": write(nil, 1)}, "$deleted", record.ErrType},
		"$deleted is a string":   {map[string]record.FieldValue{"$deleted": write("true", 1)}, "$deleted", record.ErrType},
		"$deleted is a deletion": {map[string]record.FieldValue{"$deleted": write(record.Deletion(), 1)}, "$deleted", record.ErrType},
		"unknown reserved field": {map[string]record.FieldValue{"$other": write(record.Deletion(), 1)}, "", nil},
		"$deleted is false":      {map[string]record.FieldValue{"$deleted": write(false, 1)}, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			var b record.Builder
			r, err := b.Record(milkKey, maps.All(c.fields))
			require.ErrorIs(t, err, c.want)
			if c.want == nil {
				require.Equal(t, len(c.fields), r.Len())
				return
			}
			require.Equal(t, c.path, errorPath(t, err))
			require.True(t, r.Equal(record.Record{}))

			// A Builder that has refused input still works.
			r, err = b.Record(milkKey, inOrder([]string{"b", "a"}, ok))
			require.NoError(t, err)
			require.Equal(t, 2, r.Len())
		})
	}
	for _, c := range nameCases {
		var b record.Builder
		_, err := b.Record(milkKey, inOrder([]string{c.name}, ok))
		require.ErrorIs(t, err, c.want, "%.20q", c.name)
	}
	var b record.Builder
	for _, names := range [][]string{{"a", "a"}, {"b", "a", "c", "a"}, {"a", "c", "b", "b"}} {
		_, err := b.Record(milkKey, inOrder(names, ok))
		require.ErrorIs(t, err, record.ErrDuplicate)
		require.Equal(t, names[len(names)-1], errorPath(t, err))
	}
	_, err := b.Record(milkKey, inOrder([]string{strings.Repeat("n", 2000)}, ok))
	require.Less(t, len(err.Error()), 200, "the path must be truncated")
}

func TestBuilderWithoutFieldsMakesAnEmptyRecord(t *testing.T) {
	var b record.Builder
	r, err := b.Record(milkKey, maps.All(map[string]record.FieldValue(nil)))
	require.NoError(t, err)
	require.True(t, r.Equal(record.New(milkKey)))
}

// fieldsOf returns a record for a join test: each field has a name and the millisecond at
// which ana wrote it.
func fieldsOf(t testing.TB, b *record.Builder, times map[string]int) record.Record {
	t.Helper()
	fields := make(map[string]record.FieldValue)
	for name, ms := range times {
		fields[name] = write(ms, ms)
	}
	r, err := b.Record(milkKey, maps.All(fields))
	require.NoError(t, err)
	return r
}

func TestJoinTakesTheGreaterWriteOfEachField(t *testing.T) {
	type fields = map[string]int
	for name, c := range map[string]struct {
		x, y, want fields
		changed    bool
	}{
		"both empty":                         {nil, nil, nil, false},
		"into empty":                         {nil, fields{"a": 1}, fields{"a": 1}, true},
		"nothing new":                        {fields{"a": 1}, nil, fields{"a": 1}, false},
		"equal":                              {fields{"a": 1, "b": 2}, fields{"a": 1, "b": 2}, fields{"a": 1, "b": 2}, false},
		"all newer":                          {fields{"a": 1, "b": 2}, fields{"a": 3, "b": 4}, fields{"a": 3, "b": 4}, true},
		"all older":                          {fields{"a": 3, "b": 4}, fields{"a": 1, "b": 2}, fields{"a": 3, "b": 4}, false},
		"each newer once":                    {fields{"a": 1, "b": 4}, fields{"a": 3, "b": 2}, fields{"a": 3, "b": 4}, true},
		"last one newer":                     {fields{"a": 3, "b": 4, "c": 1}, fields{"a": 3, "b": 2, "c": 2}, fields{"a": 3, "b": 4, "c": 2}, true},
		"disjoint":                           {fields{"a": 1}, fields{"b": 1}, fields{"a": 1, "b": 1}, true},
		"interleaved":                        {fields{"a": 1, "c": 1, "e": 5}, fields{"b": 1, "c": 2, "d": 1, "e": 1}, fields{"a": 1, "b": 1, "c": 2, "d": 1, "e": 5}, true},
		"subset, newer":                      {fields{"a": 1, "b": 1, "c": 1}, fields{"b": 2}, fields{"a": 1, "b": 2, "c": 1}, true},
		"subset, older":                      {fields{"a": 1, "b": 2, "c": 1}, fields{"b": 1}, fields{"a": 1, "b": 2, "c": 1}, false},
		"subset, last newer":                 {fields{"a": 1, "b": 1, "c": 1}, fields{"a": 1, "c": 2}, fields{"a": 1, "b": 1, "c": 2}, true},
		"superset":                           {fields{"b": 2}, fields{"a": 1, "b": 1, "c": 1}, fields{"a": 1, "b": 2, "c": 1}, true},
		"the same number of different names": {fields{"a": 1, "b": 1}, fields{"b": 1, "c": 1}, fields{"a": 1, "b": 1, "c": 1}, true},
	} {
		t.Run(name, func(t *testing.T) {
			// One version of y comes from the Builder of x and shares lists of names with x.
			// The other version shares none.
			var one, other record.Builder
			for _, y := range []record.Record{fieldsOf(t, &one, c.y), fieldsOf(t, &other, c.y)} {
				x, want := fieldsOf(t, &one, c.x), fieldsOf(t, &one, c.want)
				before := [2]string{x.String(), y.String()}
				for range 2 { // the second round finds the remembered union
					got, changed, err := one.Join(x, y)
					require.NoError(t, err)
					require.Equal(t, c.changed, changed)
					require.Equal(t, want.String(), got.String())
					require.True(t, want.Equal(got))
					back, _, err := one.Join(y, x)
					require.NoError(t, err)
					require.True(t, back.Equal(got), "join is not commutative")
				}
				require.Equal(t, before, [2]string{x.String(), y.String()})
			}
		})
	}
}

// Each step of the rule decides a join if the earlier steps are ties.
func TestJoinFollowsTheOrderOfWrites(t *testing.T) {
	w := func(v any, ms int, client clock.ClientID) record.FieldValue {
		return record.FieldValue{Value: record.MustOf(v), Stamp: stampOf(ms, client)}
	}
	ascending := []record.FieldValue{
		w(record.Deletion(), 1, ben), // less, because it is older: neither the greater client nor the deletion matters
		w("z", 2, ana),
		w(record.Deletion(), 2, ana), // a deletion is above every value
		w("", 2, ben),
		w("a", 2, ben),
		w(10, 2, ben),
		w(9, 2, ben), // by bytes, 10 is less than 9
		w(nil, 2, ben),
		w(true, 2, ben),
		w(map[string]any{}, 2, ben),
		w(0, 3, ana),
	}
	var b record.Builder
	for i, low := range ascending {
		require.Zero(t, low.Compare(low))
		for _, high := range ascending[i+1:] {
			require.Equal(t, -1, low.Compare(high))
			require.Equal(t, 1, high.Compare(low))
			for _, names := range [][2][]string{
				{{"a"}, {"a"}},
				{{"a", "b"}, {"a"}},
				{{"a"}, {"a", "b"}},
				{{"a", "b"}, {"a", "c"}},
			} {
				lower, err := b.Record(milkKey, inOrder(names[0], low))
				require.NoError(t, err)
				higher, err := b.Record(milkKey, inOrder(names[1], high))
				require.NoError(t, err)
				for _, pair := range [][2]record.Record{{lower, higher}, {higher, lower}} {
					got, _, err := b.Join(pair[0], pair[1])
					require.NoError(t, err)
					winner, _ := got.Get("a")
					require.Equal(t, high, winner)
				}
			}
		}
	}
}

func TestJoinRefusesDifferentKeys(t *testing.T) {
	var b record.Builder
	x := fieldsOf(t, &b, map[string]int{"a": 1})
	for _, key := range []record.Key{{}, {Table: "tasks", ID: "tea"}, {Table: "done", ID: "milk"}} {
		for _, y := range []record.Record{x.WithKey(key), record.New(key)} {
			got, changed, err := b.Join(x, y)
			require.ErrorIs(t, err, record.ErrKeyMismatch)
			require.EqualError(t, err, "record: records have different keys")
			require.False(t, changed)
			require.True(t, got.Equal(x))
		}
	}
}

// A join that changes nothing allocates nothing, whether the records share one list of names,
// have equal lists, or one record has more names than the other.
func TestJoinThatChangesNothingDoesNotAllocate(t *testing.T) {
	var b, other record.Builder
	x := fieldsOf(t, &b, map[string]int{"a": 5, "b": 5, "c": 5})
	for name, y := range map[string]record.Record{
		"the same record":                x,
		"equal":                          fieldsOf(t, &other, map[string]int{"a": 5, "b": 5, "c": 5}),
		"older":                          fieldsOf(t, &b, map[string]int{"a": 4, "b": 5, "c": 4}),
		"older, made by another Builder": fieldsOf(t, &other, map[string]int{"a": 4, "b": 4, "c": 5}),
		"a subset":                       fieldsOf(t, &b, map[string]int{"b": 5}),
		"an older subset":                fieldsOf(t, &other, map[string]int{"a": 5, "c": 1}),
		"an empty record":                record.New(milkKey),
	} {
		t.Run(name, func(t *testing.T) {
			require.Zero(t, testing.AllocsPerRun(100, func() {
				got, changed, err := b.Join(x, y)
				if err != nil || changed || got.Len() != 3 {
					t.Error("the join failed, reported a change or returned another record")
				}
			}))
		})
	}
}

// A Builder reuses its scratch memory for later records. This must not change the records that
// the Builder made before.
func TestReusedBuilderDoesNotChangeEarlierRecords(t *testing.T) {
	var b record.Builder
	var made []record.Record
	var texts []string
	keep := func(r record.Record) record.Record {
		made, texts = append(made, r), append(texts, r.String())
		return r
	}
	sum := record.New(milkKey)
	for i := range 1000 {
		r := keep(fieldsOf(t, &b, map[string]int{"a": i + 1, "b": 1000 - i, fmt.Sprint("f", i%70): i + 1}))
		joined, _, err := b.Join(sum, r)
		require.NoError(t, err)
		sum = keep(joined)
	}
	for i, r := range made {
		require.Equal(t, texts[i], r.String())
	}
	require.Equal(t, 72, sum.Len())
}

// Lists that are too long to be remembered, and more lists than are remembered, still give
// correct records.
func TestBuilderIsCorrectWithMoreNamesThanItRemembers(t *testing.T) {
	var b record.Builder
	wide := make(map[string]int)
	for i := range 500 {
		wide[fmt.Sprintf("n%03d", i)] = 1
		r := fieldsOf(t, &b, wide)
		require.Equal(t, i+1, r.Len())
		last, _ := r.At(i)
		require.Equal(t, fmt.Sprintf("n%03d", i), last)
	}
	for i := range 3000 {
		name := fmt.Sprint("x", i)
		r := fieldsOf(t, &b, map[string]int{name: 1, "a": 2})
		_, ok := r.Get(name)
		require.True(t, ok)
	}
	// These names have the same concatenation.
	x := fieldsOf(t, &b, map[string]int{"ab": 1, "c": 1})
	y := fieldsOf(t, &b, map[string]int{"a": 1, "bc": 1})
	require.False(t, x.Equal(y))
	got, _, err := b.Join(x, y)
	require.NoError(t, err)
	require.Equal(t, 4, got.Len())
}
