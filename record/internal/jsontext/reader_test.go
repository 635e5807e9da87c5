package jsontext_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/record/internal/jsontext"
)

// everything is a text that uses all features of JSON.
const everything = `{"a":[1.5e3,"\ud83d\ude00é😀\\\u0041"],"\u0062":{"c":true,"d":false,"e":null,"f":{}},"g":[ ]}`

// TestTruncatedTextIsNeverAccepted cuts a text at every byte, and checks that Value, Drop and
// Skip return ErrTruncated at its end.
func TestTruncatedTextIsNeverAccepted(t *testing.T) {
	for name, read := range map[string]func(*jsontext.Reader) error{
		"Value": (*jsontext.Reader).Value, "Drop": (*jsontext.Reader).Drop, "Skip": (*jsontext.Reader).Skip,
	} {
		for _, text := range []string{everything, "[" + everything + "]", `"\ud83d\ude00é😀\n"`, `true`, `false`, `null`, `-1`, `[1.0`, `[1e-1`} {
			for i := range len(text) {
				var r jsontext.Reader
				r.Reset([]byte(text[:i]), standard)
				err := read(&r)
				require.ErrorIs(t, err, jsontext.ErrTruncated, "%s of %s", name, text[:i])
				require.ErrorIs(t, err, jsontext.ErrSyntax)
				require.Equal(t, i, r.Pos)
			}
		}
	}
}

// TestRefusalsHaveReasonAndPosition marks with a ^ the byte where each text is refused.
func TestRefusalsHaveReasonAndPosition(t *testing.T) {
	for _, c := range []struct {
		text, want string
		reason     error
	}{
		{"^", "invalid JSON: input ends too early", jsontext.ErrTruncated},
		{"^\ufeff1", "invalid JSON: byte order mark", jsontext.ErrSyntax},
		{"1 ^2", "invalid JSON: data after the value", jsontext.ErrSyntax},
		{"^x", "invalid JSON: expected a value", jsontext.ErrSyntax},
		{"[1,^]", "invalid JSON: expected a value", jsontext.ErrSyntax},
		{"[^nil]", "invalid JSON: expected a value", jsontext.ErrSyntax},
		{"[1^;2]", "invalid JSON: expected , or ]", jsontext.ErrSyntax},
		{`{"a":1^;}`, "invalid JSON: expected , or }", jsontext.ErrSyntax},
		{`{^a:1}`, "invalid JSON: expected a name", jsontext.ErrSyntax},
		{`{"a"^;1}`, "invalid JSON: expected :", jsontext.ErrSyntax},
		{`"^\x"`, "invalid JSON: invalid escape", jsontext.ErrSyntax},
		{`"^\u00g0"`, "invalid JSON: invalid escape", jsontext.ErrSyntax},
		{"\"a^\n\"", "invalid JSON: control character in a string; escape it", jsontext.ErrSyntax},
		{"-^x", "invalid JSON: expected a digit", jsontext.ErrSyntax},
		{"1.^e", "invalid JSON: expected a digit", jsontext.ErrSyntax},
		{"1e+^ ", "invalid JSON: expected a digit", jsontext.ErrSyntax},
		{"\"ab^\xff\"", "invalid UTF-8", jsontext.ErrUTF8},
		{`["^\ud800"]`, "invalid UTF-8: lone surrogate", jsontext.ErrUTF8},
		{`["^\ud800\n"]`, "invalid UTF-8: lone surrogate", jsontext.ErrUTF8},
		{`["\ud800^\x"]`, "invalid JSON: invalid escape", jsontext.ErrSyntax},
		{`[1,^1e400]`, "number out of range", jsontext.ErrNumber},
		{`{"a":1,"b":{},"a":2^}`, "duplicate name", jsontext.ErrDuplicate},
	} {
		at := strings.Index(c.text, "^")
		var r jsontext.Reader
		r.Reset([]byte(strings.Replace(c.text, "^", "", 1)), standard)
		err := r.Value()
		if err == nil {
			err = r.End()
		}
		require.ErrorIs(t, err, c.reason, c.text)
		require.EqualError(t, err, c.want)
		if c.reason != jsontext.ErrDuplicate {
			require.Equal(t, at, r.Pos, c.text)
		}
	}
}

// TestLimitsAcceptTheirBoundAndRefuseOneMore covers the depth of a value and the size of its
// canonical text, for Value and Drop.
func TestLimitsAcceptTheirBoundAndRefuseOneMore(t *testing.T) {
	for _, c := range []struct {
		text        string
		depth, size int
	}{
		{"[[[1]]]", 3, 7},
		{`{"a":[{}]}`, 3, 10},
		{"[ 1, 22 ,333]", 1, 10},
		{`"\u0041bc"`, 0, 5},
		{"1000", 0, 4},
		{"null", 0, 4},
		{`[ {"a": [0, 1, 2]} ]`, 3, 15},
	} {
		for _, read := range []func(*jsontext.Reader) error{(*jsontext.Reader).Value, (*jsontext.Reader).Drop} {
			under := func(depth, size int) error {
				var r jsontext.Reader
				r.Reset([]byte(c.text), jsontext.Limits{Depth: depth, Size: size})
				return read(&r)
			}
			require.NoError(t, under(c.depth, c.size), c.text)
			require.Equal(t, &jsontext.LimitError{What: "value", Limit: c.size - 1}, under(c.depth, c.size-1), c.text)
			if c.depth > 0 {
				require.Equal(t, &jsontext.LimitError{What: "depth", Limit: c.depth - 1}, under(c.depth-1, c.size), c.text)
			}
		}
	}
	require.EqualError(t, &jsontext.LimitError{What: "depth", Limit: 3}, "depth: limit exceeded: at most 3")
}

// The size of an array is compared with the limit while the array is being read.
func TestLongArrayIsRefusedWhileItIsRead(t *testing.T) {
	for _, open := range []string{"[", `{"a":1,"b":[`} {
		var r jsontext.Reader
		r.Reset([]byte(open+strings.Repeat("1,", 1000)), jsontext.Limits{Depth: 2, Size: 100})
		require.Equal(t, &jsontext.LimitError{What: "value", Limit: 100}, r.Value())
		require.Less(t, r.Pos, 130)
	}
}

// TestTextsAreAppendedToOut also checks that dropped texts leave nothing and that the caller
// may truncate Out.
func TestTextsAreAppendedToOut(t *testing.T) {
	var r jsontext.Reader
	r.Reset([]byte(` 1.0 {"b":1,"a":[1e999]} [1e999,"x"] "\u0061" nullx`), standard)
	require.NoError(t, r.Value())
	require.Equal(t, "1", string(r.Out))
	require.ErrorIs(t, r.Value(), jsontext.ErrNumber, "the numbers of kept values must be checked")
	r.Out, r.Pos = r.Out[:1], 4
	require.NoError(t, r.Drop())
	require.NoError(t, r.Drop())
	require.Equal(t, "1", string(r.Out))
	require.NoError(t, r.Value())
	require.Equal(t, `1"a"`, string(r.Out))
	require.Equal(t, byte('n'), r.Peek())
	require.NoError(t, r.Literal("null"))
	require.Equal(t, "x", string(r.Rest()))
	require.False(t, r.Accept('y'))
	require.True(t, r.Accept('x'))
	require.False(t, r.Accept(0), "the end of the input must not count as a zero byte")
	require.Zero(t, r.Peek())
	require.NoError(t, r.End())
	r.Clear()
	require.Empty(t, r.Out)

	r.Reset([]byte(`[1,{"a":1,"a":2}]`), standard)
	require.ErrorIs(t, r.Drop(), jsontext.ErrDuplicate, "a dropped value must be checked")
	require.Empty(t, r.Out)
	r.Reset([]byte(`1e999`), standard)
	require.ErrorIs(t, r.Value(), jsontext.ErrNumber, "Drop must affect only its own value")
}

// TestNamesAreReadInAnySpelling also checks that AcceptName accepts only the canonical
// spelling.
func TestNamesAreReadInAnySpelling(t *testing.T) {
	for text, want := range map[string]string{`"ab":1`: "ab", ` "ab":1`: "ab", `"ab" :1`: "", `"a\u0062":1`: "", `"abc":1`: "", `"ab"`: "", `"ab`: "", `"a":1`: "", `ab:1`: "", ``: ""} {
		var r jsontext.Reader
		r.Reset([]byte(text), standard)
		name, ok := r.AcceptName("ab")
		require.Equal(t, want != "", ok, text)
		require.Equal(t, want, string(name))
		if ok {
			require.Equal(t, "1", string(r.Rest()))
			continue
		}
		name, err := r.Name()
		switch text {
		case `"ab" :1`, `"a\u0062":1`:
			require.NoError(t, err)
			require.Equal(t, "ab", string(name))
		case `"abc":1`, `"a":1`:
			require.NoError(t, err)
		default:
			require.ErrorIs(t, err, jsontext.ErrSyntax, text)
		}
	}
}

// TestQuotedNeedsTheExactLength also checks that Quoted consumes nothing.
func TestQuotedNeedsTheExactLength(t *testing.T) {
	for text, want := range map[string]string{`"ab"`: "ab", `"ab",`: "ab", `"abc"`: "", `"ab`: "", `"a"`: "", `"`: ""} {
		var r jsontext.Reader
		r.Reset([]byte(text), standard)
		got, ok := r.Quoted(2)
		require.Equal(t, want != "", ok, text)
		require.Equal(t, want, string(got))
		require.Zero(t, r.Pos)
	}
}

// TestExpectDistinguishesTypeFromSyntax checks that a value of another type is ErrType and
// any other text is ErrSyntax.
func TestExpectDistinguishesTypeFromSyntax(t *testing.T) {
	for text, want := range map[string]error{
		`{`: nil, ` {`: nil, `[`: jsontext.ErrType, `"`: jsontext.ErrType, `t`: jsontext.ErrType, `f`: jsontext.ErrType, `n`: jsontext.ErrType,
		`-`: jsontext.ErrType, `0`: jsontext.ErrType, `9`: jsontext.ErrType, `/`: jsontext.ErrSyntax, `:`: jsontext.ErrSyntax, `]`: jsontext.ErrSyntax, `x`: jsontext.ErrSyntax, ``: jsontext.ErrTruncated,
	} {
		var r jsontext.Reader
		r.Reset([]byte(text), standard)
		require.ErrorIs(t, r.Expect('{'), want, text)
		require.Equal(t, len(text)-len(strings.TrimLeft(text, " ")), r.Pos)
	}
}

// TestReusedReaderReadsLikeANewOne checks a Reader that has read any text before, whatever
// memory it keeps.
func TestReusedReaderReadsLikeANewOne(t *testing.T) {
	var used jsontext.Reader
	long := `["` + strings.Repeat("x", 2<<20) + `"]`
	for _, before := range append(texts, long, `{"b":1,"a":`+everything+`,"\u0063":2}`) {
		used.Reset([]byte(before), jsontext.Limits{Depth: 32, Size: 1 << 30})
		if used.Value() != nil {
			used.Skip()
		}
		for _, text := range []string{everything, `{"z":` + everything + `,"y":[` + everything + `]}`, `[1,"\n"]`} {
			want, err := canonical(text)
			require.NoError(t, err)
			used.Reset([]byte(text), standard)
			require.NoError(t, used.Value())
			require.Equal(t, want, string(used.Out))
		}
	}
}
