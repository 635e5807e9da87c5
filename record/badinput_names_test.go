package record_test

import (
	"strconv"

	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/internal/opinion"
)

// rowList collects rows.
type rowList []badInput

func (l *rowList) refuse(kind string, reason error, path, item string) {
	*l = append(*l, badInput{kind: kind, name: shown(item) + " at " + path, verdict: refusedItem, text: item, reason: reason, path: path})
}

func (l *rowList) accept(kind string, name, item, want string) {
	*l = append(*l, badInput{kind: kind, name: name, verdict: accepted, text: item, want: want})
}

// unknownRows are items with unknown members.
func unknownRows() []badInput {
	var rows rowList
	plain := itemOfValue("1")

	// The wire format has no version: a member of that name is an unknown member like any
	// other.
	for _, version := range []string{"2", "-1", `"1"`, "1.0", "1e0", "null", "{}"} {
		rows.accept("version member", version, `{"version":`+version+`,`+plain[1:], plain)
		rows.accept("unknown members", version, `{"v":`+version+`,"future":[`+version+`],"Version":0,`+plain[1:], plain)
	}
	rows.accept("unknown members", "with known names in its value", `{"future":{"table":1,"Data":{"title":2}},`+plain[1:], plain)
	rows.accept("unknown members", "in a field", itemWith(`"title":{"v":2,"value":1,"stamp":5,`+someStamp+`,"z":[{}]}`), plain)
	rows.accept("mutation without fields", "no fields", itemWith(""), "")
	return rows
}

// duplicateRows are items in which an object has a name twice.
func duplicateRows() []badInput {
	var rows rowList
	plain := itemOfValue("1")
	// The duplicates are known members, unknown members, fields, and members within values and
	// bases. Some are spelled with escapes.
	key := `"table":"t","id":"427281",`
	rows.refuse("duplicate name", record.ErrDuplicate, "table", `{`+key+`"data":{},"table":"t"}`)
	rows.refuse("duplicate name", record.ErrDuplicate, "id", `{`+key+`"id":"427281","data":{}}`)
	rows.refuse("duplicate name", record.ErrDuplicate, "data", `{`+key+`"data":{},"data":{}}`)
	rows.refuse("duplicate name", record.ErrDuplicate, "base", `{`+key+`"data":{},"base":{},"base":{}}`)
	rows.refuse("duplicate name", record.ErrDuplicate, "new", `{`+key+`"data":{},"new":false,"new":false}`)
	rows.refuse("duplicate name", record.ErrDuplicate, "seen", `{`+key+`"data":{},"seen":{"epoch":"E","seq":1},"seen":{"epoch":"E","seq":1}}`)
	rows.refuse("duplicate name", record.ErrDuplicate, "seen.seq", `{`+key+`"data":{},"seen":{"seq":1,"epoch":"E","seq":427281}}`)
	rows.refuse("duplicate name", record.ErrDuplicate, "x", `{"x":1,`+key+`"y":1,"x":1,"data":{}}`)
	rows.refuse("duplicate name", record.ErrDuplicate, "data.title.value", itemWith(`"title":{"value":1,"value":427281,`+someStamp+`}`))
	rows.refuse("duplicate name", record.ErrDuplicate, "data.title.updatedAt", itemWith(`"title":{"value":427281,`+someTime+`,`+someStamp+`}`))
	rows.refuse("duplicate name", record.ErrDuplicate, "data.title.clientId", itemWith(`"title":{"value":427281,`+someStamp+`,`+someClient+`}`))
	rows.refuse("duplicate name", record.ErrDuplicate, "data.title.deleted", itemWith(`"title":{"x":427281,"deleted":true,"deleted":true,`+someStamp+`}`))
	rows.refuse("duplicate name", record.ErrDuplicate, "data.title.x", itemWith(`"title":{"value":427281,"x":1,`+someStamp+`,"x":1}`))
	rows.refuse("duplicate name", record.ErrDuplicate, "data.title", itemWith(`"title":`+fieldOf("427281")+`,"title":`+fieldOf("427281")))
	rows.refuse("duplicate name", record.ErrDuplicate, "data.b", itemWith(`"c":`+fieldOf("427281")+`,"b":`+fieldOf("427281")+`,"a":`+fieldOf("1")+`,"b":`+fieldOf("1")))
	rows.refuse("duplicate name spelled with escapes", record.ErrDuplicate, "table", `{`+key+`"data":{},"\u0074able":"t"}`)
	rows.refuse("duplicate name spelled with escapes", record.ErrDuplicate, "data.title", itemWith(`"title":`+fieldOf("427281")+`,"\u0074itle":`+fieldOf("1")))
	rows.refuse("duplicate name spelled with escapes", record.ErrDuplicate, `data."\U0001f600"`, itemWith(`"😀":`+fieldOf("427281")+`,"\ud83d\uDE00":`+fieldOf("1")))
	rows.refuse("duplicate name spelled with escapes", record.ErrDuplicate, `data."a\"b"`, itemWith(`"a\"b":`+fieldOf("427281")+`,"a\u0022b":`+fieldOf("1")))
	rows.refuse("duplicate name spelled with escapes", record.ErrDuplicate, "data.title.x", itemWith(`"title":{"value":427281,"x":1,`+someStamp+`,"\u0078":1}`))
	for _, value := range []string{
		`{"x":1,"x":427281}`, `{"x":427281,"\u0078":1}`, `{"b":1,"a":427281,"b":1}`, `{"b":1,"\u0061":427281,"c":0,"a":1}`, `{"":1,"":427281}`,
		`[[{"a":{"x":1,"y":427281,"x":1}}]]`, `{"\n":427281,"\u000a":1}`, `{"\"":427281,"z":0,"\u0022":1}`, `{"é":427281,"\u00e9":1}`, `{"a\/b":427281,"a/b":1}`,
	} {
		rows.refuse("duplicate name within a member", record.ErrDuplicate, "data.title.value", itemOfValue(value))
		rows.refuse("duplicate name within a member", record.ErrDuplicate, "x", `{"x":`+value+`,`+plain[1:])
		rows.refuse("duplicate name within a member", record.ErrDuplicate, "base", `{"base":{"title":`+value+`},`+plain[1:])
	}
	rows.refuse("duplicate name within a member", record.ErrDuplicate, "base", `{`+key+`"data":{},"base":{"title":null,"title":null}}`)
	rows.refuse("duplicate name within a member", record.ErrDuplicate, "base", `{`+key+`"data":{},"base":{"b":null,"title":null,"a":null,"\u0074itle":null}}`)
	rows.refuse("duplicate name within a member", record.ErrDuplicate, "base", `{`+key+`"data":{},"base":{"title":{`+someStamp+`,`+someClient+`}}}`)

	return rows
}

// nameRows are names that differ from known ones only in case, and names of fields, tables
// and records that users choose.
func nameRows() []badInput {
	var rows rowList
	plain := itemOfValue("1")
	for name, known := range map[string]string{
		"Table": "table", "TABLE": "table", "Id": "id", "ID": "id", "iD": "id", "Data": "data", "BASE": "base", "New": "new", "SEEN": "seen", `\u0054able`: "Table",
	} {
		path := name
		if name[0] == '\\' {
			path = known
		}
		rows.refuse("known name in another case", record.ErrName, path, `{"`+name+`":"427281",`+plain[1:])
	}
	for _, name := range []string{"Value", "VALUE", "updatedat", "UpdatedAt", "clientID", "ClientId", "Deleted"} {
		rows.refuse("known name in another case", record.ErrName, "data.title."+name, itemWith(`"title":{"value":427281,`+someStamp+`,"`+name+`":true}`))
	}
	for _, name := range []string{"UpdatedAt", "clientid"} {
		rows.refuse("known name in another case", record.ErrName, "base.title."+name, `{"base":{"title":{"`+name+`":427281,`+someStamp+`}},`+plain[1:])
	}
	for _, name := range []string{"Epoch", "SEQ"} {
		rows.refuse("known name in another case", record.ErrName, "seen."+name, `{"seen":{"`+name+`":427281,"epoch":"E","seq":1},`+plain[1:])
	}
	// The long s (ſ) folds to the s in "base". The Kelvin sign folds to k, which no known name
	// contains.
	rows.refuse("known name by Unicode case folding", record.ErrName, `"ba\u017fe"`, `{"baſe":"427281",`+plain[1:])
	rows.refuse("known name by Unicode case folding", record.ErrName, `"BA\u017fE"`, `{"BA\u017fE":"427281",`+plain[1:])
	rows.accept("known name by Unicode case folding", "Kelvin sign", `{"\u212aey":{},"K":0,`+plain[1:], plain)

	rows.refuse("empty name", record.ErrName, "table", `{"table":"","id":"i","data":{"title":`+fieldOf("427281")+`}}`)
	rows.refuse("empty name", record.ErrName, "id", `{"table":"t","id":"","data":{"title":`+fieldOf("427281")+`}}`)
	rows.refuse("empty name", record.ErrName, `data.""`, itemWith(`"":`+fieldOf("427281")))
	rows.refuse("empty name", record.ErrName, "seen.epoch", `{"seen":{"epoch":"","seq":427281},`+plain[1:])
	rows.refuse("JavaScript property names", record.ErrName, "data.__proto__", itemWith(`"__proto__":`+fieldOf("427281")))
	rows.refuse("JavaScript property names", record.ErrName, "data.__proto__", itemWith(`"__pr\u006fto__":`+fieldOf("427281")))
	rows.refuse("JavaScript property names", record.ErrName, "id", `{"table":"t","id":"__proto__","data":{"title":`+fieldOf("427281")+`}}`)
	rows.refuse("JavaScript property names", record.ErrName, "table", `{"table":"__proto__","id":"i","data":{"title":`+fieldOf("427281")+`}}`)

	for kind, names := range oddNames() {
		for _, name := range names {
			quoted := opinion.Quote(name)
			item := `{"table":` + quoted + `,"id":` + quoted + `,"data":{` + quoted + `:` + fieldOf("1") + `}}`
			rows.accept(kind, strconv.QuoteToASCII(name), item, item)
		}
	}
	rows.accept("Unicode normal forms", "both normal forms of é", itemWith("\"e\u0301\":"+fieldOf("1")+",\"\u00e9\":"+fieldOf("2")), "")
	rows.accept("JavaScript property names", "in a value", itemOfValue(`{"__proto__":1}`), "")
	rows.accept("names that differ in case", "names that differ in case", itemWith(`"Title":`+fieldOf("1")+`,"title":`+fieldOf("2")), "")
	return rows
}

// oddNames returns unusual names that are allowed, grouped by kind.
func oddNames() map[string][]string {
	return map[string][]string{
		"Unicode normal forms":                {"\u00e9", "e\u0301", "\uac00", "\u1100\u1161"},
		"invisible and misleading characters": {"\u202eabc", "a\u200db", "\u0430dmin", "\ufeff", "\u2028", "\U000e0001", "\u007f", "\ufffd", "\U0010ffff"},
		"JavaScript property names":           {"constructor", "prototype", "toString", "hasOwnProperty", "__proto", "__proto__ ", "__PROTO__"},
		"punctuation in names":                {"a.b", "a/b", "$future", "~1", "../../etc/passwd", "0", "1a", " ", "a b", "'; DROP TABLE t; --", `a"b`, `a\b`, "a\nb", "<script>", "%00", "\u0001"},
		"wire format names as field names":    {"_v", "stamp", "value", "deleted", "updatedAt", "clientId", "table", "id", "data", "base", "Value"},
	}
}
