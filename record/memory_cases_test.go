package record_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// size is the least length of the inputs. In shorter ones, memory that is allocated only once
// would count too much.
const size = 257 << 10

// fill joins part(0), part(1), … with commas until the text has n bytes.
func fill(n int, part func(i int) string) string {
	var b strings.Builder
	b.Grow(n + 1000)
	for i := 0; b.Len() < n; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(part(i))
	}
	return b.String()
}

func times(s string) func(int) string { return func(int) string { return s } }

// number36 returns a short name for i. The names of consecutive numbers are not in byte
// order.
func number36(i int) string { return strconv.FormatInt(int64(i), 36) }

const (
	shortestStamp  = `"updatedAt":"2026-11-22T16:57:17Z","clientId":"7f3c9a52-1d4e-4b6f-8a09-c2d5e6f71234"`
	shortestWrite  = `{"value":1,` + shortestStamp + `}`
	shortestDelete = `{"deleted":true,` + shortestStamp + `}`
)

func valueWrite(value string) string { return `{"value":` + value + `,` + shortestStamp + `}` }

func itemOf(id, data string) string {
	return `{"table":"t","id":"` + id + `","data":{` + data + `}}`
}

func costCases() []costCase {
	return slices.Concat(valueCosts(), recordCosts(), batchCosts(), refusedItemCosts(), baseCosts())
}

// valueCosts are values that are complete, cut off at the end, or invalid at the end.
func valueCosts() []costCase {
	members := func(i int) string { return `"` + number36(i) + `":0` }
	nested := func(depth int) func(int) string {
		return times(strings.Repeat("[", depth) + strings.Repeat("]", depth))
	}
	objects := func(depth int) func(int) string {
		return times(strings.Repeat(`{"b":0,"a":`, depth) + "0" + strings.Repeat("}", depth))
	}
	bodies := []struct{ name, open, body, shut, fault string }{
		{"array of []", "[", fill(size, times("[]")), "]", `,"\ud800"]`},
		{"array of zeros", "[", fill(size, times("0")), "]", `,"\ud800"]`},
		{"array of 1e20", "[", fill(size, times("1e20")), "]", `,"\ud800"]`},
		{"array of 5e-324", "[", fill(size, times("5e-324")), "]", `,"\ud800"]`},
		{"string, then array of 1e20", `["` + strings.Repeat("x", size/2) + `",`, fill(size/2, times("1e20")), "]", `,"\ud800"]`},
		{"array of 1e20, then string", `[` + fill(size/8, times("1e20")) + `,"`, strings.Repeat("x", size), `"]`, "\\ud800"},
		{"array of \"\"", "[", fill(size, times(`""`)), "]", `,"\ud800"]`},
		{"object of unsorted tiny members", "{", fill(size, members), "}", `,"0":0}`},
		{"objects of two unsorted members", "[", fill(size, times(`{"b":0,"a":0}`)), "]", `,"\ud800"]`},
		{"depth 30", "[", fill(size, nested(30)), "]", `,"\ud800"]`},
		{"depth 999", "[", fill(size, nested(999)), "]", `,"\ud800"]`},
		{"unsorted objects, depth 30", "[", fill(size, objects(30)), "]", `,"\ud800"]`},
		{"unsorted objects, depth 200", "[", fill(size, objects(200)), "]", `,"\ud800"]`},
		{"one string", `"`, strings.Repeat("x", size), `"`, "\xff\""},
		{"one string of \\u0041", `"`, strings.Repeat(`\u0041`, size/6), `"`, "\xff\""},
		{"one string of \\u0000", `"`, strings.Repeat(`\u0000`, size/6), `"`, "\xff\""},
		{"one string of \\u00e9", `"`, strings.Repeat(`\u00e9`, size/6), `"`, "\xff\""},
		{"one string of é", `"`, strings.Repeat(`é`, size/2), `"`, "\xff\""},
		{"one name, all escapes", `{"`, strings.Repeat(`\n`, size/2), `":0}`, "\xff\":0}"},
	}
	var cases []costCase
	for _, b := range bodies {
		whole := b.open + b.body + b.shut
		cases = append(cases,
			costCase{"value: " + b.name, whole, decodeValue, false, false},
			costCase{"value, cut: " + b.name, whole[:len(whole)-1], decodeValue, true, false},
			costCase{"value, fault at the end: " + b.name, b.open + b.body + b.fault, decodeValue, true, false},
			costCase{"field, no stamp: " + b.name, `{"f":{"value":` + whole + `}}`, decodeRecord, true, false},
			costCase{"item, no id: " + b.name, `[{"table":"t","data":{"f":` + valueWrite(whole) + `}}]`, decodeBatch, true, false},
			costCase{"unknown member, no id: " + b.name, `[{"table":"t","x":` + whole + `}]`, decodeBatch, true, false},
			costCase{"unknown member: " + b.name, `[{"table":"t","id":"i","data":{},"x":` + whole + `}]`, decodeBatch, false, false},
		)
	}
	deep := strings.Repeat("[", size)
	return append(cases,
		costCase{"value: too deep", deep, decodeValue, true, true},
		costCase{"item: too deep", `[` + deep + strings.Repeat("]", size) + `]`, decodeBatch, true, true},
		costCase{"unknown member: too deep", `[{"x":` + deep + strings.Repeat("]", size) + `}]`, decodeBatch, true, true},
	)
}

// recordCosts are records of many fields, and names and stamps that are too long.
func recordCosts() []costCase {
	field := func(write string) func(int) string {
		return func(i int) string { return `"` + number36(i) + `":` + write }
	}
	unknown := func(i int) string {
		return `"` + number36(i) + `":{"value":1,` + fill(350, func(i int) string { return `"` + number36(i) + `":0` }) + `,` + shortestStamp + `}`
	}
	escaped := func(i int) string {
		return fmt.Sprintf(`"\u%04x":`, 0x4e00+i%0x400) + valueWrite(strconv.Itoa(i))
	}
	escapedUnique := func(i int) string { return fmt.Sprintf(`"\u0041%s":`, number36(i)) + shortestWrite }
	bodies := []struct{ name, body, fault string }{
		{"fields", fill(2*size, field(shortestWrite)), `,"0":` + shortestWrite + `}`},
		{"deleted fields", fill(size, field(shortestDelete)), `,"0":` + shortestDelete + `}`},
		{"fields of 1e20", fill(size, field(valueWrite("1e20"))), `,"x":0}`},
		{"unknown members", fill(size, unknown), `,"x":0}`},
		{"escaped names", fill(size, escapedUnique), `,"x":0}`},
	}
	var cases []costCase
	for _, b := range bodies {
		whole := "{" + b.body + "}"
		cases = append(cases,
			costCase{"record: " + b.name, whole, decodeRecord, false, false},
			costCase{"record, cut: " + b.name, whole[:len(whole)-1], decodeRecord, true, false},
			costCase{"record, fault at the end: " + b.name, "{" + b.body + b.fault, decodeRecord, true, false},
			costCase{"item, no id: " + b.name, `[{"table":"t","data":` + whole + `}]`, decodeBatch, true, false},
		)
	}
	return append(cases,
		costCase{"record: escaped names, twice each", "{" + fill(5*size, escaped) + "}", decodeRecord, true, false},
		costCase{"record: too many fields", "{" + fill(4*size, field(shortestWrite)) + "}", decodeRecord, true, true},
		costCase{"key of escapes", `[{"table":"` + strings.Repeat(`\n`, size) + `"}]`, decodeBatch, true, false},
		costCase{"stamp of escapes", `{"f":{"clientId":"` + strings.Repeat(`\n`, size) + `"}}`, decodeRecord, true, false},
		costCase{"field name too long", `{"` + strings.Repeat("x", size) + `":{}}`, decodeRecord, true, true},
		costCase{"unknown name too long", `{"f":{"` + strings.Repeat("x", size) + `":0}}`, decodeRecord, true, true},
		costCase{"number too long", strings.Repeat("9", size), decodeValue, true, true},
		costCase{"input too long", strings.Repeat(" ", 16<<20+1), decodeValue, true, true},
	)
}

// batchSize is the length of most batches.
const batchSize = 3 * size

// batchCosts are batches of mutations with as little text as possible, and batches whose
// number of items is hard to estimate.
func batchCosts() []costCase {
	const n = batchSize
	id := func(data string) func(int) string {
		return func(i int) string { return itemOf(number36(i), data) }
	}
	names := func(i int) string { return itemOf(number36(i), `"`+number36(i)+`":`+shortestWrite) }
	many := func(i int) string {
		return itemOf(number36(i), fill(20*110, func(j int) string { return `"` + number36(36*i+j) + `":` + shortestWrite }))
	}
	long := func(size int) string { return itemOf("i", `"f":`+valueWrite(`"`+strings.Repeat("x", size)+`"`)) + "," }
	stubs := func(size int) string { return fill(size, times(itemOf("i", ""))) }
	hidden := strings.Replace(itemOf("i", ""), "table", `t\u0061ble`, 1)
	bodies := []struct{ name, open, body string }{
		{"shortest mutations", "", stubs(n)},
		{"mutations without fields", "", fill(n, id(""))},
		{"mutations of one field", "", fill(n, id(`"f":`+shortestWrite))},
		{"mutations of one deletion", "", fill(n, id(`"f":`+shortestDelete))},
		{"mutations of 1e20", "", fill(n, id(`"f":`+valueWrite("1e20")))},
		{"mutations of one field, all different", "", fill(n, names)},
		{"mutations of 20 fields, all different", "", fill(n, many)},
		{"mutations with unknown members", "", fill(n, id(`"f":{"value":1,"a":0,"b":0,"c":0,"d":0,"e":0,`+shortestStamp+`}`))},
		{"long mutation, then the shortest", long(n / 2), stubs(n / 2)},
		{"medium mutation, then the shortest", long(n / 8), stubs(n)},
		{"medium mutation, then the shortest, twice", long(n/32) + stubs(n/8) + "," + long(n/32), stubs(n / 2)},
		{"two medium mutations, then the shortest", long(n/1024) + long(n/1024), stubs(n)},
		{"shortest mutations with an escaped member name", "", fill(n, times(hidden))},
		{"shortest mutations, then some with an escaped member name", stubs(n/2) + ",", fill(n/2, times(hidden))},
		{"a value that looks like many items", itemOf("i", "") + ",", itemOf("i", `"f":`+valueWrite("["+fill(n, times(`{"table":0}`))+"]"))},
		{"long and short mutations alternating", "", fill(n, func(i int) string {
			return itemOf("i", `"f":`+valueWrite(`"`+strings.Repeat("x", (i%7)*(i%11)*10)+`"`))
		})},
	}
	var cases []costCase
	for _, b := range bodies {
		whole := "[" + b.open + b.body + "]"
		cases = append(cases,
			costCase{"batch: " + b.name, whole, decodeBatch, false, false},
			costCase{"batch, cut: " + b.name, whole[:len(whole)-1], decodeBatch, true, false},
			costCase{"lines, cut: " + b.name, strings.ReplaceAll(b.open+b.body, "},{\"table", "}\n{\"table") + "\n{", decodeBatch, true, false},
		)
	}
	return cases
}

// refusedItemCosts are batches of refused items only, each with an error.
func refusedItemCosts() []costCase {
	refused := []struct{ name, item string }{
		{"{}", `{}`},
		{"0", `0`},
		{"[]", `[]`},
		{"empty table", `{"table":""}`},
		{"empty table padded", `{"table":"","id":"i","x":123456}`},
		{"no fields", `{"table":"t","id":"i","data":0}`},
		{"invalid field", `{"table":"t","id":"i","data":{"":0}}`},
		{"no stamp", `{"table":"t","id":"i","data":{"f":{"value":0}}}`},
		{"empty stamp", `{"table":"t","id":"i","data":{"f":{"updatedAt":""}}}`},
		{"empty client", `{"table":"t","id":"i","data":{"f":{"clientId":""}}}`},
		{"number stamp", `{"table":"t","id":"i","data":{"f":{"updatedAt":0}}}`},
		{"case variant", `{"Table":0,"a":"aaaaaaaaaaaaaa"}`},
		{"lone surrogate", `{"a":"\ud800aaaaaaaaaaaaaaaa"}`},
		{"invalid number", `{"table":1,"aaaaaaaa":"1e400"}`},
		{"empty client first", `{"data":{"f":{"clientId":""}}}`},
		{"empty client in a field with a non-ASCII name", `{"data":{"ééééééé":{"clientId":""}}}`},
		{"invalid base", `{"table":"t","id":"ID","data":{"ID":` + shortestWrite + `},"base":{"ID":{}}}`},
		{"invalid name deep inside", `{"table":"t","id":"i","data":{"\u0000\u0000":0}}`},
	}
	var cases []costCase
	for _, r := range refused {
		items := "[" + fill(batchSize, func(i int) string { return strings.ReplaceAll(r.item, "ID", number36(i)) }) + "]"
		cases = append(cases,
			costCase{"batch, refused items: " + r.name, items, decodeBatch, true, false},
			costCase{"batch, refused items, default limits: " + r.name, items, decodeBatch, true, true},
		)
	}
	return cases
}

// baseCosts are bases of many fields, both with and without writes to these fields.
func baseCosts() []costCase {
	const n = 3 * size
	null := func(i int) string { return `"` + number36(i) + `":null` }
	stamp := func(i int) string { return `"` + number36(i) + `":{` + shortestStamp + `}` }
	field := func(i int) string { return `"` + number36(i) + `":` + shortestWrite }
	item := func(data, base string) string {
		return `[{"table":"t","id":"i","data":{` + data + `},"base":{` + base + `}}]`
	}
	fields := fill(n, field)
	count := strings.Count(fields, "value")
	nulls := fill(n, null)
	var own []string
	for i := range count {
		own = append(own, null(i))
	}
	return []costCase{
		{"base of unknown fields", item("", nulls), decodeBatch, false, false},
		{"base of unknown fields, one twice", item("", nulls+`,"0":null`), decodeBatch, true, false},
		{"base of unknown fields, all stamps", item("", fill(n, stamp)), decodeBatch, false, false},
		{"base of all written fields, all null", item(fields, strings.Join(own, ",")), decodeBatch, false, false},
		{"base of all written fields, all null except one invalid", item(fields, strings.Join(own, ",")+`,"x":1`), decodeBatch, true, false},
		{"base of all written fields, all stamps", item(fields, fill(n, stamp)), decodeBatch, false, false},
		{"base of all written fields, all stamps, one of them invalid", item(fields, fill(n, stamp)+`,"x":{}`), decodeBatch, true, false},
		{"base of 1e20", `[{"table":"t","id":"i","data":{},"base":{"f":{"x":[` + fill(n, times("1e20")) + `],` + shortestStamp + `}}}]`, decodeBatch, false, false},
		{"base of 1e20, no id", `[{"table":"t","base":{"f":[` + fill(n, times("1e20")) + `]}}]`, decodeBatch, true, false},
	}
}
