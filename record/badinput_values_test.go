package record_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// valueRows are numbers, null, and values that are unusual but valid.
func valueRows() []badInput {
	var rows []badInput
	add := func(kind, value, want string) {
		rows = append(rows, badInput{kind: kind, name: shown(value), verdict: accepted, text: itemOfValue(value), want: itemOfValue(want)})
	}
	refuse := func(kind string, values ...string) {
		for _, value := range values {
			rows = append(rows, badInput{kind: kind, name: shown(value), verdict: refusedItem, text: itemOfValue(value), reason: record.ErrNumber,
				path: "data.title.value", secret: value})
		}
	}
	add("large integer", "9007199254740993", "9007199254740993")
	add("large integer", "9223372036854775807", "9223372036854775807")
	add("large integer", "-9223372036854775808", "-9223372036854775808")
	add("large integer", "9223372036854775808", "9223372036854776000")
	refuse("number too large", "1e400", "-1e400", "1e309", "1"+strings.Repeat("0", 400), "1e99999999999999999999", strings.Repeat("9", 310), "1.8e308", "1.7976931348623159e308")
	for _, zero := range []string{"-0", "-0.0", "0", "0.000", "0e5", "-0e-5", "0E+400", "0e-99999999999999999999"} {
		add("the number 0 in many spellings", zero, "0")
	}
	for _, one := range []string{"1", "1.0", "1e0", "10e-1", "0.1e1", "100E-2", "0.001e+3", "1.000000000000000000000000"} {
		add("the number 1 in many spellings", one, "1")
	}
	add("smallest and greatest floats", "5e-324", "5e-324")
	add("smallest and greatest floats", "3e-324", "5e-324")
	add("smallest and greatest floats", "1.7976931348623157e308", "1.7976931348623157e+308")
	refuse("smallest and greatest floats", "1e-400", "2e-324", "-1e-400", "1e-99999999999999999999", "0."+strings.Repeat("0", 400)+"1")

	add("null, deleted and missing", "null", "null")
	rows = append(rows, badInput{kind: "null, deleted and missing", name: "no value", verdict: refusedItem, reason: record.ErrValueForm, path: "data.title",
		text: itemWith(`"title":{"x":427281,` + someStamp + `}`)},
		badInput{kind: "null, deleted and missing", name: "value and deleted", verdict: refusedItem, reason: record.ErrValueForm, path: "data.title",
			text: itemWith(`"title":{"value":427281,"deleted":true,` + someStamp + `}`)},
		badInput{kind: "null, deleted and missing", name: "null and deleted", verdict: refusedItem, reason: record.ErrValueForm, path: "data.title",
			text: itemWith(`"title":{"x":427281,"deleted":true,"value":null,` + someStamp + `}`)},
		badInput{kind: "null, deleted and missing", name: "deleted is false", verdict: refusedItem, reason: record.ErrValueForm, path: "data.title.deleted",
			text: itemWith(`"title":{"x":427281,"deleted":false,` + someStamp + `}`)},
		badInput{kind: "null, deleted and missing", name: "a value, and deleted is false", verdict: refusedItem, reason: record.ErrValueForm, path: "data.title.deleted",
			text: itemWith(`"title":{"value":427281,"deleted":false,` + someStamp + `}`)},
		badInput{kind: "null, deleted and missing", name: "deleted", verdict: accepted, text: itemWith(`"title":{"deleted":true,` + someStamp + `}`)},
		badInput{kind: "null, deleted and missing", name: "empty string", verdict: accepted, text: itemOfValue(`""`)},
		badInput{kind: "null, deleted and missing", name: "a string that contains the byte that marks deletions internally", verdict: accepted, text: itemOfValue("\"\x7f\"")})
	rows = append(rows, missingRows()...)

	for _, value := range []string{`"text"`, `{"now":"an object"}`, `["now","an array"]`, "true", "{}", "[]"} {
		add("value of every type", value, value)
	}
	add("text that is not base64", `"not base64!"`, `"not base64!"`)
	for _, text := range []string{`"<b>&amp;</b>"`, `"</script>"`, `"=cmd()"`, "\"\u2028\u2029\"", `"'\" or 1=1"`} {
		add("markup in text", text, text)
	}
	add("markup in text", `"\u003cb\u003e\/"`, `"<b>/"`)
	return rows
}

// missingRows are items that lack a required member.
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
		{text: `{"table":"t","id":"427281","data":{},"seen":{}}`, path: "seen.epoch"},
		{text: `{"table":"t","id":"427281","data":{},"seen":{"epoch":"E"}}`, path: "seen.seq"},
	}
	for i := range rows {
		r := &rows[i]
		r.kind, r.name, r.verdict, r.reason = "null, deleted and missing", "no "+r.path, refusedItem, record.ErrMissing
	}
	return rows
}

// TestGoValuesWithoutJSONAreRefused checks that the functions Of and Edit.Set refuse Go
// values that have no JSON form, and that an edit with such a value yields no mutation.
func TestGoValuesWithoutJSONAreRefused(t *testing.T) {
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
