package jsontext_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/record/internal/jsontext"
)

var unlimited = jsontext.Limits{Depth: 1000, Size: 1 << 30}

// hardNumbers are literals that are expensive to convert in many libraries, and some cheap
// ones for comparison.
func hardNumbers() map[string]string {
	return map[string]string{
		"Plain":              "51.507351",
		"Short":              "1e300",
		"ShortAndSmall":      "1e-300",
		"VeryShort":          "9e99",
		"Integer":            "1e20",
		"AlmostTooGreat":     "1.7e308",
		"Subnormal":          "5e-324",
		"SeventeenDigits":    "1.2345678901234567e-300",
		"HalfAndGreat":       "54033702684954498098e285",
		"HalfAndSmall":       "44882132916639257843e-323",
		"HalfExactly":        "9007199254740993e5",
		"ManyZeros":          "1." + strings.Repeat("0", 900) + "1e-300",
		"ManyDigits":         strings.Repeat("9", 990) + "e-800",
		"ManyDigitsBehind":   "0." + strings.Repeat("9", 990) + "e-300",
		"ManyBeforeThePoint": "9007199254740993" + strings.Repeat("0", 940) + "1e-1264",
	}
}

// BenchmarkHardNumbers alternately reads an array that repeats one number and an array of
// short plain strings. It reports, as x-plain, the time per byte of numbers divided by the
// time per byte of strings. This ratio must stay below 30.
func BenchmarkHardNumbers(b *testing.B) {
	const size = 256 << 10
	arrayOf := func(part string) []byte { return []byte("[" + strings.Repeat(part+",", size/len(part)) + part + "]") }
	plain := arrayOf(`"plain text"`)
	for name, number := range hardNumbers() {
		b.Run(name, func(b *testing.B) {
			numbers := arrayOf(number)
			var r jsontext.Reader
			least := func(best float64, text []byte) float64 {
				start := time.Now()
				r.Reset(text, unlimited)
				err := r.Value()
				took := time.Since(start)
				require.NoError(b, err)
				return min(best, float64(took)/float64(len(text)))
			}
			b.SetBytes(int64(len(numbers) + len(plain)))
			asStrings, asNumbers := math.Inf(1), math.Inf(1)
			for b.Loop() {
				asStrings, asNumbers = least(asStrings, plain), least(asNumbers, numbers)
			}
			b.ReportMetric(asNumbers/asStrings, "x-plain")
		})
	}
}

// The canonical text is the only memory that a number needs.
func TestHardNumbersAllocateNothing(t *testing.T) {
	for name, number := range hardNumbers() {
		text := []byte("[" + strings.Repeat(number+",", 64<<10/len(number)) + number + "]")
		var r jsontext.Reader
		allocs := testing.AllocsPerRun(5, func() { r.Reset(text, unlimited); _ = r.Value() })
		require.LessOrEqual(t, allocs, 1.0, name)
	}
}
