package record_test

import (
	"strconv"

	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/internal/opinion"
)

// rowList collects rows.
type rowList []badInput

func (l *rowList) refuse(row int, reason error, path, item string) {
	*l = append(*l, badInput{row: row, name: shown(item) + " at " + path, verdict: refusedItem, text: item, reason: reason, path: path})
}

func (l *rowList) accept(row int, name, item, want string) {
	*l = append(*l, badInput{row: row, name: name, verdict: accepted, text: item, want: want})
}

// unknownRows are rows 14 to 16: members that are not known.
func unknownRows() []badInput {
	var rows rowList
	plain := itemOfValue("1")

	// There is no version on the wire: a member of that name is one like any
	// other that is not known.
	for _, version := range []string{"2", "-1", `"1"`, "1.0", "1e0", "null", "{}"} {
		rows.accept(14, version, `{"version":`+version+`,`+plain[1:], plain)
		rows.accept(15, version, `{"v":`+version+`,"future":[`+version+`],"Version":0,`+plain[1:], plain)
	}
	rows.accept(15, "with the names of others in it", `{"future":{"table":1,"Data":{"title":2}},`+plain[1:], plain)
	rows.accept(15, "in a field", itemWith(`"title":{"v":2,"value":1,"stamp":5,`+someStamp+`,"z":[{}]}`), plain)
	rows.accept(16, "no fields", itemWith(""), "")
	return rows
}

// duplicateRows are rows 17 to 19.
func duplicateRows() []badInput {
	var rows rowList
	plain := itemOfValue("1")
	// Duplicates of what is known, of what is not, of fields, by escapes, and in
	// values and bases.
	key := `"table":"t","id":"427281",`
	rows.refuse(17, record.ErrDuplicate, "table", `{`+key+`"data":{},"table":"t"}`)
	rows.refuse(17, record.ErrDuplicate, "id", `{`+key+`"id":"427281","data":{}}`)
	rows.refuse(17, record.ErrDuplicate, "data", `{`+key+`"data":{},"data":{}}`)
	rows.refuse(17, record.ErrDuplicate, "base", `{`+key+`"data":{},"base":{},"base":{}}`)
	rows.refuse(17, record.ErrDuplicate, "x", `{"x":1,`+key+`"y":1,"x":1,"data":{}}`)
	rows.refuse(17, record.ErrDuplicate, "data.title.value", itemWith(`"title":{"value":1,"value":427281,`+someStamp+`}`))
	rows.refuse(17, record.ErrDuplicate, "data.title.updatedAt", itemWith(`"title":{"value":427281,`+someTime+`,`+someStamp+`}`))
	rows.refuse(17, record.ErrDuplicate, "data.title.clientId", itemWith(`"title":{"value":427281,`+someStamp+`,`+someClient+`}`))
	rows.refuse(17, record.ErrDuplicate, "data.title.deleted", itemWith(`"title":{"x":427281,"deleted":true,"deleted":true,`+someStamp+`}`))
	rows.refuse(17, record.ErrDuplicate, "data.title.x", itemWith(`"title":{"value":427281,"x":1,`+someStamp+`,"x":1}`))
	rows.refuse(17, record.ErrDuplicate, "data.title", itemWith(`"title":`+fieldOf("427281")+`,"title":`+fieldOf("427281")))
	rows.refuse(17, record.ErrDuplicate, "data.b", itemWith(`"c":`+fieldOf("427281")+`,"b":`+fieldOf("427281")+`,"a":`+fieldOf("1")+`,"b":`+fieldOf("1")))
	rows.refuse(18, record.ErrDuplicate, "table", `{`+key+`"data":{},"\u0074able":"t"}`)
	rows.refuse(18, record.ErrDuplicate, "data.title", itemWith(`"title":`+fieldOf("427281")+`,"\u0074itle":`+fieldOf("1")))
	rows.refuse(18, record.ErrDuplicate, `data."\U0001f600"`, itemWith(`"😀":`+fieldOf("427281")+`,"\ud83d\uDE00":`+fieldOf("1")))
	rows.refuse(18, record.ErrDuplicate, `data."a\"b"`, itemWith(`"a\"b":`+fieldOf("427281")+`,"a\u0022b":`+fieldOf("1")))
	rows.refuse(18, record.ErrDuplicate, "data.title.x", itemWith(`"title":{"value":427281,"x":1,`+someStamp+`,"\u0078":1}`))
	for _, value := range []string{
		`{"x":1,"x":427281}`, `{"x":427281,"\u0078":1}`, `{"b":1,"a":427281,"b":1}`, `{"b":1,"\u0061":427281,"c":0,"a":1}`, `{"":1,"":427281}`,
		`[[{"a":{"x":1,"y":427281,"x":1}}]]`, `{"\n":427281,"\u000a":1}`, `{"\"":427281,"z":0,"\u0022":1}`, `{"é":427281,"\u00e9":1}`, `{"a\/b":427281,"a/b":1}`,
	} {
		rows.refuse(19, record.ErrDuplicate, "data.title.value", itemOfValue(value))
		rows.refuse(19, record.ErrDuplicate, "x", `{"x":`+value+`,`+plain[1:])
		rows.refuse(19, record.ErrDuplicate, "base", `{"base":{"title":`+value+`},`+plain[1:])
	}
	rows.refuse(19, record.ErrDuplicate, "base", `{`+key+`"data":{},"base":{"title":null,"title":null}}`)
	rows.refuse(19, record.ErrDuplicate, "base", `{`+key+`"data":{},"base":{"b":null,"title":null,"a":null,"\u0074itle":null}}`)
	rows.refuse(19, record.ErrDuplicate, "base", `{`+key+`"data":{},"base":{"title":{`+someStamp+`,`+someClient+`}}}`)

	return rows
}

// nameRows are rows 20 and 21, on names that differ in case from known ones, and
// rows 27 to 35, on those that people choose.
func nameRows() []badInput {
	var rows rowList
	plain := itemOfValue("1")
	for name, known := range map[string]string{
		"Table": "table", "TABLE": "table", "Id": "id", "ID": "id", "iD": "id", "Data": "data", "BASE": "base", `\u0054able`: "Table",
	} {
		path := name
		if name[0] == '\\' {
			path = known
		}
		rows.refuse(20, record.ErrName, path, `{"`+name+`":"427281",`+plain[1:])
	}
	for _, name := range []string{"Value", "VALUE", "updatedat", "UpdatedAt", "clientID", "ClientId", "Deleted"} {
		rows.refuse(20, record.ErrName, "data.title."+name, itemWith(`"title":{"value":427281,`+someStamp+`,"`+name+`":true}`))
	}
	for _, name := range []string{"UpdatedAt", "clientid"} {
		rows.refuse(20, record.ErrName, "base.title."+name, `{"base":{"title":{"`+name+`":427281,`+someStamp+`}},`+plain[1:])
	}
	// The long s folds to s, and there is one in "base". The Kelvin sign folds to
	// k, which no known name has.
	rows.refuse(21, record.ErrName, `"ba\u017fe"`, `{"baſe":"427281",`+plain[1:])
	rows.refuse(21, record.ErrName, `"BA\u017fE"`, `{"BA\u017fE":"427281",`+plain[1:])
	rows.accept(21, "Kelvin sign", `{"\u212aey":{},"K":0,`+plain[1:], plain)

	rows.refuse(29, record.ErrName, "table", `{"table":"","id":"i","data":{"title":`+fieldOf("427281")+`}}`)
	rows.refuse(29, record.ErrName, "id", `{"table":"t","id":"","data":{"title":`+fieldOf("427281")+`}}`)
	rows.refuse(29, record.ErrName, `data.""`, itemWith(`"":`+fieldOf("427281")))
	rows.refuse(32, record.ErrName, "data.__proto__", itemWith(`"__proto__":`+fieldOf("427281")))
	rows.refuse(32, record.ErrName, "data.__proto__", itemWith(`"__pr\u006fto__":`+fieldOf("427281")))
	rows.refuse(32, record.ErrName, "id", `{"table":"t","id":"__proto__","data":{"title":`+fieldOf("427281")+`}}`)
	rows.refuse(32, record.ErrName, "table", `{"table":"__proto__","id":"i","data":{"title":`+fieldOf("427281")+`}}`)

	for row, names := range oddNames() {
		for _, name := range names {
			quoted := opinion.Quote(name)
			item := `{"table":` + quoted + `,"id":` + quoted + `,"data":{` + quoted + `:` + fieldOf("1") + `}}`
			rows.accept(row, strconv.QuoteToASCII(name), item, item)
		}
	}
	rows.accept(27, "two forms of é", itemWith("\"e\u0301\":"+fieldOf("1")+",\"\u00e9\":"+fieldOf("2")), "")
	rows.accept(32, "in a value", itemOfValue(`{"__proto__":1}`), "")
	rows.accept(35, "names that differ in case", itemWith(`"Title":`+fieldOf("1")+`,"title":`+fieldOf("2")), "")
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
