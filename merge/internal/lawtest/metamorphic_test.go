package lawtest

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/merge"
)

// mapped returns the history with every write changed by f.
func (h history) mapped(f func(*entry)) history {
	out := slices.Clone(h)
	for i := range out {
		f(&out[i])
	}
	return out
}

// TestWinnersDependOnlyOnOrderOfStamps: renaming the clients without changing their order keeps
// the winners, and so does shifting all times by the same amount.
func TestWinnersDependOnlyOnOrderOfStamps(t *testing.T) {
	renamed := map[[16]byte][16]byte{clients[0]: {15: 1}, clients[1]: {14: 1}, clients[2]: {0: 0xFF}}
	rapid.Check(t, func(t *rapid.T) {
		h := genHistory().Draw(t, "history")
		rename := func(w *entry) { w.client = renamed[w.client] }
		want := history(read(h.collection())).mapped(rename)
		require.Equal(t, []entry(want), read(h.mapped(rename).collection()))

		by := rapid.SampledFrom([]int64{1, 1_000_000, 86_400_000_000_000, -epoch + 1}).Draw(t, "by")
		shift := func(w *entry) { w.time += by }
		want = history(read(h.collection())).mapped(shift)
		require.Equal(t, []entry(want), read(h.mapped(shift).collection()))
	})
}

// TestClientsOnlyBreakTies: reversing the order of the clients does not change the time of any
// winner. It changes a winner only if another write has the same time.
func TestClientsOnlyBreakTies(t *testing.T) {
	reversed := map[[16]byte][16]byte{clients[0]: clients[2], clients[1]: clients[1], clients[2]: clients[0]}
	rapid.Check(t, func(t *rapid.T) {
		h := genHistory().Draw(t, "history")
		a := read(h.collection())
		b := read(h.mapped(func(w *entry) { w.client = reversed[w.client] }).collection())
		require.Equal(t, len(a), len(b))
		for i, w := range a {
			require.Equal(t, w.time, b[i].time)
			sameTime := func(v entry) bool { return placeOrder(v, w) == 0 && v.time == w.time && v != w }
			if !slices.ContainsFunc(h, sameTime) {
				w.client = reversed[w.client]
				require.Equal(t, w, b[i])
			}
		}
	})
}

// TestStateDoesNotDependOnRoute: the state is the same whether the writes are split, pass through
// a third replica, are encoded and decoded, or travel as deltas.
func TestStateDoesNotDependOnRoute(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := genHistory().Draw(t, "history")
		want := h.collection()
		cut := rapid.IntRange(0, len(h)).Draw(t, "cut")
		x, y := h[:cut].collection(), h[cut:].collection()
		third := merge.Join(x, decode(t, y.AppendLines(nil)))
		equal(t, want, third)
		equal(t, want, merge.Join(y, decode(t, merge.Delta(y, third).AppendLines(nil))))
		equal(t, want, merge.Join(merge.Join(y, third), merge.Join(x, third)))
	})
}
