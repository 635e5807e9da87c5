package record_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// goodBatch contains every feature of the wire format: escapes, kinds, a deletion, a deleted
// record, unknown members, bases, names out of order, and an item without data.
const goodBatch = `[
 {"table":"tasks","id":"t1","data":{
   "title":{"value":"a \"b\" \ud83d\ude00 \u00e9 é😀\n",` + someStamp + `},
   "count":{"updatedAt":"2026-11-22T16:57:17Z","value":-12.50e1,"clientId":"7F3C9A52-1D4E-4B6F-8A09-C2D5E6F71234"},
   "a\u0062c":{` + someStamp + `,"deleted":true},
   "none":{"value":null,` + someStamp + `,"x":[{"y":"\u0000"}]},
   "$deleted":{"value":false,` + someStamp + `}
  },"base":{"title":{` + someStamp + `},"count":null,"other":null}},
 {"v":1,"base":{},"data":{"when":{"value":{"to":2,"from":1,"by":["é",true,false,null,[],{}]},` + someStamp + `}},"id":"t2","table":"tasks"},
 {"table":"tasks","id":"t3","data":{}}
]`

// goodLines are the canonical forms of the items of goodBatch.
var goodLines = []string{
	`{"table":"tasks","id":"t1","data":{"$deleted":{"value":false,` + someStamp + `},"abc":{"deleted":true,` + someStamp + `},` +
		`"count":{"value":-125,"updatedAt":"2026-11-22T16:57:17.000000000Z",` + someClient + `},"none":{"value":null,` + someStamp + `},` +
		`"title":{"value":"a \"b\" 😀 é é😀\n",` + someStamp + `}},"base":{"count":null,"title":{` + someStamp + `}}}`,
	`{"table":"tasks","id":"t2","data":{"when":{"value":{"by":["é",true,false,null,[],{}],"from":1,"to":2},` + someStamp + `}}}`,
	`{"table":"tasks","id":"t3","data":{}}`,
}

// decoded returns the results of a decoder as texts. For a batch these are the items, with
// the error in place of a refused item.
func decoded(d *record.Decoder, shape string, text []byte) []string {
	show := func(canonical []byte, err error) string {
		if err != nil {
			return err.Error()
		}
		return string(canonical)
	}
	switch shape {
	case "value":
		v, err := d.Value(text)
		return []string{show(v.AppendJSON(nil), err)}
	case "record":
		r, err := d.Record(costKey, text)
		return []string{show(r.AppendJSON(nil), err)}
	case "mutation":
		m, err := d.Mutation(text)
		return []string{show(m.AppendJSON(nil), err)}
	}
	items, err := d.Batch(text)
	if err != nil {
		return []string{err.Error()}
	}
	lines := []string{}
	for _, item := range items {
		lines = append(lines, show(item.Mutation.AppendJSON(nil), item.Err))
	}
	return lines
}

func TestBatchIsAnArrayOrLines(t *testing.T) {
	two := []string{goodLines[1], goodLines[2]}
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"array":                          {goodBatch, goodLines},
		"lines":                          {strings.Join(goodLines, "\n"), goodLines},
		"lines, the last with a newline": {strings.Join(goodLines, "\n") + "\n", goodLines},
		"lines that end with CR LF":      {strings.Join(goodLines, "\r\n") + "\r\n", goodLines},
		"blank lines":                    {"\n \n" + strings.Join(two, " \t\n\n\r\n") + "\n\n", two},
		"spaces":                         {"  [ " + strings.Join(two, " , \n") + "\t]\r\n ", two},
		"a mutation over several lines":  {strings.ReplaceAll(goodLines[1], ",", ",\n"), two[:1]},
		"empty array":                    {"[]", []string{}},
		"empty array with a space":       {" [ ] ", []string{}},
		"a refused item":                 {"[" + two[0] + ",null]", []string{two[0], "record: [1]: wrong type (at byte 202)"}},
		"all items are refused":          {"[1]", []string{"record: [0]: wrong type (at byte 1)"}},
		"lines, one of them refused":     {two[0] + "\n 5 \n" + two[1], []string{two[0], "record: [1]: wrong type (at byte 202)", two[1]}},
	} {
		t.Run(name, func(t *testing.T) {
			var d record.Decoder
			require.Equal(t, c.want, decoded(&d, "batch", []byte(c.text)))
		})
	}
	items, err := new(record.Decoder).Batch([]byte("[]"))
	require.NoError(t, err)
	require.NotNil(t, items, "an empty batch must not be nil")
}

// TestItemsKeepTheirOrder has many items whose number the decoder cannot estimate well.
func TestItemsKeepTheirOrder(t *testing.T) {
	var items, want []string
	for i := range 999 {
		item := fmt.Sprintf(`{"table":"t","id":"%d","data":{}}`, i)
		want = append(want, item)
		switch i % 3 {
		case 1:
			item = strings.Replace(item, "table", `\u0074able`, 1)
		case 2:
			item = "5"
			want[i] = fmt.Sprintf("record: [%d]: wrong type (at byte %d)", i, 1+len(strings.Join(items, ","))+1)
		}
		items = append(items, item)
	}
	var d record.Decoder
	require.Equal(t, want, decoded(&d, "batch", []byte("["+strings.Join(items, ",")+"]")))
}

// The caller of Batch needs the key of a refused item to report which record was meant.
func TestRefusedItemKeepsItsKey(t *testing.T) {
	for item, want := range map[string]record.Key{
		`{"table":"tasks","id":"t1","data":5}`:                         {Table: "tasks", ID: "t1"},
		`{"data":{"title":5},"table":"tasks","id":"t1"}`:               {},
		`{"table":"tasks","data":{},"x":1,"x":1,"id":"t1"}`:            {Table: "tasks"},
		`{"id":"t1","table":""}`:                                       {ID: "t1"},
		`{"table":"tasks","id":"t1","data":{},"base":{"title":5}}`:     {Table: "tasks", ID: "t1"},
		`{"table":"tasks","id":"t1","data":{},"base":{},"DATA":{}}`:    {Table: "tasks", ID: "t1"},
		`{"table":"\u0074asks","id":"t\u0031","id":"other","data":{}}`: {Table: "tasks", ID: "t1"},
		`5`: {},
	} {
		items, err := new(record.Decoder).Batch([]byte("[" + item + "]"))
		require.NoError(t, err)
		require.Error(t, items[0].Err)
		require.Equal(t, record.Mutation{Data: record.New(want)}, items[0].Mutation, item)
	}
}

func TestUnknownMembersAreSkipped(t *testing.T) {
	stamped := itemOfValue("1")
	for _, c := range []struct{ name, text, want string }{
		{"in a mutation", `{"x":{"a":[1,2,{"b":null}]},"y":"","":0,` + stamped[1:], stamped},
		{"in a field", itemWith(`"title":{"x":{"value":2},"value":1,"":[],` + someStamp + `,"y":true}`), stamped},
		{"in a base", strings.TrimSuffix(stamped, "}") + `,"base":{"title":{"x":1,` + someStamp + `,"y":{}}}}`,
			strings.TrimSuffix(stamped, "}") + `,"base":{"title":{` + someStamp + `}}}`},
		{"with names from other objects", `{"value":1,"updatedAt":2,"title":3,` + stamped[1:], stamped},
		{"with the same name in nested objects", `{"x":1,` + itemWith(`"title":{"x":1,"value":1,` + someStamp + `}`)[1:], stamped},
		{"with the same name in consecutive objects", strings.TrimSuffix(itemWith(`"title":{"x":1,"value":1,`+someStamp+`}`), "}") + `,"x":1}`, stamped},
	} {
		t.Run(c.name, func(t *testing.T) {
			var d record.Decoder
			require.Equal(t, []string{c.want}, decoded(&d, "mutation", []byte(c.text)))
		})
	}
}

func TestBaseKeepsOnlyWrittenFields(t *testing.T) {
	data := `"data":{"a":` + fieldOf("1") + `,"b":` + fieldOf("2") + `}`
	stamp := clock.Stamp{Time: clock.MustParseTimestamp(goodTime), Client: clock.MustParseClientID(goodClient)}
	for _, c := range []struct {
		base string
		want map[string]clock.Stamp
	}{
		{`{}`, map[string]clock.Stamp{}},
		{`{"a":null}`, map[string]clock.Stamp{"a": {}}},
		{`{"a":{` + someStamp + `}}`, map[string]clock.Stamp{"a": stamp}},
		{`{"b":null,"a":{` + someClient + `,` + someTime + `}}`, map[string]clock.Stamp{"a": stamp, "b": {}}},
		{`{"c":null,"b":null,"":null,"__proto__":{` + someStamp + `}}`, map[string]clock.Stamp{"b": {}}},
		{`{"\u0061":null,"B":null}`, map[string]clock.Stamp{"a": {}}},
		{`{"c":{` + someStamp + `}}`, map[string]clock.Stamp{}},
	} {
		for place, text := range map[string]string{
			"last":  `{"table":"t","id":"i",` + data + `,"base":` + c.base + `}`,
			"first": `{"base":` + c.base + `,"table":"t","id":"i",` + data + `}`,
		} {
			t.Run(place+" "+c.base, func(t *testing.T) {
				// A base is not a value, so the limits on values do not apply to it.
				d := record.Decoder{Limits: record.Limits{Depth: 1, Value: 5}}
				m, err := d.Mutation([]byte(text))
				require.NoError(t, err)
				require.Equal(t, c.want, m.Base)
				require.Equal(t, 2, m.Data.Len())
			})
		}
	}
	m, err := new(record.Decoder).Mutation([]byte(`{"table":"t","id":"i",` + data + `}`))
	require.NoError(t, err)
	require.Nil(t, m.Base, "a mutation without a base must have a nil Base")
}

// Every field of a record of the greatest permitted size may have a base.
func TestEveryFieldMayHaveABase(t *testing.T) {
	fields := manyFields(10_000)
	base := strings.ReplaceAll(fields, `"value":`+private+`,`, "")
	var d record.Decoder
	m, err := d.Mutation([]byte(`{"table":"t","id":"i","data":{` + fields + `},"base":{` + base + `}}`))
	require.NoError(t, err)
	require.Len(t, m.Base, 10_000)
}

// TestErrorsHavePathAndOffset marks the expected offset with a ^ in each input.
func TestErrorsHavePathAndOffset(t *testing.T) {
	item := itemOfValue("1")
	for _, c := range []struct {
		text, path string
		reason     error
	}{
		{`[` + item + `,` + item + `,^`, "[2]", record.ErrTruncated},
		{`[` + item + `,` + item + `,^x]`, "[2]", record.ErrSyntax},
		{`[` + item + ` ^` + item + `]`, "", record.ErrSyntax},
		{`[` + item + `] ^]`, "", record.ErrSyntax},
		{item + "\n" + item + ` ^x`, "", record.ErrSyntax},
		{`[` + item + `,^5]`, "[1]", record.ErrType},
		{`[{"table":^5}]`, "[0].table", record.ErrType},
		{`[{"table":^""}]`, "[0].table", record.ErrName},
		{`[{"id":"a^` + "\xff" + `"}]`, "[0].id", record.ErrUTF8},
		{`[{"id":"a^\ud800"}]`, "[0].id", record.ErrUTF8},
		{`[{"x":1, "x":^1}]`, "[0].x", record.ErrDuplicate},
		{`[{"DATA":^{}}]`, "[0].DATA", record.ErrName},
		{`[{"a":1}^,` + item + `]`, "[0].table", record.ErrMissing},
		{`[` + itemWith(`"":^`+fieldOf("1")) + `]`, `[0].data.""`, record.ErrName},
		{`[` + itemWith(`"a.b":{"value":[1,^1e400]}`) + `]`, `[0].data."a.b".value`, record.ErrNumber},
		{`[` + itemWith(`"tags/e-1_$":{"value":[1,"^\ud800"]}`) + `]`, "[0].data.tags/e-1_$.value", record.ErrUTF8},
		{`[` + itemWith(`"title":{"value":1}^`) + `]`, "[0].data.title.updatedAt", record.ErrMissing},
		{`[` + itemWith(`"title":{`+someStamp+`}^`) + `]`, "[0].data.title", record.ErrValueForm},
		{`[` + itemWith(`"title":{"deleted":^false}`) + `]`, "[0].data.title.deleted", record.ErrValueForm},
		{`[` + itemWith(`"title":{"updatedAt": ^"2026"}`) + `]`, "[0].data.title.updatedAt", record.ErrStamp},
		{`[` + itemWith(`"title":{"updatedAt": ^1}`) + `]`, "[0].data.title.updatedAt", record.ErrType},
		{`[` + itemWith(`"title":{"clientId": ^"x"}`) + `]`, "[0].data.title.clientId", record.ErrClient},
		{`[` + itemWith(`"$deleted":{"value":1,`+someStamp+`}^`) + `]`, "[0].data.$deleted", record.ErrType},
		{`[{"base":{"title":{"updatedAt":^1}},"table":"t","id":"i","data":{"title":` + fieldOf("1") + `}}]`, "[0].base.title.updatedAt", record.ErrType},
		{`[{"base":{"other":^5},"table":"t","id":"i","data":{}}]`, "[0].base.other", record.ErrType},
		{`[{"base":{"a":null,"\u0061":null}^,"table":"t","id":"i","data":{}}]`, "[0].base", record.ErrDuplicate},
		{"[" + strings.Repeat(item+",", 12) + `^5]`, "[12]", record.ErrType},
		{`[` + itemWith(`"é\n":^5`) + `]`, `[0].data."\u00e9\n"`, record.ErrType},
		{`[` + itemWith(`"`+strings.Repeat("x", 65)+`":^5`) + `]`, `[0].data.` + strings.Repeat("x", 64) + `…`, record.ErrType},
	} {
		t.Run(c.path+" "+c.reason.Error(), func(t *testing.T) {
			text := strings.Replace(c.text, "^", "", 1)
			items, err := new(record.Decoder).Batch([]byte(text))
			for _, item := range items {
				err = errors.Join(err, item.Err)
			}
			require.ErrorIs(t, err, c.reason)
			var e *record.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, c.path, e.Path)
			require.Equal(t, strings.Index(c.text, "^"), e.Offset)
		})
	}
}

// The path of an error outside a batch has no index, and the path of an error in a single
// value has no field name.
func TestErrorsOutsideABatchHaveNoIndex(t *testing.T) {
	var d record.Decoder
	for _, c := range []struct{ shape, text, want string }{
		{"value", `[1,"a` + "\xff" + `"]`, "record: invalid UTF-8 (at byte 5)"},
		{"value", `{"a":1,"a":2}`, "record: duplicate name (at byte 13)"},
		{"value", "", "record: invalid JSON: input ends too early (at byte 0)"},
		{"value", "\ufeff1", "record: invalid JSON: byte order mark (at byte 0)"},
		{"value", "1 2", "record: invalid JSON: data after the value (at byte 2)"},
		{"record", `{"a":{"updatedAt":1}}`, "record: a.updatedAt: wrong type: a number loses digits in JavaScript; send a string (at byte 18)"},
		{"record", `{} {}`, "record: invalid JSON: data after the value (at byte 3)"},
		{"record", "\ufeff{}", "record: invalid JSON: byte order mark (at byte 0)"},
		{"record", `{"b":` + fieldOf("1") + `,"a":` + fieldOf("1") + `,"b":` + fieldOf("1") + `}`, "record: b: duplicate name (at byte 334)"},
		{"mutation", goodLines[2] + "x", "record: invalid JSON: data after the value (at byte 37)"},
		{"mutation", `[]`, "record: wrong type (at byte 0)"},
		{"mutation", `{"id":""}`, "record: id: invalid name: must not be empty (at byte 6)"},
	} {
		require.Equal(t, []string{c.want}, decoded(&d, c.shape, []byte(c.text)), c.text)
	}
	var e *record.Error
	require.ErrorAs(t, new(record.FieldValue).UnmarshalJSON([]byte(`{"value":1,"clientId":""}`)), &e)
	require.Equal(t, "clientId", e.Path)
}
