package jsontext_test

import (
	"errors"
	"fmt"
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

func TestNumbersAreCanonical(t *testing.T) {
	for _, c := range []struct{ literal, want string }{
		// An integer within int64 is exact, in any spelling.
		{"9007199254740993", "9007199254740993"},
		{"9007199254740993.0", "9007199254740993"},
		{"9007199254740993e0", "9007199254740993"},
		{"900719925474099.3e1", "9007199254740993"},
		{"90071992547409930e-1", "9007199254740993"},
		{"9007199254740993000000e-6", "9007199254740993"},
		{"0.0000009007199254740993E+22", "9007199254740993"},
		{"9223372036854775807", "9223372036854775807"},
		{"9223372036854775807.000", "9223372036854775807"},
		{"0.9223372036854775807e19", "9223372036854775807"},
		{"92233720368547758070e-1", "9223372036854775807"},
		{"-9223372036854775808", "-9223372036854775808"},
		{"-9.223372036854775808e18", "-9223372036854775808"},
		{"999999999999999999", "999999999999999999"},
		{"1000000000000000000", "1000000000000000000"},
		{"1e18", "1000000000000000000"},
		{"9e18", "9000000000000000000"},
		{"10000000000000000000e-1", "1000000000000000000"},
		{"100000000000000000000000000e-26", "1"},
		{"1" + strings.Repeat("0", 990) + "e-990", "1"},
		{"0." + strings.Repeat("0", 990) + "1e991", "1"},
		// Any other number becomes the nearest float64. If that is an integer within int64,
		// it becomes that integer.
		{"9223372036854775808", "9223372036854776000"},
		{"-9223372036854775809", "-9223372036854775808"},
		{"9223372036854775807.5", "9223372036854776000"},
		{"9007199254740993.5", "9007199254740994"},
		{"9007199254740992.5", "9007199254740992"},
		{"2251799813685248.3", "2251799813685248.5"},
		{"1.0000000000000000000000000000000001", "1"},
		{"0.99999999999999999999", "1"},
		{"123456789012345678901234567890", "1.2345678901234568e+29"},
		{"1e19", "10000000000000000000"},
		{"1e20", "100000000000000000000"},
		{"1e21", "1e+21"},
		{"999999999999999999999", "1e+21"},
		{"-123456789012345678901", "-123456789012345680000"},
		{"0.000001", "0.000001"},
		{"0.0000001", "1e-7"},
		{"-1.5E-10", "-1.5e-10"},
		{"1e100", "1e+100"},
		{"1E-100", "1e-100"},
		{"0.1", "0.1"},
		{"0.10", "0.1"},
		{"100e-3", "0.1"},
		{"5e-324", "5e-324"},
		{"2.5e-324", "5e-324"},
		{"1.7976931348623158e308", "1.7976931348623157e+308"},
		{"-0", "0"},
		{"-0.0e-0", "0"},
		{"0e999999999999999999999999", "0"},
	} {
		value, err := canonical(c.literal)
		require.NoError(t, err, c.literal)
		require.Equal(t, c.want, value, c.literal)
		again, err := canonical(value)
		require.NoError(t, err, c.literal)
		require.Equal(t, value, again, "canonical text must not change")
		second, err := opinion.Number(c.literal)
		require.NoError(t, err)
		require.Equal(t, c.want, second, "package opinion on %s", c.literal)
	}
}

// TestNumbersMatchRFC8785 checks the samples of appendix B of the RFC, except for integers
// beyond 2^53, which keep their digits here, and for -0, NaN and infinity.
func TestNumbersMatchRFC8785(t *testing.T) {
	for bits, want := range map[uint64]string{
		0x0000000000000001: "5e-324",
		0x8000000000000001: "-5e-324",
		0x7fefffffffffffff: "1.7976931348623157e+308",
		0xffefffffffffffff: "-1.7976931348623157e+308",
		0x4340000000000000: "9007199254740992",
		0x4430000000000000: "295147905179352830000",
		0x44b52d02c7e14af5: "9.999999999999997e+22",
		0x44b52d02c7e14af6: "1e+23",
		0x44b52d02c7e14af7: "1.0000000000000001e+23",
		0x444b1ae4d6e2ef4e: "999999999999999700000",
		0x444b1ae4d6e2ef4f: "999999999999999900000",
		0x444b1ae4d6e2ef50: "1e+21",
		0x3eb0c6f7a0b5ed8c: "9.999999999999997e-7",
		0x3eb0c6f7a0b5ed8d: "0.000001",
		0x41b3de4355555553: "333333333.3333332",
		0x41b3de4355555554: "333333333.33333325",
		0x41b3de4355555555: "333333333.3333333",
		0x41b3de4355555556: "333333333.3333334",
		0x41b3de4355555557: "333333333.33333343",
		0xbecbf647612f3696: "-0.0000033333333333333333",
		0x43143ff3c1cb0959: "1424953923781206.2",
	} {
		text, err := jsontext.AppendFloat(nil, math.Float64frombits(bits))
		value := string(text)
		require.NoError(t, err)
		require.Equal(t, want, value, "%x", bits)
		parsed, err := canonical(want)
		require.NoError(t, err)
		require.Equal(t, value, parsed)
	}
}

func TestNumbersOutOfRangeAreRefused(t *testing.T) {
	errLong := errors.New("number literal too long")
	for _, c := range []struct {
		literal string
		reason  error
	}{
		{"1e309", jsontext.ErrNumber},
		{"-1e309", jsontext.ErrNumber},
		{"1.7976931348623159e308", jsontext.ErrNumber},
		{"1" + strings.Repeat("0", 309), jsontext.ErrNumber},
		{"1e-324", jsontext.ErrNumber},
		{"2.4e-324", jsontext.ErrNumber},
		{"-1e-400", jsontext.ErrNumber},
		{"0." + strings.Repeat("0", 998), nil},
		{"0." + strings.Repeat("0", 999), errLong},
		{"-" + strings.Repeat("1", 1000), errLong},
		{"1e" + strings.Repeat("0", 999), errLong},
	} {
		value, err := canonical(c.literal)
		if c.reason == errLong {
			require.Equal(t, &jsontext.LimitError{What: "number", Limit: 1000}, err, c.literal)
		} else {
			require.ErrorIs(t, err, c.reason, c.literal)
		}
		if c.reason != nil {
			require.Zero(t, value)
		}
	}
}

// genLiteral draws number literals near the points at which the rule changes (the bounds of
// int64 and float64, and 2^53) and near those at which the textual form changes.
var genLiteral = rapid.Custom(func(t *rapid.T) string {
	sign := rapid.SampledFrom([]string{"", "-"}).Draw(t, "sign")
	digits := rapid.OneOf(
		rapid.StringMatching(`0|[1-9][0-9]{0,22}`),
		rapid.Map(rapid.Int64Range(-3, 3), func(i int64) string { return strconv.FormatUint(uint64(math.MaxInt64)+uint64(i), 10) }),
		rapid.Map(rapid.Int64Range(-3, 3), func(i int64) string { return strconv.FormatInt(1<<53+i, 10) }),
		rapid.Map(rapid.Float64(), func(f float64) string { return fmt.Sprintf("%.0f", math.Abs(math.Mod(f, 1e300))) }),
		rapid.SampledFrom([]string{"0", "1", "5", "49406564584124654", "17976931348623157", "17976931348623159", "22250738585072014"}),
	).Draw(t, "digits")
	point := rapid.IntRange(0, len(digits)).Draw(t, "point")
	exponent := rapid.OneOf(rapid.IntRange(-25, 25), rapid.IntRange(-345, -300), rapid.IntRange(285, 310)).Draw(t, "exponent")
	literal := digits
	if point > 0 && point < len(digits) {
		literal = digits[:point] + "." + digits[point:]
	}
	literal += strings.Repeat("0", rapid.IntRange(0, 3).Draw(t, "zeros")*strings.Count(literal, "."))
	if len(literal) > 1 && literal[0] == '0' && literal[1] != '.' {
		literal = "1" + literal
	}
	switch rapid.IntRange(0, 3).Draw(t, "form") {
	case 0:
		literal += fmt.Sprintf("e%d", exponent)
	case 1:
		literal += fmt.Sprintf("E%+03d", exponent)
	}
	return sign + literal
})

// TestSmallestNumbersAgreeWithStrconv checks that the library and strconv, which uses another
// algorithm, read numbers near the smallest float64 alike: the multiples of 2^-1074, the
// midpoints between them, and the numbers next to these.
func TestSmallestNumbersAgreeWithStrconv(t *testing.T) {
	agree := func(t require.TestingT, literal string) {
		want, err := strconv.ParseFloat(literal, 64)
		value, refused := canonical(literal)
		if err != nil || want == 0 {
			require.ErrorIs(t, refused, jsontext.ErrNumber, literal)
			return
		}
		require.NoError(t, refused, literal)
		require.Equal(t, want, jsontext.Float(value), literal)
	}
	rapid.Check(t, func(t *rapid.T) {
		near := rapid.SampledFrom([]uint64{1, 2, 3, 1 << 30, 1 << 51, 1<<52 - 1, 1 << 52, 1<<53 - 2, 1<<53 - 1, 1 << 53, 1 << 54}).Draw(t, "near")
		units := new(big.Float).SetPrec(200).SetUint64(near + rapid.Uint64Range(0, 3).Draw(t, "more"))
		shift := rapid.SampledFrom([]float64{0, 0.5, 0.25, 0.75}).Draw(t, "part")
		exact := units.Add(units, big.NewFloat(shift))
		exact.SetMantExp(exact, -1074)
		text := exact.Text('e', 770) // 770 digits are exact for these numbers.
		mantissa, exponent, _ := strings.Cut(text, "e")
		mantissa = strings.TrimRight(mantissa, "0") + "0"
		digits := rapid.IntRange(3, len(mantissa)).Draw(t, "digits")
		sign := rapid.SampledFrom([]string{"", "-"}).Draw(t, "sign")
		agree(t, sign+mantissa+"e"+exponent)
		agree(t, sign+mantissa+strings.Repeat("0", 980-len(mantissa))+"1e"+exponent)
		agree(t, sign+mantissa[:digits]+"e"+exponent)
		agree(t, sign+mantissa[:digits]+"999999999999999999999e"+exponent)
		agree(t, sign+rapid.StringMatching(`[1-9]\.[0-9]{0,40}`).Draw(t, "random")+"0e"+strconv.Itoa(-rapid.IntRange(305, 326).Draw(t, "e")))
	})
	for _, literal := range []string{
		"2.2250738585072014e-308", "2.2250738585072011e-308", "2.2250738585072009e-308", "4.4501477170144023e-308", "4.4501477170144028e-308", "9.9e-308", "0.1e-307",
		"2.4703282292062327e-324", "2.4703282292062328e-324", "0." + strings.Repeat("0", 323) + "5", "5" + strings.Repeat("0", 600) + "e-924", "0." + strings.Repeat("0", 900) + "5e577",
	} {
		agree(t, literal)
		agree(t, "-"+literal)
	}
}

// TestNumbersAgreeWithTheSecondOpinion compares appendNumber with package opinion, which
// calculates with fractions of any size.
func TestNumbersAgreeWithTheSecondOpinion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		literal := genLiteral.Draw(t, "literal")
		value, err := canonical(literal)
		want, refused := opinion.Number(literal)
		if refused != nil {
			require.Error(t, err)
			return
		}
		require.NoError(t, err)
		require.Equal(t, want, value)
	})
}

// TestExactRefusesOnlyRoundedNumbers checks that a number is refused if and only if its
// canonical form is a different number, and that nothing else changes.
func TestExactRefusesOnlyRoundedNumbers(t *testing.T) {
	exact := standard
	exact.Exact = true
	rapid.Check(t, func(t *rapid.T) {
		literal := rapid.OneOf(genLiteral, genLong).Draw(t, "literal")
		rounded, err := canonical(literal)
		value, refused := read(literal, exact)
		if err != nil {
			require.Equal(t, err, refused, literal)
			return
		}
		before, _ := new(big.Rat).SetString(literal)
		after, _ := new(big.Rat).SetString(rounded)
		if before.Cmp(after) != 0 {
			require.ErrorIs(t, refused, jsontext.ErrInexact, literal)
			require.ErrorIs(t, refused, jsontext.ErrNumber, literal)
			return
		}
		require.NoError(t, refused, literal)
		require.Equal(t, rounded, value)
	})
	for literal, want := range map[string]string{
		"1.50": "1.5", "0.1": "0.1", "9007199254740993": "9007199254740993", "9223372036854775807.0": "9223372036854775807",
		"18446744073709552000": "18446744073709552000", "1E23": "1e+23", "-0.0": "0", "5e-324": "5e-324", "0.30000000000000004": "0.30000000000000004",
		"18446744073709551615": "", "18446744073709551616": "", "-9223372036854775809": "", "14695981039346656037": "", "99999999999999999.99": "",
		"9007199254740993.5": "", "0.1000000000000000055511151231257827021181583404541015625": "", "4.9e-324": "", "0.99999999999999999999": "",
		"1." + strings.Repeat("0", 900) + "1": "", "1." + strings.Repeat("0", 900) + "e-1": "0.1",
	} {
		value, err := read(literal, exact)
		if want == "" {
			require.ErrorIs(t, err, jsontext.ErrInexact, literal)
			continue
		}
		require.NoError(t, err, literal)
		require.Equal(t, want, value)
	}
}
