package record_test

import (
	"fmt"
	"strings"

	"github.com/fieldlww/fieldlww/record"
)

// limitRows are inputs at and beyond the limits.
func limitRows() []badInput {
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	objects := func(n int) string { return strings.Repeat(`{"a":`, n) + "427281" + strings.Repeat("}", n) }
	title := "data.title.value"
	long := strings.Repeat("x", 1024)
	rows := []badInput{
		{kind: "input too long", name: "one byte too long", verdict: refusedBatch, reason: record.ErrLimit,
			text: "[" + goodItem("t1") + "]" + strings.Repeat(" ", 1000), limits: record.Limits{Bytes: len(goodItem("t1")) + 1001}},
		{kind: "input too long", name: "too long, and not JSON", verdict: refusedBatch, reason: record.ErrLimit, text: "xx", limits: record.Limits{Bytes: 1}},
		{kind: "nesting", name: "value of depth 32", verdict: accepted, text: itemOfValue(nested(32))},
		{kind: "nesting", name: "value of depth 33", verdict: refusedItem, text: itemOfValue(nested(33) + `,"x":427281`), reason: record.ErrLimit, path: title},
		{kind: "nesting", name: "object of depth 32", verdict: accepted, text: itemOfValue(objects(32))},
		{kind: "nesting", name: "object of depth 33", verdict: refusedItem, text: itemOfValue(objects(33)), reason: record.ErrLimit, path: title},
		{kind: "nesting", name: "depth 10,000", verdict: refusedItem, text: itemOfValue(objects(10_000)), reason: record.ErrLimit, path: title},
		{kind: "nesting", name: "depth 10,001", verdict: refusedItem, text: itemOfValue(objects(10_001)), reason: record.ErrLimit, path: title},
		{kind: "nesting", name: "depth 100,000", verdict: refusedItem, text: itemOfValue(nested(100_000) + `,"x":427281`), reason: record.ErrLimit, path: title},
		{kind: "nesting", name: "unknown member of depth 33", verdict: refusedItem, text: `{"x":` + objects(33) + `}`, reason: record.ErrLimit, path: "x"},
		{kind: "nesting", name: "item of nested arrays only", verdict: refusedItem, text: nested(100_000), reason: record.ErrType, secret: "[["},
		{kind: "nesting", name: "base of depth 35", verdict: refusedItem, text: `{"base":` + objects(35) + `}`, reason: record.ErrLimit, path: "base"},
		{kind: "millions of empty arrays", name: "8 MiB of [[],[],…", verdict: refusedItem, text: itemOfValue("[" + strings.Repeat("[],", 8<<20/3) + `"427281"]`), reason: record.ErrLimit, path: title},
		{kind: "millions of empty arrays", name: "8 MiB of [],[],… as items", verdict: refusedBatch, text: "[" + strings.Repeat("[],", 8<<20/3) + "[]]", reason: record.ErrLimit, path: anyPath},
		{kind: "millions of empty items", name: "4 M of {}", verdict: refusedBatch, text: "[" + strings.Repeat("{},", 4<<20) + "{}]", reason: record.ErrLimit, path: anyPath},
		{kind: "millions of empty items", name: "4 M of {}, no limits", verdict: refusedBatch, text: "[" + strings.Repeat("{},", 4<<20) + "{}]", reason: record.ErrLimit, path: anyPath, limits: unlimited},
		{kind: "too many items", name: "one more item than permitted", verdict: refusedBatch, reason: record.ErrLimit,
			text: "[" + goodItem("t1") + "," + goodItem("t2") + "," + goodItem("t3") + "]", limits: record.Limits{Items: 2}},
		{kind: "long name", name: "field name of 1,024 bytes", verdict: accepted, text: itemWith(`"` + long + `":` + fieldOf("1"))},
		{kind: "long name", name: "field name of 1,025 bytes", verdict: refusedItem, text: itemWith(`"` + long + `x":` + fieldOf("427281")),
			reason: record.ErrLimit, path: "data." + long[:64] + "…"},
		{kind: "long name", name: "field name of 1,026 bytes in 513 runes", verdict: refusedItem, text: itemWith(`"` + strings.Repeat("é", 513) + `":` + fieldOf("427281")),
			reason: record.ErrLimit, path: `data."` + strings.Repeat(`\u00e9`, 32) + `"…`},
		{kind: "long name", name: "field name of 1 MiB", verdict: refusedItem, text: itemWith(`"` + strings.Repeat("x", 1<<20) + `":` + fieldOf("427281")),
			reason: record.ErrLimit, path: "data." + long[:64] + "…"},
		{kind: "long name", name: "ID of 1,025 bytes", verdict: refusedItem, text: `{"table":"t","id":"` + long + `x","data":{}}`, reason: record.ErrLimit, path: "id", secret: "xxx"},
		{kind: "long name", name: "table of 1,025 bytes", verdict: refusedItem, text: `{"table":"` + long + `x","id":"i","data":{}}`, reason: record.ErrLimit, path: "table", secret: "xxx"},
		{kind: "many fields", name: "10,000 fields", verdict: accepted, text: itemWith(manyFields(10_000))},
		{kind: "many fields", name: "10,001 fields", verdict: refusedItem, text: itemWith(manyFields(10_001)), reason: record.ErrLimit, path: "data.a10000"},
		{kind: "long number literal", name: "number of 1,000 digits", verdict: accepted, text: itemOfValue("1." + strings.Repeat("0", 998)), want: itemOfValue("1")},
		{kind: "long number literal", name: "number of 1,001 digits", verdict: refusedItem, text: itemOfValue("1." + strings.Repeat("0", 999)), reason: record.ErrLimit, path: title, secret: "000000"},
		{kind: "long number literal", name: "number of 1,000,000 digits", verdict: refusedItem, text: itemOfValue(strings.Repeat("427281", 1_000_000/6)), reason: record.ErrLimit, path: title},
		{kind: "long value", name: "string of 1 MiB", verdict: accepted, text: itemOfValue(`"` + strings.Repeat("x", 1<<20-2) + `"`)},
		{kind: "long value", name: "string of 1 MiB plus one byte", verdict: refusedItem, text: itemOfValue(`"` + strings.Repeat("x", 1<<20-7) + `427281"`), reason: record.ErrLimit, path: title},
		{kind: "long value", name: "string of 1 MiB, written in escapes", verdict: accepted, text: itemOfValue(`"` + strings.Repeat(`\u0078`, 1<<20-2) + `"`),
			want: itemOfValue(`"` + strings.Repeat("x", 1<<20-2) + `"`)},
		{kind: "long value", name: "string of 15 MiB", verdict: refusedItem, text: itemOfValue(`"` + strings.Repeat("x", 15<<20) + `427281"`), reason: record.ErrLimit, path: title},
		{kind: "long value", name: "string of 16 MiB", verdict: refusedBatch, text: itemOfValue(`"` + strings.Repeat("x", 16<<20) + `"`), reason: record.ErrLimit},
	}
	return rows
}

// manyFields returns n fields, sorted by name.
func manyFields(n int) string {
	var fields []string
	for i := range n {
		fields = append(fields, fmt.Sprintf(`"a%05d":%s`, i, fieldOf(private)))
	}
	return strings.Join(fields, ",")
}
