package record_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/record"
)

func decodeColumns(d *record.Decoder, text []byte) error {
	_, err := d.Columns(text)
	return err
}

// chunkOf returns a chunk of records of one client, in which only the given members matter.
func chunkOf(names, kinds, kind, id, stamps, stamp, ms, client, values string) string {
	if stamp != "" {
		stamp = `,"stamp":[` + stamp + `]`
	}
	return `{"packed":1,"names":[` + names + `],"kinds":[` + kinds + `],"clients":["7f3c9a52-1d4e-4b6f-8a09-c2d5e6f71234"],"kind":[` + kind +
		`],"id":[` + id + `],"stamps":[` + stamps + `]` + stamp + `,"ms":[` + ms + `],"client":[` + client + `],"values":[` + values + `]}`
}

// listOf returns n elements, joined with commas.
func listOf(n int, element func(i int) string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = element(i)
	}
	return strings.Join(parts, ",")
}

func sorted36(i int) string { return fmt.Sprintf("%03s", strconv.FormatInt(int64(i), 36)) }

// columnCosts are chunks that make many records, fields or stamps of few bytes.
func columnCosts() []costCase {
	const records, many = 1000, 14_000
	zero, one, index := times("0"), times("1"), strconv.Itoa
	quoted := func(i int) string { return `"` + sorted36(i) + `"` }
	wide := func(fields int) string { // as many as a chunk may have
		records := min(15_000/fields, 900)
		return chunkOf(listOf(fields, quoted), `["t",[`+listOf(fields, index)+`]]`, listOf(records, zero), listOf(records, times(`"i"`)), listOf(records, one), "",
			"1,"+listOf(records-1, zero), listOf(records, zero), listOf(fields, func(int) string { return "[" + listOf(records, one) + "]" }))
	}
	own := chunkOf(listOf(many, quoted), `["t",[`+listOf(many, index)+`]]`, "0", `"i"`, index(many), "", listOf(many, one), listOf(many, zero), listOf(many, times("[1]")))
	kinds := listOf(120, func(i int) string { return `["t` + sorted36(i) + `",[` + listOf(120, index) + `]]` })
	alike := chunkOf(listOf(120, quoted), kinds, listOf(120, index), listOf(120, times(`"i"`)), listOf(120, one), "", "1,"+listOf(119, zero),
		listOf(120, zero), listOf(120, func(int) string { return "[" + listOf(120, one) + "]" }))
	shared := chunkOf(listOf(many, quoted), `["t",[`+listOf(many, index)+`]]`, "0", `"i"`, "2", "0,"+listOf(many-1, one), "1,1", "0,0", listOf(many, times("[1]")))
	// Pairs of names: each record has a list of names of its own.
	pairs := listOf(records, func(i int) string { return fmt.Sprintf(`["t",[%d,%d]]`, 2*i, 2*i+1) })
	apart := chunkOf(listOf(2*records, quoted), pairs, listOf(records, index), listOf(records, times(`"i"`)), listOf(records, one), "", "1,"+listOf(records-1, zero),
		listOf(records, zero), listOf(2*records, func(i int) string { return "[\"" + strings.Repeat("x", 80) + "\"]" }))
	bodies := []struct{ name, text string }{
		{"sixteen fields", wide(16)}, {"two hundred fields", wide(200)}, {"many fields", wide(5000)}, {"a stamp for each field", own}, {"two stamps", shared},
		{"many kinds", alike}, {"a kind for each record", apart},
	}
	var cases []costCase
	for _, b := range bodies {
		cases = append(cases,
			costCase{"columns: " + b.name, b.text, decodeColumns, false, false},
			costCase{"columns, cut: " + b.name, b.text[:len(b.text)-1], decodeColumns, true, false},
			costCase{"columns, a value too many: " + b.name, b.text[:len(b.text)-3] + ",1]]}", decodeColumns, true, false},
			costCase{"columns, another client ID: " + b.name, strings.Replace(b.text, `"clients":[`, `"clients":["7f3c9a52-1d4e-4b6f-8a09-c2d5e6f71235",`, 1), decodeColumns, true, false},
		)
	}
	return append(cases,
		costCase{"columns: unused names", chunkOf(listOf(40_000, quoted), "", "", "", "", "", "", "", ""), decodeColumns, true, false},
		costCase{"columns: unused kinds", chunkOf(`"n"`, listOf(30_000, func(i int) string { return `["` + sorted36(i) + `",[0]]` }), "0", `"i"`, "1", "", "1", "0", "[1]"), decodeColumns, true, false},
		costCase{"columns: unused clients", strings.Replace(oneColumn, `"clients":[`, `"clients":[`+listOf(9000, func(i int) string { return fmt.Sprintf(`"7f3c9a52-1d4e-4b6f-8a09-c2d5%08x"`, i) })+",", 1), decodeColumns, true, false},
		costCase{"columns: empty columns", chunkOf(listOf(30_000, quoted), `["t",[`+listOf(30_000, index)+`]]`, "0", `"i"`, "1", "", "1", "0", listOf(30_000, times("[]"))), decodeColumns, true, false},
		costCase{"columns: buckets", strings.Replace(oneColumn, `"names"`, `"in":[`+listOf(90_000, times(`""`))+`],"names"`, 1), decodeColumns, false, false},
		costCase{"columns: too many records", chunkOf(`"f"`, `["t",[0]]`, listOf(90_000, zero), listOf(90_000, quoted), listOf(90_000, one), "", listOf(90_000, zero), listOf(90_000, zero), "["+listOf(90_000, one)+"]"), decodeColumns, true, false},
	)
}

func TestColumnsAllocateWithinBounds(t *testing.T) {
	skipUnderRace(t)
	for _, c := range columnCosts() {
		t.Run(c.name, func(t *testing.T) {
			require.Greater(t, len(c.input), 30<<10, "the input is too short to measure")
			cost, err := costOf(c)
			require.Equal(t, c.refused, err != nil, "%v", err)
			t.Logf("%.2f times %d bytes: %v", cost, len(c.input), err)
			most := acceptedCost
			if c.refused {
				most = refusedCost
			}
			require.LessOrEqual(t, cost, most)
		})
	}
}
