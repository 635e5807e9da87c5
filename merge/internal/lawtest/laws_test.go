package lawtest

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// equal requires that two collections are equal by text, by Equal and by digest.
func equal(t *rapid.T, want, got merge.Collection) {
	require.Equal(t, string(want.AppendLines(nil)), string(got.AppendLines(nil)))
	require.True(t, want.Equal(got))
	require.Equal(t, want.Digest(), got.Digest())
}

// TestJoinIsTheGreatestWriteOfEachField: the state equals the oracle's, whatever the order, the
// grouping and the repetitions of the writes.
func TestJoinIsTheGreatestWriteOfEachField(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := genHistory().Draw(t, "a"), genHistory().Draw(t, "b"), genHistory().Draw(t, "c")
		x, y, z := a.collection(), b.collection(), c.collection()
		xy := merge.Join(x, y)
		require.Equal(t, slices.Concat(a, b).winners(), read(xy))
		require.Equal(t, slices.Concat(a, b, c).winners(), read(merge.Join(xy, z)))
		equal(t, xy, merge.Join(y, x))
		equal(t, merge.Join(xy, z), merge.Join(x, merge.Join(y, z)))
		equal(t, x, merge.Join(x, x))
		equal(t, x, merge.Join(x, merge.Collection{}))
		equal(t, x, merge.Join(merge.Collection{}, x))
		equal(t, x, shuffled(t, a).collection())
	})
}

// TestJoinIsSelective: each field of a join comes from one side, and no field is missing.
func TestJoinIsSelective(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := genHistory().Draw(t, "a").winners(), genHistory().Draw(t, "b").winners()
		joined := read(merge.Join(history(a).collection(), history(b).collection()))
		for _, w := range joined {
			require.True(t, slices.Contains(a, w) || slices.Contains(b, w))
		}
		for _, w := range slices.Concat(a, b) {
			require.True(t, slices.ContainsFunc(joined, func(v entry) bool { return placeOrder(v, w) == 0 }))
		}
	})
}

// TestJoinIsTheLeastUpperBound: a join is above both sides, and below every state that is above
// both sides.
func TestJoinIsTheLeastUpperBound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := genHistory().Draw(t, "a"), genHistory().Draw(t, "b")
		x, y := a.collection(), b.collection()
		xy := merge.Join(x, y)
		for _, w := range slices.Concat(a, b) {
			winner, _ := history(read(xy)).at(w)
			require.GreaterOrEqual(t, ruleOrder(winner, w), 0)
		}
		above := slices.Concat(a, b, genHistory().Draw(t, "more")).collection()
		equal(t, above, merge.Join(above, xy))
	})
}

// TestFieldsAreIndependent: writes of other fields do not affect a field.
func TestFieldsAreIndependent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := genHistory().Draw(t, "history")
		noise := genHistory().Draw(t, "noise")
		for i := range noise {
			noise[i].field = "noise/" + noise[i].field
			noise[i].deleted, noise[i].value = false, "1"
		}
		mixed := slices.Concat(noise, h)
		if len(mixed) > 0 {
			mixed = rapid.Permutation(mixed).Draw(t, "order")
		}
		quiet := slices.DeleteFunc(read(mixed.collection()), func(w entry) bool { return w.field[:1] == "n" })
		require.Equal(t, read(h.collection()), quiet)
	})
}

// TestRecordsOfDifferentKeysDoNotJoin: a join of records with different keys is refused, and
// returns the first record.
func TestRecordsOfDifferentKeysDoNotJoin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.SampledFrom(keys).Draw(t, "key")
		l := rapid.SampledFrom(keys).Filter(func(l [2]string) bool { return l != k }).Draw(t, "other")
		var b record.Builder
		x, y := joined(&b, k, genHistoryOf(k).Draw(t, "x")), joined(&b, l, genHistoryOf(l).Draw(t, "y"))
		got, changed, err := b.Join(x, y)
		require.ErrorIs(t, err, record.ErrKeyMismatch)
		require.False(t, changed)
		require.True(t, got.Equal(x))
		_, err = merge.Records(x, y)
		require.ErrorIs(t, err, record.ErrKeyMismatch)
	})
}

// joined returns the join of all writes of h, which must belong to the record of key.
func joined(b *record.Builder, key [2]string, h history) record.Record {
	r := record.New(record.Key{Table: key[0], ID: key[1]})
	for _, w := range h {
		var err error
		if r, _, err = b.Join(r, w.record(b)); err != nil {
			panic(err)
		}
	}
	return r
}

// TestRecordJoinAgreesWithOracle: the join of two records, with and without a shared Builder,
// equals the oracle's join. It reports correctly whether the first record changed.
func TestRecordJoinAgreesWithOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := keys[0]
		g, h := genHistoryOf(k).Draw(t, "g"), genHistoryOf(k).Draw(t, "h")
		var one, other record.Builder
		x, y := joined(&one, k, g), joined(&one, k, h)
		got, changed, err := one.Join(x, y)
		require.NoError(t, err)
		require.Equal(t, slices.Concat(g, h).winners(), readRecord(got))
		require.Equal(t, !slices.Equal(history(g).winners(), readRecord(got)), changed)
		z := joined(&other, k, h)
		require.True(t, y.Equal(z))
		alone, err := merge.Records(x, z)
		require.NoError(t, err)
		require.True(t, got.Equal(alone))
		swapped, err := merge.Records(z, x)
		require.NoError(t, err)
		require.True(t, got.Equal(swapped))
	})
}

// TestNearlyEqualRecordsJoin: records that differ in only a few fields, as records of replicas
// usually do, join correctly.
func TestNearlyEqualRecordsJoin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var g, h history
		for i := range rapid.IntRange(1, 8).Draw(t, "fields") {
			w := genWriteOf(keys[0]).Draw(t, "write")
			w.field, w.deleted, w.value = string(rune('a'+i)), false, values[rapid.IntRange(0, len(values)-1).Draw(t, "value")]
			v := w
			switch rapid.SampledFrom([]string{"", "", "", "value", "stamp", "both", "gone"}).Draw(t, "differs") {
			case "value":
				v.value = rapid.SampledFrom(values).Draw(t, "other value")
			case "stamp":
				v.time = rapid.SampledFrom(times).Draw(t, "other time")
			case "both":
				v.client, v.deleted, v.value = rapid.SampledFrom(clients).Draw(t, "other client"), true, ""
			case "gone":
				g = append(g, w)
				continue
			}
			g, h = append(g, w), append(h, v)
		}
		var b record.Builder
		x, y := joined(&b, keys[0], g), joined(&b, keys[0], h)
		for _, pair := range [][2]record.Record{{x, y}, {y, x}} {
			got, changed, err := b.Join(pair[0], pair[1])
			require.NoError(t, err)
			require.Equal(t, slices.Concat(g, h).winners(), readRecord(got))
			require.Equal(t, !got.Equal(pair[0]), changed)
		}
	})
}

// TestJoinWithoutChangesDoesNotAllocate: a join that changes nothing allocates nothing and
// returns its first operand.
func TestJoinWithoutChangesDoesNotAllocate(t *testing.T) {
	h := history{}
	for _, k := range keys {
		for i, name := range fieldNames {
			w := entry{table: k[0], id: k[1], field: name, time: times[i%3], client: clients[i%3], value: "true"}
			h = append(h, w)
		}
	}
	all, some := h.collection(), h[3:9].collection()
	for _, less := range []merge.Collection{all, h.collection(), some, {}} {
		require.Zero(t, testing.AllocsPerRun(10, func() { all = merge.Join(all, less) }))
	}
	require.Equal(t, h.winners(), read(all))
}
