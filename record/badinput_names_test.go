package record_test

import (
	"strconv"

	"github.com/fieldlww/fieldlww/record"
)

// nameRows are rows 14 to 35: members, duplicates and names.
func nameRows() []badInput {
	var rows []badInput
	refuse := func(row int, reason error, path, item string) {
		rows = append(rows, badInput{row: row, name: shown(item) + " at " + path, verdict: refusedItem, text: item, reason: reason, path: path})
	}
	accept := func(row int, name, item, want string) {
		rows = append(rows, badInput{row: row, name: name, verdict: accepted, text: item, want: want})
	}
	plain := itemOfValue("1")

	// There is no version on the wire: a member of that name is one like any
	// other that is not known.
	for _, version := range []string{"2", "-1", `"1"`, "1.0", "1e0", "null", "{}"} {
		accept(14, version, `{"version":`+version+`,`+plain[1:], plain)
		accept(15, version, `{"v":`+version+`,"future":[`+version+`],"Version":0,`+plain[1:], plain)
	}
	accept(15, "with the names of others in it", `{"future":{"table":1,"Data":{"title":2}},`+plain[1:], plain)
	accept(15, "in a field", itemWith(`"title":{"v":2,"value":1,"stamp":5,`+someStamp+`,"z":[{}]}`), plain)
	accept(16, "no fields", itemWith(""), "")

	// Duplicates of what is known, of what is not, of fields, by escapes, and in
	// values and bases.
	key := `"table":"t","id":"427281",`
	refuse(17, record.ErrDuplicate, "table", `{`+key+`"data":{},"table":"t"}`)
	refuse(17, record.ErrDuplicate, "id", `{`+key+`"id":"427281","data":{}}`)
	refuse(17, record.ErrDuplicate, "data", `{`+key+`"data":{},"data":{}}`)
	refuse(17, record.ErrDuplicate, "base", `{`+key+`"data":{},"base":{},"base":{}}`)
	refuse(17, record.ErrDuplicate, "x", `{"x":1,`+key+`"y":1,"x":1,"data":{}}`)
	refuse(17, record.ErrDuplicate, "data.title.value", itemWith(`"title":{"value":1,"value":427281,`+someStamp+`}`))
	refuse(17, record.ErrDuplicate, "data.title.updatedAt", itemWith(`"title":{"value":427281,`+someTime+`,`+someStamp+`}`))
	refuse(17, record.ErrDuplicate, "data.title.clientId", itemWith(`"title":{"value":427281,`+someStamp+`,`+someClient+`}`))
	refuse(17, record.ErrDuplicate, "data.title.deleted", itemWith(`"title":{"x":427281,"deleted":true,"deleted":true,`+someStamp+`}`))
	refuse(17, record.ErrDuplicate, "data.title.x", itemWith(`"title":{"value":427281,"x":1,`+someStamp+`,"x":1}`))
	refuse(17, record.ErrDuplicate, "data.title", itemWith(`"title":`+fieldOf("427281")+`,"title":`+fieldOf("427281")))
	refuse(17, record.ErrDuplicate, "data.b", itemWith(`"c":`+fieldOf("427281")+`,"b":`+fieldOf("427281")+`,"a":`+fieldOf("1")+`,"b":`+fieldOf("1")))
	refuse(18, record.ErrDuplicate, "table", `{`+key+`"data":{},"\u0074able":"t"}`)
	refuse(18, record.ErrDuplicate, "data.title", itemWith(`"title":`+fieldOf("427281")+`,"\u0074itle":`+fieldOf("1")))
	refuse(18, record.ErrDuplicate, `data."\U0001f600"`, itemWith(`"😀":`+fieldOf("427281")+`,"\ud83d\uDE00":`+fieldOf("1")))
	refuse(18, record.ErrDuplicate, `data."a\"b"`, itemWith(`"a\"b":`+fieldOf("427281")+`,"a\u0022b":`+fieldOf("1")))
	refuse(18, record.ErrDuplicate, "data.title.x", itemWith(`"title":{"value":427281,"x":1,`+someStamp+`,"\u0078":1}`))
	for _, value := range []string{
		`{"x":1,"x":427281}`, `{"x":427281,"\u0078":1}`, `{"b":1,"a":427281,"b":1}`, `{"b":1,"\u0061":427281,"c":0,"a":1}`, `{"":1,"":427281}`,
		`[[{"a":{"x":1,"y":427281,"x":1}}]]`, `{"\n":427281,"\u000a":1}`, `{"\"":427281,"z":0,"\u0022":1}`, `{"é":427281,"\u00e9":1}`, `{"a\/b":427281,"a/b":1}`,
	} {
		refuse(19, record.ErrDuplicate, "data.title.value", itemOfValue(value))
		refuse(19, record.ErrDuplicate, "x", `{"x":`+value+`,`+plain[1:])
		refuse(19, record.ErrDuplicate, "base", `{"base":{"title":`+value+`},`+plain[1:])
	}
	refuse(19, record.ErrDuplicate, "base", `{`+key+`"data":{},"base":{"title":null,"title":null}}`)
	refuse(19, record.ErrDuplicate, "base", `{`+key+`"data":{},"base":{"b":null,"title":null,"a":null,"\u0074itle":null}}`)
	refuse(19, record.ErrDuplicate, "base", `{`+key+`"data":{},"base":{"title":{`+someStamp+`,`+someClient+`}}}`)

	for name, known := range map[string]string{
		"Table": "table", "TABLE": "table", "Id": "id", "ID": "id", "iD": "id", "Data": "data", "BASE": "base", `\u0054able`: "Table",
	} {
		path := name
		if name[0] == '\\' {
			path = known
		}
		refuse(20, record.ErrName, path, `{"`+name+`":"427281",`+plain[1:])
	}
	for _, name := range []string{"Value", "VALUE", "updatedat", "UpdatedAt", "clientID", "ClientId", "Deleted"} {
		refuse(20, record.ErrName, "data.title."+name, itemWith(`"title":{"value":427281,`+someStamp+`,"`+name+`":true}`))
	}
	for _, name := range []string{"UpdatedAt", "clientid"} {
		refuse(20, record.ErrName, "base.title."+name, `{"base":{"title":{"`+name+`":427281,`+someStamp+`}},`+plain[1:])
	}
	// The long s folds to s, and there is one in "base". The Kelvin sign folds to
	// k, which no known name has.
	refuse(21, record.ErrName, `"ba\u017fe"`, `{"baſe":"427281",`+plain[1:])
	refuse(21, record.ErrName, `"BA\u017fE"`, `{"BA\u017fE":"427281",`+plain[1:])
	accept(21, "Kelvin sign", `{"\u212aey":{},"K":0,`+plain[1:], plain)

	refuse(29, record.ErrName, "table", `{"table":"","id":"i","data":{"title":`+fieldOf("427281")+`}}`)
	refuse(29, record.ErrName, "id", `{"table":"t","id":"","data":{"title":`+fieldOf("427281")+`}}`)
	refuse(29, record.ErrName, `data.""`, itemWith(`"":`+fieldOf("427281")))
	refuse(32, record.ErrName, "data.__proto__", itemWith(`"__proto__":`+fieldOf("427281")))
	refuse(32, record.ErrName, "data.__proto__", itemWith(`"__pr\u006fto__":`+fieldOf("427281")))
	refuse(32, record.ErrName, "id", `{"table":"t","id":"__proto__","data":{"title":`+fieldOf("427281")+`}}`)
	refuse(32, record.ErrName, "table", `{"table":"__proto__","id":"i","data":{"title":`+fieldOf("427281")+`}}`)

	for row, names := range oddNames() {
		for _, name := range names {
			quoted := canonicalText(name)
			item := `{"table":` + quoted + `,"id":` + quoted + `,"data":{` + quoted + `:` + fieldOf("1") + `}}`
			accept(row, strconv.QuoteToASCII(name), item, item)
		}
	}
	accept(27, "two forms of é", itemWith("\"e\u0301\":"+fieldOf("1")+",\"\u00e9\":"+fieldOf("2")), "")
	accept(32, "in a value", itemOfValue(`{"__proto__":1}`), "")
	accept(35, "names that differ in case", itemWith(`"Title":`+fieldOf("1")+`,"title":`+fieldOf("2")), "")
	return rows
}

// oddNames returns names that are odd and permitted, by row.
func oddNames() map[int][]string {
	return map[int][]string{
		27: {"\u00e9", "e\u0301", "\uac00", "\u1100\u1161"},
		28: {"\u202eabc", "a\u200db", "\u0430dmin", "\ufeff", "\u2028", "\U000e0001", "\u007f", "\ufffd", "\U0010ffff"},
		32: {"constructor", "prototype", "toString", "hasOwnProperty", "__proto", "__proto__ ", "__PROTO__"},
		33: {"a.b", "a/b", "$future", "~1", "../../etc/passwd", "0", "1a", " ", "a b", "'; DROP TABLE t; --", `a"b`, `a\b`, "a\nb", "<script>", "%00", "\u0001"},
		34: {"_v", "stamp", "value", "deleted", "updatedAt", "clientId", "table", "id", "data", "base", "Value"},
	}
}
