package record_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// valueRows are rows 36 to 47: numbers, null, and values that are fine.
func valueRows() []badInput {
	var rows []badInput
	add := func(row int, value, want string) {
		rows = append(rows, badInput{row: row, name: shown(value), verdict: accepted, text: itemOfValue(value), want: itemOfValue(want)})
	}
	refuse := func(row int, values ...string) {
		for _, value := range values {
			rows = append(rows, badInput{row: row, name: shown(value), verdict: refusedItem, text: itemOfValue(value), reason: record.ErrNumber,
				path: "data.title.value", secret: value})
		}
	}
	add(36, "9007199254740993", "9007199254740993")
	add(36, "9223372036854775807", "9223372036854775807")
	add(36, "-9223372036854775808", "-9223372036854775808")
	add(36, "9223372036854775808", "9223372036854776000")
	refuse(37, "1e400", "-1e400", "1e309", "1"+strings.Repeat("0", 400), "1e99999999999999999999", strings.Repeat("9", 310), "1.8e308", "1.7976931348623159e308")
	for _, zero := range []string{"-0", "-0.0", "0", "0.000", "0e5", "-0e-5", "0E+400", "0e-99999999999999999999"} {
		add(39, zero, "0")
	}
	for _, one := range []string{"1", "1.0", "1e0", "10e-1", "0.1e1", "100E-2", "0.001e+3", "1.000000000000000000000000"} {
		add(40, one, "1")
	}
	add(41, "5e-324", "5e-324")
	add(41, "3e-324", "5e-324")
	add(41, "1.7976931348623157e308", "1.7976931348623157e+308")
	refuse(41, "1e-400", "2e-324", "-1e-400", "1e-99999999999999999999", "0."+strings.Repeat("0", 400)+"1")

	add(42, "null", "null")
	rows = append(rows, badInput{row: 42, name: "no value", verdict: refusedItem, reason: record.ErrValueForm, path: "data.title",
		text: itemWith(`"title":{"x":427281,` + someStamp + `}`)},
		badInput{row: 42, name: "value and deleted", verdict: refusedItem, reason: record.ErrValueForm, path: "data.title",
			text: itemWith(`"title":{"value":427281,"deleted":true,` + someStamp + `}`)},
		badInput{row: 42, name: "null and deleted", verdict: refusedItem, reason: record.ErrValueForm, path: "data.title",
			text: itemWith(`"title":{"x":427281,"deleted":true,"value":null,` + someStamp + `}`)},
		badInput{row: 42, name: "deleted is false", verdict: refusedItem, reason: record.ErrValueForm, path: "data.title.deleted",
			text: itemWith(`"title":{"x":427281,"deleted":false,` + someStamp + `}`)},
		badInput{row: 42, name: "value, and deleted is false", verdict: refusedItem, reason: record.ErrValueForm, path: "data.title.deleted",
			text: itemWith(`"title":{"value":427281,"deleted":false,` + someStamp + `}`)},
		badInput{row: 42, name: "deleted", verdict: accepted, text: itemWith(`"title":{"deleted":true,` + someStamp + `}`)},
		badInput{row: 42, name: "empty string", verdict: accepted, text: itemOfValue(`""`)},
		badInput{row: 42, name: "the text that stands for a deletion", verdict: accepted, text: itemOfValue("\"\x7f\"")})
	rows = append(rows, missingRows()...)

	for _, value := range []string{`"text"`, `{"now":"an object"}`, `["now","an array"]`, "true", "{}", "[]"} {
		add(45, value, value)
	}
	add(46, `"not base64!"`, `"not base64!"`)
	for _, text := range []string{`"<b>&amp;</b>"`, `"</script>"`, `"=cmd()"`, "\"\u2028\u2029\"", `"'\" or 1=1"`} {
		add(47, text, text)
	}
	add(47, `"\u003cb\u003e\/"`, `"<b>/"`)
	return rows
}

// missingRows leave out what must be there.
func missingRows() []badInput {
	rows := []badInput{
		{text: `{"x":427281}`, path: "table"},
		{text: `{"table":"427281"}`, path: "id"},
		{text: `{"id":"427281","data":{}}`, path: "table"},
		{text: `{"table":"t","id":"427281"}`, path: "data"},
		{text: `{"table":"t","id":"427281","base":{}}`, path: "data"},
		{text: itemWith(`"title":{"value":427281,` + someTime + `}`), path: "data.title.clientId"},
		{text: itemWith(`"title":{"value":427281,` + someClient + `}`), path: "data.title.updatedAt"},
		{text: itemWith(`"title":{"deleted":true,"x":427281,` + someTime + `}`), path: "data.title.clientId"},
		{text: `{"table":"t","id":"427281","data":{},"base":{"title":{` + someTime + `}}}`, path: "base.title.clientId"},
		{text: `{"table":"t","id":"427281","data":{},"base":{"title":{}}}`, path: "base.title.updatedAt"},
	}
	for i := range rows {
		r := &rows[i]
		r.row, r.name, r.verdict, r.reason = 42, "no "+r.path, refusedItem, record.ErrMissing
	}
	return rows
}

// TestBadInputGo is row 44, and row 46 as Go code has it: values that no JSON has.
// They are refused where they come in, and what is made with them is nothing.
func TestBadInputGo(t *testing.T) {
	type knot struct{ Next *knot }
	cyclic := &knot{}
	cyclic.Next = cyclic
	self := map[string]any{}
	self["self"] = self
	at := clock.Stamp{Time: 1, Client: clock.ClientID{1}}
	for name, c := range map[string]struct {
		value  any
		reason error
	}{
		"NaN":            {math.NaN(), record.ErrNumber},
		"infinity":       {math.Inf(1), record.ErrNumber},
		"-infinity":      {math.Inf(-1), record.ErrNumber},
		"nested NaN":     {[]any{1, math.NaN()}, record.ErrNumber},
		"uint64":         {uint64(math.MaxInt64) + 1, record.ErrNumber},
		"channel":        {make(chan int), record.ErrUnsupported},
		"function":       {func() {}, record.ErrUnsupported},
		"complex":        {complex(1, 1), record.ErrUnsupported},
		"cyclic pointer": {cyclic, record.ErrUnsupported},
		"cyclic map":     {self, record.ErrUnsupported},
		"bytes":          {[]byte("427281"), record.ErrUnsupported},
		"nested bytes":   {map[string]any{"a": []byte("427281")}, record.ErrUnsupported},
		"invalid UTF-8":  {"427281\xff", record.ErrUTF8},
	} {
		t.Run(name, func(t *testing.T) {
			value, err := record.Of(c.value)
			require.ErrorIs(t, err, c.reason)
			require.Zero(t, value)
			require.NotContains(t, err.Error(), private)

			m, err := record.New(costKey).Edit(at).Set("a", 1).Set("b", c.value).Set("c", 1).Mutation()
			require.ErrorIs(t, err, c.reason)
			require.Equal(t, record.Mutation{}, m)
			var e *record.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, "b", e.Path)
			require.NotContains(t, err.Error(), private)
		})
	}
}
