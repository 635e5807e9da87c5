package record_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/fieldlww/fieldlww/record"
)

// syntaxRows are texts that are not JSON, or not the JSON of a batch. The intended content
// cannot be determined, so each text is refused as a whole.
func syntaxRows() []badInput {
	var rows []badInput
	add := func(kind string, reason error, path string, texts ...string) {
		for _, text := range texts {
			rows = append(rows, badInput{kind: kind, name: shown(text), text: text, reason: reason, path: path})
		}
	}
	good := goodItem("t1")
	add("empty input", record.ErrTruncated, "", "", " ", "\n", " \t\r\n ")
	add("truncated input", record.ErrTruncated, "[1].data.title.value",
		"["+good+`,{"table":"t","id":"i","data":{"title":{"value":"427281`,
		"["+good+`,{"table":"t","id":"i","data":{"title":{"value":"427281\`,
		"["+good+`,{"table":"t","id":"i","data":{"title":{"value":"427281\u00`,
		"["+good+`,{"table":"t","id":"i","data":{"title":{"value":"427281\ud83d\`,
		"["+good+`,{"table":"t","id":"i","data":{"title":{"value":"427281\ud83d\ude`,
		"["+good+`,{"table":"t","id":"i","data":{"title":{"value":"427281`+"\xf0\x9f\x98",
		good+"\n"+`{"table":"t","id":"i","data":{"title":{"value":tru`,
		good+"\n"+`{"table":"t","id":"i","data":{"title":{"value":-`,
		good+"\n"+`{"table":"t","id":"i","data":{"title":{"value":[1`)
	// A number at the end of the input may be complete, so the path of the error ends at the
	// enclosing object.
	add("truncated input", record.ErrTruncated, "[1].data.title", "["+good+`,{"table":"t","id":"i","data":{"title":{"value":427281`)
	add("data after the batch", record.ErrSyntax, "",
		"["+good+"] x", "["+good+"]"+"["+good+"]", "["+good+"]]", "["+good+"],", "["+good+"]\x00",
		"[]null", "[] {}", good+" "+good, good+good, good+",", good+"]", good+" ]\n"+good,
		good+"\v\n"+good, good+"\u00a0\n"+good, good+"\u0085\n"+good, good+"\x00")
	add("byte order mark", record.ErrSyntax, "", "\ufeff["+good+"]", "\ufeff"+good, "\ufeff")
	add("null as a batch", record.ErrType, "", "null", " null ")
	add("wrong type", record.ErrType, "", `"`+strings.ReplaceAll(good, `"`, `\"`)+`"`, "1", "true", "false")
	add("broken syntax", record.ErrSyntax, anyPath, "["+good+",]", "[,"+good+"]", "["+good+" "+good+"]", "["+good+";"+good+"]", "["+good+"}")
	add("compressed or UTF-16 input", record.ErrSyntax, anyPath, zipped(good), wide(binary.LittleEndian, good), wide(binary.BigEndian, good),
		wide(binary.LittleEndian, "\ufeff["+good+"]"), wide(binary.BigEndian, "\ufeff["+good+"]"))
	words := []string{"NaN", "Infinity", "-Infinity", "+Infinity", "undefined", "nan", "inf"}
	return slices.Concat(rows, brokenRows("broken syntax", brokenValues()), brokenRows("NaN and infinity as words", words), wrongTypes())
}

// brokenRows puts broken values into items that are parsed, and into items that are only
// skipped because they are refused already.
func brokenRows(kind string, values []string) (rows []badInput) {
	good := goodItem("t1")
	for _, value := range values {
		for _, item := range []string{
			itemOfValue(value),
			`{"table":"t","id":"i","data":{},"x":` + value + `}`,
			`{"table":"","id":"i","data":{},"x":` + value + `}`,
			`{"table":"","x":[{"y":[` + value + `]}]}`,
		} {
			b := badInput{kind: kind, name: value, reason: record.ErrSyntax, path: anyPath}
			for form, text := range batches(good, item, good) {
				b.text, b.name = string(text), shown(item)+" "+form
				rows = append(rows, b)
			}
		}
	}
	return rows
}

// wrongTypes are JSON values of an unexpected type.
func wrongTypes() []badInput {
	rows := []badInput{
		{text: `["427281"]`},
		{text: `[]`, secret: "[]"},
		{text: `null`, secret: "null"},
		{text: `true`, secret: "true"},
		{text: `"427281"`},
		{text: `-427281.0`},
		{text: `{"table":427281}`, path: "table"},
		{text: `{"table":null,"id":"427281"}`, path: "table"},
		{text: `{"table":"t","id":["427281"]}`, path: "id"},
		{text: `{"table":"t","id":"i","data":["427281"]}`, path: "data"},
		{text: `{"table":"427281","id":"i","data":null}`, path: "data"},
		{text: itemWith(`"title":"427281"`), path: "data.title"},
		{text: itemWith(`"a":` + fieldOf("427281") + `,"title":null`), path: "data.title"},
		{text: itemWith(`"title":{"value":427281,"updatedAt":null,` + someClient + `}`), path: "data.title.updatedAt"},
		{text: itemWith(`"title":{"value":427281,"updatedAt":{},` + someClient + `}`), path: "data.title.updatedAt"},
		{text: itemWith(`"title":{"value":427281,` + someTime + `,"clientId":42}`), path: "data.title.clientId"},
		{text: itemWith(`"title":{"deleted":"427281",` + someStamp + `}`), path: "data.title.deleted", reason: record.ErrValueForm},
		{text: itemWith(`"title":{"deleted":null,"x":427281,` + someStamp + `}`), path: "data.title.deleted", reason: record.ErrValueForm},
		{text: itemWith(`"title":{"deleted":1,"x":427281,` + someStamp + `}`), path: "data.title.deleted", reason: record.ErrValueForm},
		{text: itemWith(`"$deleted":` + fieldOf("427281")), path: "data.$deleted"},
		{text: itemWith(`"$deleted":` + fieldOf(`null,"x":427281`)), path: "data.$deleted"},
		{text: itemWith(`"$deleted":{"x":427281,"deleted":true,` + someStamp + `}`), path: "data.$deleted"},
		{text: `{"table":"t","id":"i","data":{},"base":["427281"]}`, path: "base"},
		{text: `{"table":"t","id":"i","data":{},"new":"427281"}`, path: "new"},
		{text: `{"table":"t","id":"i","data":{},"new":427281}`, path: "new"},
		{text: `{"table":"427281","id":"i","data":{},"base":null}`, path: "base"},
		{text: `{"table":"427281","id":"i","data":{},"seen":null}`, path: "seen"},
		{text: `{"table":"t","id":"i","data":{},"seen":["427281",1]}`, path: "seen"},
		{text: `{"table":"t","id":"i","data":{},"seen":{"epoch":427281,"seq":1}}`, path: "seen.epoch"},
		{text: `{"table":"t","id":"i","data":{},"seen":{"epoch":"E","seq":"427281"}}`, path: "seen.seq"},
		{text: `{"table":"t","id":"i","data":{},"seen":{"epoch":"E","seq":427281.5}}`, path: "seen.seq", reason: record.ErrNumber},
		{text: `{"table":"t","id":"i","data":{},"seen":{"epoch":"E","seq":-427281}}`, path: "seen.seq", reason: record.ErrNumber},
		{text: `{"table":"t","id":"427281","data":{},"seen":{"epoch":"E","seq":9007199254740992}}`, path: "seen.seq", reason: record.ErrNumber},
		{text: `{"table":"t","id":"427281","data":{},"seen":{"epoch":"E","seq":1e400}}`, path: "seen.seq", reason: record.ErrNumber},
		{text: `{"table":"t","id":"i","data":{},"base":{"title":"427281"}}`, path: "base.title"},
		{text: `{"table":"t","id":"i","data":{},"base":{"title":{"updatedAt":427281e0}}}`, path: "base.title.updatedAt"},
	}
	for i := range rows {
		r := &rows[i]
		r.kind, r.verdict, r.name = "wrong type", refusedItem, shown(r.text)
		if r.reason == nil {
			r.reason = record.ErrType
		}
	}
	return rows
}

// shown returns a short name for a text that may be long.
func shown(text string) string {
	if len(text) > 20 {
		text = "…" + text[len(text)-20:]
	}
	return strings.ToValidUTF8(text, "?")
}

func brokenValues() []string {
	return []string{
		`'427281'`, `"427281" // 1`, `/* 1 */ "427281"`, `# 1`, `+1`, `01`, `-01`, `00`, `0x1`, `.5`, `1.`, `1.e5`, `1e`, `1e+`, `--1`, `-`, `- 1`, `1_000`, `1,000,`,
		`[1,]`, `[,1]`, `[1 2]`, `[1}`, `[1`, `{"a":1,}`, `{,}`, `{a:1}`, `{'a':1}`, `{"a" 1}`, `{"a":}`, `{"a"}`, `{1:1}`, `{"a":1]`, `{"a":1 "b":2}`, `{"a":1`,
		`tru`, `True`, `nul`, `TRUE`, `truee`, "\"a\nb\"", "\"\x01\"", "\"\x1f\"", `"\x41"`, `"\u00g0"`, `"\u+123"`, `"\u 123"`, `"\U0001F600"`, `"\'"`, `"\0"`, `"\ud800\u00g0"`,
		`"427281`, `]`, `}`, `,`, `:`, "\x00", "\xff", `\u0031`,
	}
}

func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(text))
	if err = errors.Join(err, w.Close()); err != nil {
		panic(err)
	}
	return b.String()
}

func wide(order binary.AppendByteOrder, text string) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, unit)
	}
	return string(b)
}
