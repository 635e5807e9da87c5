package jsontext_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/record/internal/jsontext"
	"github.com/fieldlww/fieldlww/record/internal/opinion"
)

// texts are seeds: all features of JSON in unusual spellings, and many texts that are not
// JSON.
var texts = []string{
	``, ` `, `null`, `true`, `false`, `nul`, `nulL`, `tru`, `truex`, `0`, `-0`, `-`, `01`, `1.`, `.5`, `+1`, `1e`, `1e+`, `1.5E-3`, `1e20`, `5e-324`, `1e999`, `NaN`,
	`""`, `"a`, `"\x"`, `"\u12"`, `"\u12g4"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\ude00\ud83d"`, `"\ud83d\x"`, "\"\x00\"", "\"\xff\"", "\"\xc3\"", "\"é😀\"", `"\"\\\/\b\f\n\r\t"`,
	`[]`, `[ ]`, `[1,]`, `[,1]`, `[1 2]`, `[1,2`, `[[],[[]],{}]`, `{}`, `{ }`, `{"a":1}`, `{"a":1,}`, `{"a" 1}`, `{a:1}`, `{"a":1 "b":2}`, `{"a":1,"a":2}`, `{"a":1,"\u0061":2}`,
	`{"b":{"d":1,"c":[1e2,-0]},"a":"\u0000"}`, `{"\"":1,"#":2,"\n":3}`, "\ufeff1", `1 2`, `]`, `}`, "\v1",
}

// reasons are the possible reasons for a refusal; every refusal has exactly one of them.
var reasons = []error{jsontext.ErrSyntax, jsontext.ErrUTF8, jsontext.ErrDuplicate, jsontext.ErrNumber}

// checkValue compares a Reader with package opinion: both must accept the same texts and
// return the same canonical form.
func checkValue(t require.TestingT, r *jsontext.Reader, text []byte) {
	r.Reset(text, standard)
	err := r.Value()
	if err == nil {
		err = r.End()
	}
	want, syntax, refused := opinion.Of(text)
	if err != nil {
		require.Error(t, refused, "refused %q: %v", text, err)
		checkRefusal(t, r, text, err)
		return
	}
	require.True(t, syntax, "accepted %q, which is not JSON", text)
	require.NoError(t, refused, "accepted %q", text)
	require.Equal(t, want, string(r.Out))
	again, err := canonical(want)
	require.NoError(t, err)
	require.Equal(t, want, again)
}

func checkRefusal(t require.TestingT, r *jsontext.Reader, text []byte, err error) {
	require.GreaterOrEqual(t, r.Pos, 0)
	require.LessOrEqual(t, r.Pos, len(text))
	require.True(t, utf8.ValidString(err.Error()))
	count := 0
	for _, reason := range reasons {
		if errors.Is(err, reason) {
			count++
		}
	}
	if limit := (*jsontext.LimitError)(nil); errors.As(err, &limit) {
		count++
	}
	require.Equal(t, 1, count, "%v", err)
}

func FuzzValue(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text))
	}
	var r jsontext.Reader
	f.Fuzz(func(t *testing.T, text []byte) { checkValue(t, &r, text) })
}

// FuzzSkip checks that Skip accepts the texts that encoding/json accepts, whatever is in
// their strings, and stops where the value ends.
func FuzzSkip(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text))
	}
	var r jsontext.Reader
	f.Fuzz(func(t *testing.T, text []byte) { checkSkip(t, &r, text) })
}

func checkSkip(t require.TestingT, r *jsontext.Reader, text []byte) {
	if strings.Count(string(text), "[")+strings.Count(string(text), "{") >= 10_000 {
		return // encoding/json does not read values this deep
	}
	r.Reset(text, standard)
	err := r.Skip()
	end := r.Pos
	if err == nil {
		err = r.End()
	}
	require.Equal(t, json.Valid(text), err == nil, "%q: %v", text, err)
	if err != nil {
		require.ErrorIs(t, err, jsontext.ErrSyntax)
		checkRefusal(t, r, text, err)
		return
	}
	require.True(t, json.Valid(text[:end]))
	r.Reset(text, standard)
	if r.Value() == nil {
		require.Equal(t, end, r.Pos)
	}
}

// FuzzNumber checks that a literal is read as the nearest number.
func FuzzNumber(f *testing.F) {
	for _, literal := range []string{"0", "-0", "1.5", "9007199254740993", "9223372036854775808", "1e400", "5e-324", "2.4703282292062327e-324", "1.7976931348623159e308", "123456789.25e-7"} {
		f.Add(literal)
	}
	f.Fuzz(func(t *testing.T, literal string) {
		if !json.Valid([]byte(literal)) || strings.Trim(literal, "-+.eE0123456789") != "" || len(literal) > 1000 {
			return
		}
		if _, exponent, _ := strings.Cut(strings.ToLower(literal), "e"); len(exponent) > 4 {
			return // the oracle would run out of memory
		}
		checkNumber(t, literal)
	})
}

// FuzzString checks that a Go string is written in the canonical form, and that every
// spelling of it reads back as the same string.
func FuzzString(f *testing.F) {
	for _, text := range keyOrder {
		f.Add(text)
	}
	f.Add("\xff")
	f.Fuzz(func(t *testing.T, text string) {
		quoted, err := jsontext.AppendString([]byte("+"), text)
		if !utf8.ValidString(text) {
			require.ErrorIs(t, err, jsontext.ErrUTF8)
			return
		}
		require.NoError(t, err)
		require.Equal(t, "+"+opinion.Quote(text), string(quoted))
		require.Equal(t, text, jsontext.Unquote(string(quoted[1:])))
		for _, spelling := range []string{opinion.Quote(text), opinion.EscapeAll(text, "%04x"), opinion.EscapeAll(text, "%04X")} {
			var r jsontext.Reader
			r.Reset([]byte(spelling), standard)
			got, err := r.Text()
			require.NoError(t, err)
			require.Equal(t, text, string(got))
			require.NoError(t, r.End())
		}
	})
}

// genJSON draws texts that are JSON or nearly JSON: unusual spellings, duplicate names,
// broken strings, numbers at the edges, and missing or wrong punctuation.
func genJSON(depth int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		space := rapid.SampledFrom([]string{"", "", "", " ", "\n", "\t\r ", "\v"}).Draw(t, "space")
		kind := rapid.IntRange(0, 9).Draw(t, "kind")
		switch {
		case kind == 0:
			return space + rapid.SampledFrom([]string{"null", "true", "false", "nul", "+1", "NaN", "", "]", "\x00", "\ufeff"}).Draw(t, "word")
		case kind <= 2:
			return space + genLiteral.Draw(t, "number")
		case kind <= 4 || depth == 0:
			return space + genStringText.Draw(t, "string")
		}
		comma := rapid.SampledFrom([]string{",", ",", ",", ",", ",", ",", " ,", ",,", ";", ""}).Draw(t, "comma")
		parts := rapid.SliceOfN(genJSON(depth-1), 0, 4).Draw(t, "parts")
		if kind <= 6 {
			return space + "[" + strings.Join(parts, comma) + space + "]"
		}
		for i := range parts {
			name := rapid.SampledFrom([]string{`""`, `"a"`, `"\u0061"`, `"b"`, `"\""`, `"#"`, `"é"`, `"\n"`, "\"\uffff\"", `"😀"`, `"\ud800"`, `a`}).Draw(t, "name")
			parts[i] = name + space + ":" + parts[i]
		}
		return space + "{" + strings.Join(parts, comma) + "}" + space
	})
}

// TestReaderAgreesWithTheSecondOpinion compares a Reader with package opinion, an independent
// implementation, and Skip with the syntax that encoding/json accepts.
func TestReaderAgreesWithTheSecondOpinion(t *testing.T) {
	var r jsontext.Reader
	for _, text := range texts {
		checkValue(t, &r, []byte(text))
		checkSkip(t, &r, []byte(text))
	}
	for depth := range 5 {
		rapid.Check(t, func(t *rapid.T) {
			text := []byte(genJSON(depth).Draw(t, "text"))
			checkValue(t, &r, text)
			checkSkip(t, &r, text)
		})
	}
}
