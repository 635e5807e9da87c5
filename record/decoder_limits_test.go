package record_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/record"
)

// limitCase is a limit, and a function that returns an input which a limit of n just permits.
// A limit of 0 selects the default.
type limitCase struct {
	name     string
	limits   func(n int) record.Limits
	input    func(n int) string
	decode   func(*record.Decoder, []byte) error
	what     string
	standard int
	off      int // accepted when the limit is off
	most     int // refused even when the limit is off, or 0
}

func limitCases() []limitCase {
	spaces := func(n int) string { return strings.Repeat(" ", n-1) + "1" }
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	mixed := func(n int) string {
		return strings.Repeat(`{"b":0,"a":[`, n/2) + strings.Repeat("[", n%2) + "null" + strings.Repeat("]", n%2) + strings.Repeat("]}", n/2)
	}
	text := func(n int) string { return `"` + strings.Repeat("x", n-2) + `"` }
	list := func(n int) string {
		return "[" + strings.Repeat(" 1 ,", (n-3)/2) + strings.Repeat("1", 1+(n-3)%2) + "]"
	}
	items := func(n int) string { return "[" + strings.Repeat(itemWith("")+",", n-1) + itemWith("") + "]" }
	lines := func(n int) string { return strings.Repeat(itemWith("")+"\n", n) }

	bytes := func(n int) record.Limits { return record.Limits{Bytes: n} }
	depth := func(n int) record.Limits { return record.Limits{Bytes: -1, Depth: n} }
	value := func(n int) record.Limits { return record.Limits{Bytes: -1, Value: n} }
	fields := func(n int) record.Limits { return record.Limits{Bytes: -1, Fields: n} }
	count := func(n int) record.Limits { return record.Limits{Bytes: -1, Items: n} }
	name := func(n int) record.Limits { return record.Limits{Name: n} }
	long := func(n int) string { return strings.Repeat("x", n) }
	return []limitCase{
		{"bytes", bytes, spaces, decodeValue, "bytes", 16 << 20, 17 << 20, 0},
		{"depth", depth, nested, decodeValue, "depth", 32, 1000, 1001},
		{"depth of objects", depth, mixed, decodeValue, "depth", 32, 1000, 1001},
		{"depth in a field", depth, func(n int) string { return itemOfValue(nested(n)) }, decodeMutation, "depth", 32, 1000, 1001},
		{"depth of an unknown member", depth, func(n int) string { return `{"x":` + nested(n) + `,` + itemWith("")[1:] }, decodeMutation, "depth", 32, 1000, 1001},
		{"value", value, text, decodeValue, "value", 1 << 20, 2 << 20, 0},
		{"value that is an array", value, list, decodeValue, "value", 1 << 20, 2 << 20, 0},
		{"value in a field", value, func(n int) string { return itemOfValue(text(n)) }, decodeMutation, "value", 1 << 20, 2 << 20, 0},
		{"value after another", value, func(n int) string {
			return itemWith(`"a":` + fieldOf(text(n)) + `,"b":` + fieldOf(list(n)))
		}, decodeMutation, "value", 1 << 20, 2 << 20, 0},
		{"value of an unknown member", value, func(n int) string { return `{"x":` + list(n) + `,` + itemWith("")[1:] }, decodeMutation, "value", 1 << 20, 2 << 20, 0},
		{"fields", fields, func(n int) string { return "{" + manyFields(n) + "}" }, decodeRecord, "fields", 10_000, 10_001, 0},
		{"fields of a mutation", fields, func(n int) string { return itemWith(manyFields(n)) }, decodeMutation, "fields", 10_000, 10_001, 0},
		{"field name", name, func(n int) string { return itemWith(`"` + long(n) + `":` + fieldOf("1")) }, decodeMutation, "name", 1024, 1024, 1025},
		{"table name", name, func(n int) string { return `{"table":"` + long(n) + `","id":"i","data":{}}` }, decodeMutation, "name", 1024, 1024, 1025},
		{"ID", name, func(n int) string { return `{"table":"t","id":"` + long(n) + `","data":{}}` }, decodeMutation, "name", 1024, 1024, 1025},
		{"items", count, items, decodeBatch, "items", 100_000, 100_001, 0},
		{"lines", count, lines, decodeBatch, "items", 100_000, 100_001, 0},
	}
}

func TestLimitsAcceptTheirBoundAndRefuseOneMore(t *testing.T) {
	for _, c := range limitCases() {
		t.Run(c.name, func(t *testing.T) {
			run := func(limit, n int) error {
				d := record.Decoder{Limits: c.limits(limit)}
				return c.decode(&d, []byte(c.input(n)))
			}
			refused := func(limit, n, bound int) {
				t.Helper()
				err := run(limit, n)
				require.ErrorIs(t, err, record.ErrLimit)
				var e *record.LimitError
				require.ErrorAs(t, err, &e)
				require.Equal(t, record.LimitError{What: c.what, Limit: bound}, *e)
			}
			for _, limit := range []int{7, 20, 500} {
				if c.what == "bytes" || c.what == "value" || limit < 500 {
					require.NoError(t, run(limit, limit))
					refused(limit, limit+1, limit)
				}
			}
			require.NoError(t, run(0, c.standard))
			refused(0, c.standard+1, c.standard)
			require.NoError(t, run(-1, c.off))
			if c.most > 0 {
				refused(-1, c.most, c.most-1)
			}
		})
	}
}

// Unknown members are compared with each other, so their number must be bounded.
func TestUnknownMembersAreLimited(t *testing.T) {
	members := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `"x%d":0,`, i)
		}
		return b.String()
	}
	for name, item := range map[string]func(n int) string{
		"mutation": func(n int) string { return `{` + members(n) + itemWith("")[1:] },
		"field":    func(n int) string { return itemWith(`"a":{` + members(n) + fieldOf("1")[1:]) },
		"base": func(n int) string {
			return `{"base":{"a":{` + members(n) + someStamp + `}},` + itemWith("")[1:]
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := record.Decoder{Limits: unlimited}
			require.NoError(t, decodeMutation(&d, []byte(item(64))))
			require.NoError(t, decodeMutation(&d, []byte(item(64))), "the count must restart with each call")
			err := decodeMutation(&d, []byte(item(65)))
			var e *record.LimitError
			require.ErrorAs(t, err, &e)
			require.Equal(t, record.LimitError{What: "members", Limit: 64}, *e)
		})
	}
}

// Refused items, whose errors cost more memory than their text, are bounded in number even if
// all limits are off.
func TestRefusedItemsAreLimited(t *testing.T) {
	batch := func(n int, item string) error {
		d := record.Decoder{Limits: unlimited}
		items, err := d.Batch([]byte("[" + strings.Repeat(item+",", n-1) + item + "]"))
		if err == nil {
			require.Len(t, items, n)
		}
		return err
	}
	long := `{"table":5,"` + strings.Repeat("x", 64) + `":0}`
	for _, c := range []struct {
		item     string
		accepted int
		refused  int
	}{
		{`{}`, 1000, 1001},
		{`[]`, 1000, 1001},
		{`{"table":"","id":"i","data":{},"base":null}`, 1000, 2500},
		{long, 5000, 0},
		{`{"table":"t","id":"i","data":{}}`, 5000, 0},
	} {
		require.NoError(t, batch(c.accepted, c.item), c.item)
		if c.refused > 0 {
			require.ErrorIs(t, batch(c.refused, c.item), record.ErrLimit, c.item)
		}
	}
}

func TestLimitErrorsNameTheirUnit(t *testing.T) {
	for what, want := range map[string]string{
		"bytes":   "limit exceeded: at most 5 bytes of input",
		"depth":   "limit exceeded: at most 5 levels of nesting",
		"fields":  "limit exceeded: at most 5 fields",
		"members": "limit exceeded: at most 5 members",
		"name":    "limit exceeded: at most 5 bytes in a name",
		"number":  "limit exceeded: at most 5 characters in a number",
		"value":   "limit exceeded: at most 5 bytes in a value",
		"items":   "limit exceeded: at most 5 items",
		"refused": "limit exceeded: at most 5 refused items",
	} {
		err := &record.LimitError{What: what, Limit: 5}
		require.EqualError(t, err, want)
		require.ErrorIs(t, err, record.ErrLimit)
		require.NotErrorIs(t, err, record.ErrSyntax)
	}
}
