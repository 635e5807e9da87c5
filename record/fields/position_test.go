package fields

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/clock"
)

// clientOf returns one of a few clients.
func clientOf(i int) clock.ClientID {
	return clock.ClientID{byte(i), byte(i >> 8), 0xa5, 6: 0x70, 8: 0x80, 15: byte(i)}
}

// paths draws paths of elements with extreme numbers, few clients and many common prefixes.
func paths() *rapid.Generator[[]element] {
	return rapid.Custom(func(t *rapid.T) []element {
		var path []element
		for range rapid.IntRange(1, 4).Draw(t, "length") {
			path = append(path, element{
				at: rapid.OneOf(
					rapid.Int64Range(-3, 3),
					rapid.SampledFrom([]int64{leastInt, leastInt + 1, leastInt + spacing, leastInt + spacing + 1, -64, -65, 63, 64, maxCount - spacing, maxCount - spacing + 1, maxCount}),
					rapid.Int64Range(leastInt, maxCount)).Draw(t, "at"),
				hash:  hashOf(clientOf(rapid.IntRange(0, 2).Draw(t, "client"))),
				count: rapid.OneOf(rapid.Int64Range(0, 2), rapid.SampledFrom([]int64{63, 64, maxCount})).Draw(t, "count"),
			})
		}
		if last := &path[len(path)-1]; last.at == leastInt {
			last.at++
		}
		return path
	})
}

// comparePaths is the order of positions by their numbers.
func comparePaths(a, b []element) int {
	var before []string // the hashes of the elements that both begin with
	for i := range min(len(a), len(b)) {
		e, f := a[i], b[i]
		switch {
		case e.at != f.at:
			return sign(e.at < f.at)
		case e.hash != f.hash:
			return cmp.Or(cmp.Compare(place(before, e.hash), place(before, f.hash)), strings.Compare(e.hash, f.hash))
		case e.count != f.count:
			return sign(e.count < f.count)
		}
		before = append(before, e.hash)
	}
	return len(a) - len(b)
}

// place is the place of a hash among those that may come next: hashes that the path does not have yet, then those that it
// has, in the order in which they came first, and then the hash of the last element.
func place(before []string, hash string) int {
	if len(before) > 0 && before[len(before)-1] == hash {
		return len(before)
	}
	return slices.Index(before, hash)
}

func sign(less bool) int {
	if less {
		return -1
	}
	return 1
}

// TestPositionsSortLikeTheirPaths compares texts by their bytes and paths by their numbers.
func TestPositionsSortLikeTheirPaths(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := paths().Draw(t, "a"), paths().Draw(t, "b")
		if rapid.Bool().Draw(t, "the same beginning") {
			b = append(slices.Clone(a[:rapid.IntRange(0, len(a)).Draw(t, "shared")]), b...)
		}
		require.Equal(t, min(1, max(-1, comparePaths(a, b))), strings.Compare(text(a), text(b)))
		back, ok := parse(text(a))
		require.True(t, ok)
		require.Equal(t, a, back)
	})
}

// TestRepeatedHashesSortAfterNewOnes checks the order of hashes after a path that has some: new ones, those that it has, in
// the order in which they came first, and the last one.
func TestRepeatedHashesSortAfterNewOnes(t *testing.T) {
	var hashes []string
	for i := range 5 {
		hashes = append(hashes, hashOf(clientOf(i)))
	}
	slices.Sort(hashes)
	path := []element{{hash: hashes[2]}, {hash: hashes[1]}, {hash: hashes[2]}, {hash: hashes[0]}}
	var texts []string
	for _, i := range []int{3, 4, 2, 1, 0} {
		texts = append(texts, text(append(slices.Clip(path), element{hash: hashes[i]})))
	}
	require.True(t, slices.IsSorted(texts), texts)
}

// TestIsPositionAgreesWithBetween: exactly the texts that Between takes as neighbours, and that are not empty, are positions.
func TestIsPositionAgreesWithBetween(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := text(paths().Draw(t, "path"))
		if rapid.Bool().Draw(t, "damaged") {
			at := rapid.IntRange(0, len(s)).Draw(t, "at")
			s = s[:at] + rapid.SampledFrom([]string{"", "~", "}", "0", " ", "é"}).Draw(t, "instead") + s[min(at+1, len(s)):]
		}
		_, err := Between(s, "", Turn{Client: clientOf(9), N: 1})
		require.Equal(t, s != "" && !errors.Is(err, ErrPosition), IsPosition(s), "%q", s)
	})
}

// TestPositionHasOneSpelling: whatever is read as a position is written with the same bytes. Nothing that is escaped in
// JSON is in it.
func TestPositionHasOneSpelling(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := []byte(text(paths().Draw(t, "path")))
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			i := rapid.IntRange(0, len(s)-1).Draw(t, "where")
			s[i] = rapid.SampledFrom([]byte(digits+"~\x00é")).Draw(t, "what")
		}
		if path, ok := parse(string(s)); ok {
			require.Equal(t, string(s), text(path))
			require.NotContains(t, string(s), "\"")
		}
	})
	for name, s := range map[string]string{
		"empty":                        "",
		"a number":                     "12",
		"cut off":                      text([]element{{at: 5, hash: hashOf(clientOf(1)), count: 70}})[:8],
		"the least integer at the end": text([]element{{at: leastInt, hash: hashOf(clientOf(1))}}),
		"a hash of 36 bits":            "Vzzzzzz-",
		"a hash of 2^32":               "V3------",
		"a number with no digit in it": "k~" + hashOf(clientOf(1)) + "-",
		"a reference to the last hash": text([]element{{hash: hashOf(clientOf(1))}}) + "V}--",
		"a reference to no hash":       text([]element{{hash: hashOf(clientOf(1))}}) + "V}1-",
		"a reference at the beginning": "V}--",
		"the same hash as nothing":     "V~-",
		"a hash that is written again": text([]element{{hash: hashOf(clientOf(1))}, {hash: hashOf(clientOf(2))}}) + "V" + hashOf(clientOf(1)) + "-",
		"a hash that is written twice": strings.Repeat(text([]element{{hash: hashOf(clientOf(1))}}), 2),
		"too long":                     strings.Repeat(text([]element{{hash: hashOf(clientOf(1))}})+text([]element{{hash: hashOf(clientOf(2))}}), MaxPosition/16+1),
	} {
		_, ok := parse(s)
		require.False(t, ok, name)
	}
	_, ok := parse("V2zzzzz-")
	require.True(t, ok, "the greatest hash")
}
