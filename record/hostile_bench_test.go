package record_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/record"
)

// BenchmarkHostile reads input that was made to be slow, at one size and at two, four and
// eight times that size. The rate in MB/s must stay about the same: if the cost is quadratic,
// the rate halves from size to size.
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
