package lawtest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// genWide draws a history of one record with up to n fields.
func genWide(t *rapid.T, label string, n int) history {
	count := rapid.SampledFrom([]int{0, 1, 15, 16, 17, 18, 63, 64, 65, 66, 130}).Draw(t, label+" fields")
	first, stride := rapid.IntRange(0, n).Draw(t, label+" first"), rapid.SampledFrom([]int{1, 3, 7}).Draw(t, label+" stride")
	turn := rapid.IntRange(0, 8).Draw(t, label+" turn")
	h := make(history, count)
	for i := range h {
		h[i] = entry{
			table: "t", id: "1", field: fmt.Sprintf("f%03d", (first+i*stride)%n),
			time: times[(i+turn)%3], client: clients[(i/3+turn)%3], value: fmt.Sprint(i % 2),
		}
	}
	return h
}

// TestWideRecordsJoinLikeNarrowOnes: records with many fields are searched differently, and do not
// share lists of names, but join like narrow records.
func TestWideRecordsJoinLikeNarrowOnes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := genWide(t, "a", 150), genWide(t, "b", 150)
		all := slices.Concat(a, b)
		var builder record.Builder
		x, y := joined(&builder, keys[0], a), joined(&builder, keys[0], b)
		xy, _, err := builder.Join(x, y)
		require.NoError(t, err)
		require.Equal(t, all.winners(), readRecord(xy))
		again, changed, err := builder.Join(xy, y)
		require.NoError(t, err)
		require.False(t, changed)
		require.True(t, again.Equal(xy))

		var fold merge.Fold
		if rapid.Bool().Draw(t, "added") {
			fold.Add(x)
		} else {
			foldAll(t, &fold, nil, a)
		}
		early := keep(fold.Collection())
		foldAll(t, &fold, a, b)
		require.Equal(t, all.winners(), read(fold.Collection()))
		require.Equal(t, a.winners(), read(early.c))
		early.check(t)
		if len(all) > 0 {
			text := fold.Collection().AppendLines(nil)
			require.Equal(t, lines(all.winners()), string(text))
			require.Equal(t, all.winners(), read(decode(t, text)))
		}
	})
}

// TestRecordsWithCommonFirstFieldsStayApart: records in a Fold whose first fields have the same
// names, but whose later fields do not, do not affect one another.
func TestRecordsWithCommonFirstFieldsStayApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var h history
		part := rapid.IntRange(0, 20).Draw(t, "alike")
		for i := range rapid.IntRange(part, part+5).Draw(t, "fields") {
			for _, id := range []string{"1", "2", "3"} {
				w := entry{table: "t", id: id, field: fmt.Sprint(i % 24), time: times[i%3], client: clients[i%3], deleted: true}
				if i >= part {
					w.field += "/" + id
				}
				h = append(h, w)
			}
		}
		var fold merge.Fold
		foldAll(t, &fold, nil, h)
		require.Equal(t, h.winners(), read(fold.Collection()))
	})
}

// foldAll folds writes and checks the outcome of each. The slice "before" holds the writes of the
// same records that are already in the Fold.
func foldAll(t require.TestingT, fold *merge.Fold, before, writes history) {
	seen := slices.Clone(before)
	for _, w := range writes {
		c, err := fold.Write(w.key(), w.field, w.fieldValue())
		require.NoError(t, err)
		require.Equal(t, seen.outcome(w), c.Outcome)
		seen = append(seen, w)
	}
}

// TestListsOfSimilarNamesStayApart: lists of names with the same letters, split differently, and
// lists that differ only in the last name, are treated as different.
func TestListsOfSimilarNamesStayApart(t *testing.T) {
	lists := [][]string{
		{"ab", "c"}, {"a", "bc"}, {"ab", "c"}, {"ab", "d"}, {"a", "b", "c"}, {"a", "b", "d"}, {"abc"}, {"a", "bc"},
	}
	var builder record.Builder
	var decoder record.Decoder
	var fold merge.Fold
	var all history
	var built, decoded []record.Record
	for i, names := range lists {
		var h history
		fields := map[string]record.FieldValue{}
		for _, name := range names {
			w := entry{table: "t", id: fmt.Sprint(i), field: name, time: epoch, client: clients[0], value: "1"}
			h, fields[name] = append(h, w), w.fieldValue()
		}
		r, err := builder.Record(h[0].key(), maps.All(fields))
		require.NoError(t, err)
		d, err := decoder.Mutation([]byte(strings.TrimSpace(lines(h.winners()))))
		require.NoError(t, err)
		built, decoded = append(built, r), append(decoded, d.Data)
		foldAll(t, &fold, nil, h)
		all = append(all, h...)
	}
	for _, c := range []merge.Collection{merge.Collect(built...), merge.Collect(decoded...), fold.Collection()} {
		require.Equal(t, all.winners(), read(c))
	}
}

// TestMoreListsOfNamesThanAreRemembered: a Builder and a Fold get more lists of names than they
// remember, and values of many lengths. They still make correct records, and later records do not
// change earlier ones.
func TestMoreListsOfNamesThanAreRemembered(t *testing.T) {
	var builder record.Builder
	var fold merge.Fold
	var all history
	records := make([]record.Record, 3000)
	for i := range records {
		key := [2]string{"t", fmt.Sprintf("%04d", i)}
		h := history{}
		for k, name := range []string{"x", fmt.Sprintf("n%d", i), fmt.Sprintf("n%d", i/2)} {
			value := fmt.Sprintf("%q", strings.Repeat(string('a'+rune(i%26)), (i+k)*(i+k)%97*(1+i%50/49*200)))
			h = append(h, entry{table: key[0], id: key[1], field: name, time: epoch, client: clients[0], value: value})
		}
		records[i] = joined(&builder, key, h)
		foldAll(t, &fold, nil, h)
		all = append(all, h...)
	}
	want := all.winners()
	require.True(t, slices.Equal(want, read(merge.Collect(records...))))
	require.True(t, slices.Equal(want, read(fold.Collection())))
}
