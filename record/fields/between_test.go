package fields

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/clock"
)

// list is a list of positions in ascending order.
type list []string

// gap returns the neighbours of a new element at index i.
func (l list) gap(i int) (before, after string) {
	if i > 0 {
		before = l[i-1]
	}
	if i < len(l) {
		after = l[i]
	}
	return before, after
}

// insert inserts a new position at index i.
func (l list) insert(t require.TestingT, i int, turn Turn) list {
	before, after := l.gap(i)
	p, err := Between(before, after, turn)
	require.NoError(t, err)
	require.Greater(t, p, before)
	if after != "" {
		require.Less(t, p, after)
	}
	return slices.Insert(l, i, p)
}

// TestThereIsAlwaysAPositionBetween: between any two different positions, even hostile ones, there is a valid one.
func TestThereIsAlwaysAPositionBetween(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := list{text(paths().Draw(t, "a")), text(paths().Draw(t, "b"))}
		slices.Sort(l)
		l = slices.Compact(l)
		for range 5 {
			i := rapid.IntRange(0, len(l)).Draw(t, "where")
			l = l.insert(t, i, Turn{clientOf(rapid.IntRange(0, 2).Draw(t, "client")), rapid.Int64Range(0, maxCount).Draw(t, "n")})
			_, ok := parse(l[i])
			require.True(t, ok)
		}
	})
}

// TestBetweenRefuses: invalid arguments are refused, and errors.Is finds the reason.
func TestBetweenRefuses(t *testing.T) {
	turn := Turn{clientOf(1), 1}
	p := list{}.insert(t, 0, turn)[0]
	for _, c := range []struct {
		before, after string
		turn          Turn
		want          error
	}{
		{p, p, turn, ErrNoGap},
		{p + p[:0], list{p}.insert(t, 0, Turn{clientOf(2), 1})[0], turn, ErrNoGap},
		{"7", "", turn, ErrPosition},
		{"", "a title", turn, ErrPosition},
		{"", "", Turn{N: 1}, ErrTurn},
		{"", "", Turn{clientOf(1), -1}, ErrTurn},
		{"", "", Turn{clientOf(1), 1 << 53}, ErrTurn},
	} {
		_, err := Between(c.before, c.after, c.turn)
		require.ErrorIs(t, err, c.want)
	}
}

// TestPositionsStayShort: the sizes that the documentation promises.
func TestPositionsStayShort(t *testing.T) {
	const inserts = 10_000
	for _, c := range []struct {
		name  string
		most  int
		where func(r *rand.Rand, n int) int // the index of the next insert into n elements
		who   int                           // how many clients insert
	}{
		{"anywhere", 100, func(r *rand.Rand, n int) int { return r.IntN(n + 1) }, 50},
		{"at the end", 24, func(_ *rand.Rand, n int) int { return n }, 50},
		{"at the beginning", 24, func(_ *rand.Rand, n int) int { return 0 }, 50},
		{"at both ends", 24, func(r *rand.Rand, n int) int { return n * r.IntN(2) }, 50},
		{"one client at the end", 24, func(_ *rand.Rand, n int) int { return n }, 1},
		{"one client at the beginning", 24, func(_ *rand.Rand, n int) int { return 0 }, 1},
	} {
		r := rand.New(rand.NewPCG(1, 2))
		var l list
		for n := range inserts {
			l = l.insert(t, c.where(r, n), Turn{clientOf(r.IntN(c.who)), int64(n)})
		}
		require.True(t, slices.IsSorted(l))
		longest := slices.MaxFunc(l, func(a, b string) int { return len(a) - len(b) })
		t.Logf("%s: %d bytes", c.name, len(longest))
		require.LessOrEqual(t, len(longest), c.most, c.name)
	}
}

// TestBisectingOnePlaceCostsThreeBytesAnInsert: each insert is next to the one before.
func TestBisectingOnePlaceCostsThreeBytesAnInsert(t *testing.T) {
	const inserts = 1000
	who := map[string]func(r *rand.Rand, n int) int{
		"one client":             func(*rand.Rand, int) int { return 0 },
		"two in turns":           func(_ *rand.Rand, n int) int { return n % 2 },
		"two in turns of two":    func(_ *rand.Rand, n int) int { return n / 2 % 2 },
		"three in turns":         func(_ *rand.Rand, n int) int { return n % 3 },
		"fifty, any of them":     func(r *rand.Rand, _ int) int { return r.IntN(50) },
		"two, either of the two": func(r *rand.Rand, _ int) int { return r.IntN(2) },
	}
	for name, left := range map[string]func(r *rand.Rand, n int) bool{
		"to the left":    func(*rand.Rand, int) bool { return true },
		"to the right":   func(*rand.Rand, int) bool { return false },
		"alternating":    func(_ *rand.Rand, n int) bool { return n%2 == 0 },
		"two by two":     func(_ *rand.Rand, n int) bool { return n%4 < 2 },
		"three to one":   func(_ *rand.Rand, n int) bool { return n%4 < 3 },
		"one to three":   func(_ *rand.Rand, n int) bool { return n%4 == 0 },
		"either at once": func(r *rand.Rand, _ int) bool { return r.IntN(2) == 0 },
	} {
		for order, who := range who {
			r := rand.New(rand.NewPCG(1, 2))
			l := list{}.insert(t, 0, Turn{clientOf(0), 9_000}).insert(t, 1, Turn{clientOf(1), 9_000})
			start := len(l[1])
			for n := range inserts {
				l = l.insert(t, 1, Turn{clientOf(who(r, n)), int64(9_001 + n)})
				require.LessOrEqual(t, len(l[1]), start+3*(n+4), "%s, %s", name, order)
				if left(r, n) {
					l = l[:2]
				} else {
					l = l[1:]
				}
			}
		}
	}
}

// TestRunsStayTogether: two clients that see different parts of a list each insert a run after one element. Between
// the elements of a run there is nothing that did not exist when the run was made, and nothing of the other run.
func TestRunsStayTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all list
		turns := map[clock.ClientID]int64{}
		next := func(who int) Turn {
			c := clientOf(who)
			turns[c]++
			return Turn{c, turns[c]}
		}
		for range rapid.IntRange(0, 8).Draw(t, "elements") {
			all = all.insert(t, rapid.IntRange(0, len(all)).Draw(t, "where"), next(rapid.IntRange(0, 3).Draw(t, "who")))
		}
		run := func(who int) []string {
			var seen list
			for _, p := range all {
				if rapid.Bool().Draw(t, "seen") {
					seen = append(seen, p)
				}
			}
			at := rapid.IntRange(0, len(seen)).Draw(t, "at")
			n := rapid.IntRange(2, 4).Draw(t, "length")
			for i := range n {
				seen = seen.insert(t, at+i, next(who))
			}
			return seen[at : at+n]
		}
		a, b := run(0), run(1)
		for _, p := range append(slices.Clone(b), all...) {
			inside := p > a[0] && p < a[len(a)-1]
			require.False(t, inside && !slices.Contains(a, p))
		}
		for _, p := range a {
			require.False(t, p > b[0] && p < b[len(b)-1])
		}
	})
}

// TestLastTurn: a client that lost its count finds it in the positions that others made next to its own.
func TestLastTurn(t *testing.T) {
	l := list{}.insert(t, 0, Turn{clientOf(1), 70}).insert(t, 1, Turn{clientOf(1), 71})
	l = l.insert(t, 1, Turn{clientOf(2), 900}) // below the first
	require.Equal(t, int64(71), LastTurn(clientOf(1), append(l, "no position")))
	require.Equal(t, int64(70), LastTurn(clientOf(1), []string{l[1]}))
	require.Equal(t, int64(900), LastTurn(clientOf(2), l))
	require.Zero(t, LastTurn(clientOf(3), l))
	hostile := text([]element{{hash: hashOf(clientOf(1)), count: maxCount}})
	require.Equal(t, int64(71), LastTurn(clientOf(1), append(l, hostile)))
}

// TestTurnThatIsUsedAgainBetweenItsPositions: the new position is not the one that the turn made before.
func TestTurnThatIsUsedAgainBetweenItsPositions(t *testing.T) {
	turn := Turn{Client: clientOf(1), N: 1}
	first, err := Between("", "", turn)
	require.NoError(t, err)
	turn.N++
	second, err := Between(first, "", turn)
	require.NoError(t, err)
	again, err := Between(first, second, turn)
	require.NoError(t, err)
	require.Less(t, first, again)
	require.Less(t, again, second)
}
