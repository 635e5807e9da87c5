package record_test

import (
	"fmt"

	"github.com/fieldlww/fieldlww/record"
)

// textRows are invalid texts: broken UTF-8, lone surrogates and U+0000.
func textRows() []badInput {
	var rows []badInput
	refuse := func(kind, text, path, item string) {
		rows = append(rows, badInput{kind: kind, name: fmt.Sprintf("%+q at %s", text, path), verdict: refusedItem, text: item, reason: record.ErrUTF8, path: path})
	}
	plain := itemOfValue("1")
	invalid := map[string][]string{
		"invalid UTF-8":                         {"a\xff", "\x80", "\xc3", "\xc3(", "\xe2\x82", "\xe2\x82\x28", "\xf0\x9f\x98", "é\xe9"},
		"surrogates":                            {`\ud800`, `\udfff`, `\uDC00`, `\udc00\ud800`, `\ud800\ud800`, `\ud800x`, `\ud800\u0041`, `\ud800\n`, `\ud83d\ud83d\ude00`, `\ud83d\ude00\ude00`},
		"overlong UTF-8 and encoded surrogates": {"\xc0\x80", "\xc1\xbf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf", "\xed\xa0\x80", "\xed\xbf\xbf", "\xed\xa0\xbd\xed\xb8\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xfe", "\xff"},
	}
	for _, kind := range []string{"invalid UTF-8", "surrogates", "overlong UTF-8 and encoded surrogates"} {
		for _, text := range invalid[kind] {
			refuse(kind, text, "data.title.value", itemOfValue(`"427281`+text+`"`))
			refuse(kind, text, "data.title.value", itemOfValue(`[{"a":["427281`+text+` "]}]`))
			refuse(kind, text, "data.title.value", itemOfValue(`{"427281`+text+`":1}`))
			refuse(kind, text, "data.title.clientId", itemWith(`"title":{"clientId":"427281`+text+`"}`))
			refuse(kind, text, "id", `{"table":"t","id":"427281`+text+`","data":{}}`)
			refuse(kind, text, "x", `{"x":"427281`+text+`",`+plain[1:])
			refuse(kind, text, "", `{"427281`+text+`":1,`+plain[1:])
			refuse(kind, text, "data", itemWith(`"427281`+text+`":`+fieldOf("1")))
			refuse(kind, text, "data.title", itemWith(`"title":{"427281`+text+`":1,"value":1,`+someStamp+`}`))
			refuse(kind, text, "base", `{"base":{"427281`+text+`":null},`+plain[1:])
		}
	}
	// These two names would become equal if each invalid byte became U+FFFD.
	for text, is := range map[string]string{"\xff": "\xfe", `\ud800`: `\udfff`} {
		refuse("two names of invalid UTF-8", text, "data", itemWith(`"427281`+text+`":`+fieldOf("1")+`,"427281`+is+`":`+fieldOf("2")))
		refuse("two names of invalid UTF-8", text, "data.title.value", itemOfValue(`{"427281`+text+`":1,"427281`+is+`":2}`))
	}
	nul := []badInput{
		{text: `{"table":"t\u0000","id":"i","data":{"title":` + fieldOf("427281") + `}}`, path: "table"},
		{text: `{"table":"t","id":"\u0000","data":{"title":` + fieldOf("427281") + `}}`, path: "id"},
		{text: itemWith(`"a\u0000b":` + fieldOf("427281")), path: `data."a\x00b"`},
	}
	for _, row := range nul {
		row.kind, row.name, row.verdict, row.reason = "U+0000", "U+0000 at "+row.path, refusedItem, record.ErrName
		rows = append(rows, row)
	}
	return append(rows,
		badInput{kind: "U+0000", name: "U+0000 in a value", verdict: accepted, text: itemOfValue(`"\u0000"`)},
		badInput{kind: "U+0000", name: "U+0000 in a name within a value", verdict: accepted, text: itemOfValue(`{"\u0000":1}`)},
		badInput{kind: "U+0000", name: "U+0000 in an unknown member", verdict: accepted, text: `{"\u0000":1,` + plain[1:], want: plain},
		badInput{kind: "surrogates", name: "a surrogate pair", verdict: accepted, text: itemOfValue(`"\ud83d\uDE00"`), want: itemOfValue(`"😀"`)},
		badInput{kind: "surrogates", name: "code points next to the surrogates", verdict: accepted, text: itemOfValue(`"\ud7ff\uE000\uFFFD\uffff"`), want: itemOfValue("\"\ud7ff\ue000\ufffd\uffff\"")},
	)
}
