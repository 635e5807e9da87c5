package jsontext_test

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/record/internal/jsontext"
	"github.com/fieldlww/fieldlww/record/internal/opinion"
)

// The oracle of this file reads literals as fractions of any size and compares distances
// exactly. It neither parses nor rounds as the library does.

// checkNumber checks that a literal is read by the rule: an integer within int64 exactly, and
// any other number as the nearest float64, or the even one if two are equally near. A number
// whose nearest float64 is infinite or zero must be refused.
func checkNumber(t require.TestingT, literal string) {
	exact, ok := new(big.Rat).SetString(literal)
	require.True(t, ok, literal)
	value, err := canonical(literal)
	switch {
	case exact.IsInt() && exact.Num().IsInt64():
		require.NoError(t, err, literal)
		require.Equal(t, exact.Num().String(), value, literal)
		return
	case isBeyond(exact):
		require.ErrorIs(t, err, jsontext.ErrNumber, literal)
		return
	}
	require.NoError(t, err, literal)
	f, err := strconv.ParseFloat(value, 64) // the text has at most 21 digits
	require.NoError(t, err)
	require.Equal(t, f, jsontext.Float(value), literal)
	require.True(t, isNearest(f, exact), "%s became %s", literal, value)
	want := opinion.ECMAScript(f)
	if i, accuracy := big.NewFloat(f).Int64(); accuracy == big.Exact {
		want = strconv.FormatInt(i, 10)
	}
	require.Equal(t, want, value, literal)
}

// isBeyond reports whether the nearest float64 is infinite or zero.
func isBeyond(exact *big.Rat) bool {
	least := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), 1075))
	most := new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1<<54-1), 970))
	size := new(big.Rat).Abs(exact)
	return size.Cmp(least) <= 0 || size.Cmp(most) >= 0
}

// isNearest reports whether f is the float64 nearest to the exact number, or the even one if
// two are equally near.
func isNearest(f float64, exact *big.Rat) bool {
	distance := func(to float64) *big.Rat {
		d := new(big.Rat).SetFloat64(to)
		return d.Abs(d.Sub(d, exact))
	}
	for _, other := range []float64{math.Nextafter(f, math.Inf(1)), math.Nextafter(f, math.Inf(-1))} {
		if math.IsInf(other, 0) {
			continue // isBeyond has compared the number with this bound.
		}
		switch distance(f).Cmp(distance(other)) {
		case 1:
			return false
		case 0:
			if math.Float64bits(f)&1 == 1 {
				return false
			}
		}
	}
	return true
}

// genFloat draws float64s near the edges: near the smallest, the smallest normal and the
// greatest float64, near the bounds of int64, near 2^53, and with all bits of the mantissa
// equal.
var genFloat = rapid.Custom(func(t *rapid.T) float64 {
	bits := rapid.OneOf(
		rapid.Uint64Range(1, 0x7fefffffffffffff),
		rapid.Uint64Range(1, 4),
		rapid.Uint64Range(0x000ffffffffffffd, 0x0010000000000003),
		rapid.Uint64Range(0x001ffffffffffffd, 0x0020000000000003),
		rapid.Uint64Range(0x7feffffffffffffc, 0x7fefffffffffffff),
		rapid.Map(rapid.Int64Range(-3, 3), func(i int64) uint64 { return uint64(int64(math.Float64bits(1<<63)) + i) }),
		rapid.Map(rapid.Int64Range(-3, 3), func(i int64) uint64 { return uint64(int64(math.Float64bits(1<<53)) + i) }),
		rapid.Map(rapid.Uint64Range(1, 2046), func(e uint64) uint64 { return e << 52 }),
		rapid.Map(rapid.Uint64Range(0, 2046), func(e uint64) uint64 { return e<<52 | (1<<52 - 1) }),
	).Draw(t, "bits")
	return math.Float64frombits(bits)
})

// genNear draws the digits and the exponent of a number at or near a float64, or at or near
// the midpoint between two float64s.
func genNear(t *rapid.T) (digits string, exponent int) {
	f := genFloat.Draw(t, "near")
	exact := new(big.Float).SetPrec(2000).SetFloat64(f)
	if rapid.Bool().Draw(t, "half") {
		gap := new(big.Float).SetPrec(2000).SetMantExp(big.NewFloat(0.5), max(exact.MantExp(nil)-53, -1074))
		exact.Add(exact, gap)
	}
	text := exact.Text('e', 800) // 800 digits represent any float64 and any midpoint exactly.
	mantissa, power, _ := strings.Cut(text, "e")
	digits = strings.TrimRight(strings.Replace(mantissa, ".", "", 1), "0")
	exponent, err := strconv.Atoi(power)
	require.NoError(t, err)
	exponent -= len(digits) - 1
	switch rapid.IntRange(0, 5).Draw(t, "then") {
	case 0: // exactly at the drawn number
	case 1: // slightly above
		zeros := rapid.IntRange(0, 180).Draw(t, "zeros")
		digits, exponent = digits+strings.Repeat("0", zeros)+"1", exponent-zeros-1
	case 2: // slightly below
		nines := rapid.IntRange(1, 180).Draw(t, "nines")
		below, _ := new(big.Int).SetString(digits, 10)
		digits = strings.TrimLeft(below.Sub(below, big.NewInt(1)).String(), "0") + strings.Repeat("9", nines)
		exponent -= nines
	default: // fewer digits, rounded up or down
		keep := rapid.IntRange(1, min(len(digits), 25)).Draw(t, "keep")
		cut, _ := new(big.Int).SetString(digits[:keep], 10)
		exponent += len(digits) - keep
		digits = cut.Add(cut, big.NewInt(int64(rapid.IntRange(0, 1).Draw(t, "up")))).String()
	}
	return digits, exponent
}

// genDigits draws digits of all lengths, including long runs of one digit, whose rounding
// carries far.
func genDigits(t *rapid.T) (digits string, exponent int) {
	digits = rapid.OneOf(
		rapid.StringMatching(`[1-9][0-9]{0,40}`),
		rapid.StringMatching(`[1-9][0-9]{780,980}`),
		rapid.Map(rapid.IntRange(1, 980), func(n int) string { return strings.Repeat("9", n) }),
		rapid.Map(rapid.IntRange(1, 970), func(n int) string { return "9007199254740993" + strings.Repeat("0", n) + "1" }),
		rapid.Map(rapid.IntRange(0, 960), func(n int) string { return "9223372036854775807" + strings.Repeat("0", n) + "5" }),
	).Draw(t, "digits")
	decimals := rapid.OneOf(rapid.IntRange(-30, 30), rapid.IntRange(-330, -300), rapid.IntRange(300, 312), rapid.IntRange(-400, 400)).Draw(t, "size")
	return digits, decimals - len(digits)
}

// genLong draws literals of up to 1,000 characters for numbers that are hard to round, with
// the point at any position, and with redundant zeros.
var genLong = rapid.Custom(func(t *rapid.T) string {
	digits, exponent := "", 0
	if rapid.Bool().Draw(t, "isNear") {
		digits, exponent = genNear(t)
	} else {
		digits, exponent = genDigits(t)
	}
	zeros := func(label string) string {
		return strings.Repeat("0", max(0, min(rapid.SampledFrom([]int{0, 0, 1, 20, 400, 800, 970}).Draw(t, label), 985-len(digits))))
	}
	behind := zeros("behind")
	digits, exponent = digits+behind, exponent-len(behind)
	whole, fraction := digits, ""
	switch rapid.IntRange(0, 3).Draw(t, "point") {
	case 0:
		fraction = zeros("leading") + digits
		whole, exponent = "0", exponent+len(fraction)
	case 1:
		at := rapid.IntRange(1, len(digits)).Draw(t, "at")
		whole, fraction = digits[:at], digits[at:]
		exponent += len(fraction)
	}
	literal := rapid.SampledFrom([]string{"", "-"}).Draw(t, "sign") + whole
	if fraction != "" {
		literal += "." + fraction
	}
	return literal + rapid.SampledFrom([]string{"e", "E"}).Draw(t, "letter") + strconv.Itoa(exponent)
})

// TestLongNumbersAreNearest checks literals of up to 1,000 characters.
func TestLongNumbersAreNearest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		if literal := genLong.Draw(t, "literal"); len(literal) <= 1000 {
			checkNumber(t, literal)
		}
	})
}

// Most of these literals have more than 800 digits or zeros before the point, where
// strconv.ParseFloat misplaces it.
func TestNumbersWithManyDigitsBeforeThePointAreNearest(t *testing.T) {
	zeros := func(n int) string { return strings.Repeat("0", n) }
	for literal, want := range map[string]string{
		"9007199254740993" + zeros(940) + "1e-941":                 "9007199254740994",
		"-9007199254740993" + zeros(940) + "1e-941":                "-9007199254740994",
		"9007199254740993" + zeros(940) + "e-940":                  "9007199254740993",
		"9007199254740993" + zeros(940) + "1e-1264":                "9.007199254740994e-308",
		"9007199254740993" + zeros(784) + "1.5e-785":               "9007199254740994",
		"9007199254740993" + zeros(783) + ".5e-783":                "9007199254740994",
		"9007199254740992" + strings.Repeat("9", 900) + "e-900":    "9007199254740992",
		"1.7976931348623157" + zeros(900) + "1e308":                "1.7976931348623157e+308",
		"17976931348623157" + zeros(900) + "1e-609":                "1.7976931348623157e+308",
		"49406564584124654" + zeros(900) + "e-1240":                "5e-324",
		"24703282292062327" + zeros(900) + "e-1240":                "",
		"24703282292062328" + zeros(900) + "e-1240":                "5e-324",
		"17976931348623159" + zeros(900) + "e-608":                 "",
		"9223372036854775807" + zeros(900) + "5e-901":              "9223372036854776000",
		"9223372036854775295" + strings.Repeat("9", 900) + "e-900": "9223372036854774784",
		"-9223372036854775808" + zeros(900) + "1e-901":             "-9223372036854775808",
		strings.Repeat("9", 990) + "e-681":                         "",
		strings.Repeat("9", 990) + "e-682":                         "1e+308",
		"-0." + zeros(970) + "9007199254740993e1270":               "-9.007199254740993e+299",
	} {
		checkNumber(t, literal)
		value, err := canonical(literal)
		if want == "" {
			require.ErrorIs(t, err, jsontext.ErrNumber, literal)
			continue
		}
		require.NoError(t, err, literal)
		require.Equal(t, want, value, literal)
	}
}
