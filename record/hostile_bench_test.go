package record_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/record"
)

// BenchmarkHostile reads input that was made to be slow, of one size and of twice
// that, four times and eight times. The MB/s of each must stay about the same: a
// cost that grows faster than the input shows as a rate that halves.
func BenchmarkHostile(b *testing.B) {
	prefix := strings.Repeat("x", 500)
	deep := strings.Repeat(`{"b":0,"a":`, 32) + "0" + strings.Repeat("}", 32)
	unknown := func(i int) string {
		members := fill(64*7-5, func(i int) string { return fmt.Sprintf(`"%02d":0`, i) })
		return fmt.Sprintf(`"%d":{%s,%s}`, i, members, fieldOf("1")[1:len(fieldOf("1"))-1])
	}
	for _, c := range []struct {
		name   string
		decode func(*record.Decoder, []byte) error
		input  func(n int) string
	}{
		{"Plain", decodeValue, func(n int) string { return "[" + fill(n, times(`"plain text"`)) + "]" }},
		{"TinyMembers", decodeValue, func(n int) string {
			return "{" + fill(n, func(i int) string { return fmt.Sprintf(`"%x":0`, uint32(i)*2654435761) }) + "}"
		}},
		{"LongNames", decodeValue, func(n int) string {
			return "{" + fill(n, func(i int) string { return fmt.Sprintf(`"%s%x":0`, prefix, uint32(i)*2654435761) }) + "}"
		}},
		{"UnsortedDepth32", decodeValue, func(n int) string { return "[" + fill(n, times(deep)) + "]" }},
		{"UnsortedInOneDepth32", decodeValue, func(n int) string {
			leaf := fill(n, times(`{"b":0,"a":0}`))
			return strings.Repeat(`{"b":0,"a":`, 31) + "[" + leaf + "]" + strings.Repeat("}", 31)
		}},
		{"RefusedBrackets", decodeBatch, func(n int) string { return "[" + strings.Repeat("[", n/2) + strings.Repeat("]", n/2) + "]" }},
		{"Subnormals", decodeValue, func(n int) string { return "[" + fill(n, times("5e-324")) + "]" }},
		{"LongNumbers", decodeValue, func(n int) string {
			return "[" + fill(n, times("1."+strings.Repeat("0", 900)+"1e-300")) + "]"
		}},
		{"Escapes", decodeValue, func(n int) string { return `"` + strings.Repeat(`\u0001`, n/6) + `"` }},
		{"UnknownMembers", decodeRecord, func(n int) string { return "{" + fill(n, unknown) + "}" }},
		{"UnsortedFields", decodeRecord, func(n int) string {
			return "{" + fill(n, func(i int) string { return fmt.Sprintf(`"%x":%s`, uint32(i)*2654435761, shortestWrite) }) + "}"
		}},
		{"RefusedItems", decodeBatch, func(n int) string { return "[" + fill(n, times(itemWith(`"":`+fieldOf("1")))) + "]" }},
		{"RefusedWithoutTable", decodeBatch, func(n int) string { return "[" + fill(n, times(`{"x":"`+prefix[:60]+`"}`)) + "]" }},
		{"RefusedAtTheEnd", decodeBatch, func(n int) string {
			return `[{"x":[` + fill(n, times(`{"b":0,"a":0}`)) + `]}]`
		}},
		{"Base", decodeBatch, func(n int) string {
			return `[{"table":"t","id":"i","data":{},"base":{` + fill(n, func(i int) string { return fmt.Sprintf(`"%x":null`, uint32(i)*2654435761) }) + `}}]`
		}},
		{"Lines", decodeBatch, func(n int) string {
			return strings.ReplaceAll(fill(n, times(goodItem("t1"))), "},{", "}\n{")
		}},
	} {
		for factor := 1; factor <= 8; factor *= 2 {
			text := []byte(c.input(factor * 128 << 10))
			b.Run(fmt.Sprintf("%s/%d", c.name, factor), func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				d := record.Decoder{Limits: unlimited}
				err := c.decode(&d, text)
				require.Equal(b, strings.HasPrefix(c.name, "Refused"), err != nil, "%v", err)
				for b.Loop() {
					_ = c.decode(&d, text)
				}
			})
		}
	}
}

// hardNumbers are literals that are dear to convert in many libraries, and some
// that are not, for comparison.
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

// BenchmarkHardNumbers reads arrays of one number beside an array of short plain
// strings, turn by turn, and reports how many times as long the numbers take a
// byte, as x-plain. That must stay below 30.
func BenchmarkHardNumbers(b *testing.B) {
	const size = 256 << 10
	arrayOf := func(part string) []byte { return []byte("[" + fill(size, times(part)) + "]") }
	plain := arrayOf(`"plain text"`)
	for name, number := range hardNumbers() {
		b.Run(name, func(b *testing.B) {
			numbers := arrayOf(number)
			d := record.Decoder{Limits: unlimited}
			least := func(best float64, text []byte) float64 {
				start := time.Now()
				_, err := d.Value(text)
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

// TestHardNumbersAllocateNothing: the only memory that a number needs is that of
// its canonical text.
func TestHardNumbersAllocateNothing(t *testing.T) {
	for name, number := range hardNumbers() {
		text := []byte("[" + fill(64<<10, times(number)) + "]")
		d := record.Decoder{Limits: unlimited}
		allocs := testing.AllocsPerRun(5, func() { _, _ = d.Value(text) })
		require.LessOrEqual(t, allocs, 1.0, name)
	}
}
