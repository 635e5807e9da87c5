package lawtest

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// TestDigestsAreEqualExactlyForEqualState: a digest equals the one computed by its definition.
// Two digests are equal if and only if the states are equal.
func TestDigestsAreEqualExactlyForEqualState(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := genHistory().Draw(t, "a"), genHistory().Draw(t, "b")
		x, y := a.collection(), b.collection()
		require.Equal(t, digest(a.winners()), x.Digest().String())
		require.Equal(t, lines(a.winners()) == lines(b.winners()), x.Digest() == y.Digest())
		require.Equal(t, x.Equal(y), x.Digest() == y.Digest())
		require.Equal(t, x.Equal(y), string(x.AppendLines(nil)) == string(y.AppendLines(nil)))
	})
}

// TestDigestIsASum: the digest of a collection is the sum of the digests of its records. A
// digest that is updated record by record equals the digest of the whole state.
func TestDigestIsASum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := genHistory().Draw(t, "a"), genHistory().Draw(t, "b")
		x, y := a.collection(), b.collection()
		var sum merge.Digest
		for r := range x.All() {
			sum = sum.Add(merge.DigestOf(r))
		}
		require.Equal(t, x.Digest(), sum)
		require.Equal(t, x.Digest().Add(y.Digest()), y.Digest().Add(x.Digest()))
		require.Equal(t, x.Digest(), x.Digest().Add(y.Digest()).Sub(y.Digest()))
		require.Zero(t, x.Digest().Sub(x.Digest()))

		joined := merge.Join(x, y)
		for r := range y.All() {
			before, _ := x.Get(r.Key())
			after, _ := joined.Get(r.Key())
			sum = sum.Sub(merge.DigestOf(before)).Add(merge.DigestOf(after))
		}
		require.Equal(t, joined.Digest(), sum)
	})
}

// TestDigestCarriesAndWraps: sums of digests carry across all 256 bits and wrap around.
func TestDigestCarriesAndWraps(t *testing.T) {
	one, max := merge.Digest{31: 1}, merge.Digest{}
	for i := range max {
		max[i] = 0xFF
	}
	require.Zero(t, max.Add(one))
	require.Equal(t, max, merge.Digest{}.Sub(one))
	require.Equal(t, merge.Digest{23: 1}, merge.Digest{24: 0x80}.Add(merge.Digest{24: 0x80}))
	require.Equal(t, merge.Digest{24: 0x80}, merge.Digest{23: 1}.Sub(merge.Digest{24: 0x80}))
}

// TestDigestDependsOnWherePartsEnd: if the same characters are split differently into table,
// ID and field name, the digest differs.
func TestDigestDependsOnWherePartsEnd(t *testing.T) {
	var b record.Builder
	seen := map[merge.Digest]bool{{}: true}
	parts := [][3]string{
		{"ab", "c", "d"}, {"a", "bc", "d"}, {"a", "b", "cd"}, {"abc", "d", "x"}, {"d", "c", "ab"},
		{"ab", "c", "e"}, {"c", "ab", "d"},
	}
	for _, p := range parts {
		w := entry{table: p[0], id: p[1], field: p[2], time: epoch, client: clients[0], value: "1"}
		d := merge.DigestOf(w.record(&b))
		require.False(t, seen[d])
		require.Equal(t, digest([]entry{w}), d.String())
		seen[d] = true
	}
}
