package record_test

import (
	"fmt"
	"strings"

	"github.com/fieldlww/fieldlww/record"
)

// limitRows are rows 10 to 16 and those of the rest that are about sizes.
func limitRows() []badInput {
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	objects := func(n int) string { return strings.Repeat(`{"a":`, n) + "427281" + strings.Repeat("}", n) }
	title := "data.title.value"
	long := strings.Repeat("x", 1024)
	rows := []badInput{
		{row: 10, name: "one byte too long", verdict: refusedBatch, reason: record.ErrLimit,
			text: "[" + goodItem("t1") + "]" + strings.Repeat(" ", 1000), limits: record.Limits{Bytes: len(goodItem("t1")) + 1001}},
		{row: 10, name: "too long, and no JSON", verdict: refusedBatch, reason: record.ErrLimit, text: "xx", limits: record.Limits{Bytes: 1}},
		{row: 11, name: "value of depth 32", verdict: accepted, text: itemOfValue(nested(32))},
		{row: 11, name: "value of depth 33", verdict: refusedItem, text: itemOfValue(nested(33) + `,"x":427281`), reason: record.ErrLimit, path: title},
		{row: 11, name: "object of depth 32", verdict: accepted, text: itemOfValue(objects(32))},
		{row: 11, name: "object of depth 33", verdict: refusedItem, text: itemOfValue(objects(33)), reason: record.ErrLimit, path: title},
		{row: 11, name: "depth 10,000", verdict: refusedItem, text: itemOfValue(objects(10_000)), reason: record.ErrLimit, path: title},
		{row: 11, name: "depth 10,001", verdict: refusedItem, text: itemOfValue(objects(10_001)), reason: record.ErrLimit, path: title},
		{row: 11, name: "depth 100,000", verdict: refusedItem, text: itemOfValue(nested(100_000) + `,"x":427281`), reason: record.ErrLimit, path: title},
		{row: 11, name: "unknown member of depth 33", verdict: refusedItem, text: `{"x":` + objects(33) + `}`, reason: record.ErrLimit, path: "x"},
		{row: 11, name: "item that is nothing but depth", verdict: refusedItem, text: nested(100_000), reason: record.ErrType, secret: "[["},
		{row: 11, name: "base of depth 35", verdict: refusedItem, text: `{"base":` + objects(35) + `}`, reason: record.ErrLimit, path: "base"},
		{row: 12, name: "8 MiB of [[],[],…", verdict: refusedItem, text: itemOfValue("[" + strings.Repeat("[],", 8<<20/3) + `"427281"]`), reason: record.ErrLimit, path: title},
		{row: 12, name: "8 MiB of [],[],… as items", verdict: refusedBatch, text: "[" + strings.Repeat("[],", 8<<20/3) + "[]]", reason: record.ErrLimit, path: anyPath},
		{row: 13, name: "4 M of {}", verdict: refusedBatch, text: "[" + strings.Repeat("{},", 4<<20) + "{}]", reason: record.ErrLimit, path: anyPath},
		{row: 13, name: "4 M of {}, no limits", verdict: refusedBatch, text: "[" + strings.Repeat("{},", 4<<20) + "{}]", reason: record.ErrLimit, path: anyPath, limits: unlimited},
		{row: 16, name: "one more item than permitted", verdict: refusedBatch, reason: record.ErrLimit,
			text: "[" + goodItem("t1") + "," + goodItem("t2") + "," + goodItem("t3") + "]", limits: record.Limits{Items: 2}},
		{row: 30, name: "field name of 1,024 bytes", verdict: accepted, text: itemWith(`"` + long + `":` + fieldOf("1"))},
		{row: 30, name: "field name of 1,025 bytes", verdict: refusedItem, text: itemWith(`"` + long + `x":` + fieldOf("427281")),
			reason: record.ErrLimit, path: "data." + long[:64] + "…"},
		{row: 30, name: "field name of 1,026 bytes in 513 runes", verdict: refusedItem, text: itemWith(`"` + strings.Repeat("é", 513) + `":` + fieldOf("427281")),
			reason: record.ErrLimit, path: `data."` + strings.Repeat(`\u00e9`, 32) + `"…`},
		{row: 30, name: "field name of 1 MiB", verdict: refusedItem, text: itemWith(`"` + strings.Repeat("x", 1<<20) + `":` + fieldOf("427281")),
			reason: record.ErrLimit, path: "data." + long[:64] + "…"},
		{row: 30, name: "ID of 1,025 bytes", verdict: refusedItem, text: `{"table":"t","id":"` + long + `x","data":{}}`, reason: record.ErrLimit, path: "id", secret: "xxx"},
		{row: 30, name: "table of 1,025 bytes", verdict: refusedItem, text: `{"table":"` + long + `x","id":"i","data":{}}`, reason: record.ErrLimit, path: "table", secret: "xxx"},
		{row: 31, name: "10,000 fields", verdict: accepted, text: itemWith(manyFields(10_000))},
		{row: 31, name: "10,001 fields", verdict: refusedItem, text: itemWith(manyFields(10_001)), reason: record.ErrLimit, path: "data.a10000"},
		{row: 38, name: "number of 1,000 digits", verdict: accepted, text: itemOfValue("1." + strings.Repeat("0", 998)), want: itemOfValue("1")},
		{row: 38, name: "number of 1,001 digits", verdict: refusedItem, text: itemOfValue("1." + strings.Repeat("0", 999)), reason: record.ErrLimit, path: title, secret: "000000"},
		{row: 38, name: "number of 1,000,000 digits", verdict: refusedItem, text: itemOfValue(strings.Repeat("427281", 1_000_000/6)), reason: record.ErrLimit, path: title},
		{row: 43, name: "string of 1 MiB", verdict: accepted, text: itemOfValue(`"` + strings.Repeat("x", 1<<20-2) + `"`)},
		{row: 43, name: "string of 1 MiB and a byte", verdict: refusedItem, text: itemOfValue(`"` + strings.Repeat("x", 1<<20-7) + `427281"`), reason: record.ErrLimit, path: title},
		{row: 43, name: "string of 1 MiB, in escapes", verdict: accepted, text: itemOfValue(`"` + strings.Repeat(`\u0078`, 1<<20-2) + `"`),
			want: itemOfValue(`"` + strings.Repeat("x", 1<<20-2) + `"`)},
		{row: 43, name: "string of 15 MiB", verdict: refusedItem, text: itemOfValue(`"` + strings.Repeat("x", 15<<20) + `427281"`), reason: record.ErrLimit, path: title},
		{row: 43, name: "string of 16 MiB", verdict: refusedBatch, text: itemOfValue(`"` + strings.Repeat("x", 16<<20) + `"`), reason: record.ErrLimit},
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
