package record_test

import (
	"cmp"
	"encoding/json"
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/internal/opinion"
)

func TestAccessorsReturnTheValueByKind(t *testing.T) {
	type num struct {
		i   int64
		ok  bool
		f   float64
		fok bool
	}
	cases := []struct {
		value record.Value
		kind  record.Kind
		json  string
		any   any
		num   num
	}{
		{record.Value{}, record.KindNull, `null`, nil, num{}},
		{record.Bool(true), record.KindBool, `true`, true, num{}},
		{record.Bool(false), record.KindBool, `false`, false, num{}},
		{record.Int(0), record.KindNumber, `0`, int64(0), num{0, true, 0, true}},
		{record.Int(-7), record.KindNumber, `-7`, int64(-7), num{-7, true, -7, true}},
		{record.Int(1<<53 + 1), record.KindNumber, `9007199254740993`, int64(1<<53 + 1), num{1<<53 + 1, true, 1 << 53, true}},
		{record.Int(math.MinInt64), record.KindNumber, `-9223372036854775808`, int64(math.MinInt64), num{math.MinInt64, true, -1 << 63, true}},
		{record.MustOf(0.5), record.KindNumber, `0.5`, 0.5, num{0, false, 0.5, true}},
		{record.MustOf(1e21), record.KindNumber, `1e+21`, 1e21, num{0, false, 1e21, true}},
		{record.MustOf(""), record.KindString, `""`, "", num{}},
		{record.MustOf("7"), record.KindString, `"7"`, "7", num{}},
		{record.MustOf("null"), record.KindString, `"null"`, "null", num{}},
		{record.MustOf("a\"\\\n\x01é"), record.KindString, `"a\"\\\n\u0001é"`, "a\"\\\n\x01é", num{}},
		{record.MustOf([]any{}), record.KindComposite, `[]`, []any{}, num{}},
		{record.MustOf(map[string]any{"b": 1, "a": []any{true}}), record.KindComposite, `{"a":[true],"b":1}`,
			map[string]any{"a": []any{true}, "b": int64(1)}, num{}},
		{record.Deletion(), record.KindDeleted, ``, nil, num{}},
	}
	for _, c := range cases {
		t.Run(c.kind.String()+" "+c.json, func(t *testing.T) {
			require.Equal(t, c.kind, c.value.Kind())
			require.Equal(t, c.json, c.value.JSON())
			require.Equal(t, c.any, c.value.Any())
			require.Equal(t, "+"+c.json, string(c.value.AppendJSON([]byte("+"))))

			b, isBool := c.value.Bool()
			require.Equal(t, c.kind == record.KindBool, isBool)
			require.Equal(t, c.json == "true", b)

			s, isText := c.value.Text()
			require.Equal(t, c.kind == record.KindString, isText)
			if isText {
				require.Equal(t, c.any, s)
			} else {
				require.Empty(t, s)
			}

			i, isInt := c.value.Int()
			f, isFloat := c.value.Float()
			require.Equal(t, c.num, num{i, isInt, f, isFloat})

			text, err := c.value.MarshalJSON()
			if c.kind == record.KindDeleted {
				require.Equal(t, "deleted", c.value.String())
				require.ErrorIs(t, err, record.ErrValueForm)
				return
			}
			require.Equal(t, c.json, c.value.String())
			require.NoError(t, err)
			require.Equal(t, c.json, string(text))
			parsed, err := record.ParseValue(text)
			require.NoError(t, err)
			require.True(t, parsed == c.value)
		})
	}
}

func TestKindsHaveNames(t *testing.T) {
	for kind, want := range map[record.Kind]string{
		record.KindNull: "null", record.KindBool: "bool", record.KindNumber: "number", record.KindString: "string",
		record.KindComposite: "composite", record.KindDeleted: "deleted", 6: "Kind(6)",
	} {
		require.Equal(t, want, kind.String())
	}
}

// Equal values compare equal with ==, however they were made.
func TestEqualValuesCompareEqual(t *testing.T) {
	parse := func(text string) record.Value {
		v, err := record.ParseValue([]byte(text))
		require.NoError(t, err, text)
		return v
	}
	groups := [][]record.Value{
		{{}, record.MustOf(nil), parse(" null "), record.MustOf((*int)(nil))},
		{record.Int(100), record.MustOf(100.0), record.MustOf(uint8(100)), parse("1e2"), parse("100.0"), parse("1000e-1")},
		{record.Int(0), parse("-0"), parse("-0.0"), parse("0e9"), record.MustOf(math.Copysign(0, -1))},
		{record.MustOf("a/é"), parse(`"a\/\u00e9"`), parse(`"\u0061/é"`)},
		{record.MustOf(0.1), parse("0.1"), parse("1e-1"), parse("0.1000000000000000055"), record.MustOf(float32(0.1))},
		{record.MustOf("100")},
		{record.MustOf("")},
		{record.Bool(false)},
		{record.MustOf([]int{})},
		{record.MustOf(map[string]int{})},
		{record.MustOf(map[string]any{"a": 1, "b": 2}), parse(`{"b":2.0,"a":1}`)},
		{record.MustOf([]int{1, 2}), parse("[1, 2]")},
		{record.MustOf([]int{2, 1})},
		{record.Deletion(), record.MustOf(record.Deletion())},
	}
	keys := make(map[record.Value]int)
	for i, group := range groups {
		for _, v := range group {
			if j, ok := keys[v]; ok {
				require.Equal(t, i, j, "%s", v)
			}
			keys[v] = i
		}
	}
	require.Len(t, keys, len(groups))
}

// Values are ordered by the bytes of their canonical text, not by number or by kind. A
// deletion is above every other value.
func TestValuesAreOrderedByCanonicalBytes(t *testing.T) {
	sorted := []string{
		`""`, `"\""`, `"a"`, "\"\U0001F600\"",
		`-1`, `-2`, `0`, `0.5`, `10`, `1e+21`, `2`,
		`[1]`, `[]`, `false`, `null`, `true`, `{"a":1}`, `{}`,
	}
	values := make([]record.Value, len(sorted), len(sorted)+1)
	for i, text := range sorted {
		v, err := record.ParseValue([]byte(text))
		require.NoError(t, err)
		require.Equal(t, text, v.JSON())
		values[i] = v
	}
	values = append(values, record.Deletion())
	for i, v := range values {
		for j, w := range values {
			require.Equal(t, cmp.Compare(i, j), v.Compare(w), "%s, %s", v, w)
		}
	}
}

func TestStringsAreCanonical(t *testing.T) {
	for text, want := range map[string]string{
		"":                     `""`,
		"<b>&'/</b>":           `"<b>&'/</b>"`,
		"\x7f":                 "\"\x7f\"",
		"\u2028\u2029\ufeff":   "\"\u2028\u2029\ufeff\"",
		"\ufffd":               "\"\ufffd\"",
		"e\u0301":              "\"e\u0301\"", // must not be normalised to é
		"\U00010000\U0010ffff": "\"\U00010000\U0010ffff\"",
		"\"\\":                 `"\"\\"`,
		"\b\t\n\f\r":           `"\b\t\n\f\r"`,
		"\x00\x01\x0b\x1f ":    `"\u0000\u0001\u000b\u001f "`,
	} {
		v, err := record.Text(text)
		require.NoError(t, err)
		require.Equal(t, want, v.JSON())
		back, ok := v.Text()
		require.True(t, ok)
		require.Equal(t, text, back)
		require.Equal(t, text, v.Any())

		for _, spelling := range []string{want, opinion.EscapeAll(text, "%04x"), opinion.EscapeAll(text, "%04X")} {
			parsed, err := record.ParseValue([]byte(spelling))
			require.NoError(t, err, spelling)
			require.True(t, v == parsed, spelling)
		}
	}
}

func TestTextRefusesInvalidUTF8(t *testing.T) {
	for _, text := range []string{"\xff", "ok\xc3", "\xed\xa0\x80", "\xc0\x80", "\xf4\x90\x80\x80"} {
		v, err := record.Text(text)
		require.ErrorIs(t, err, record.ErrUTF8)
		require.Equal(t, "record: invalid UTF-8", err.Error())
		require.Zero(t, v)
	}
}

// The texts follow ECMAScript's Number.prototype.toString, except for the integers from 2^53
// to 2^63, which keep all their digits here.
func TestFloatsAreWrittenAsInECMAScript(t *testing.T) {
	for want, f := range map[string]float64{
		"0":                        math.Copysign(0, -1),
		"1":                        1,
		"-1.5":                     -1.5,
		"0.1":                      0.1,
		"0.30000000000000004":      0x1.3333333333334p-2,
		"0.000001":                 1e-6,
		"1e-7":                     1e-7,
		"1.5e-7":                   1.5e-7,
		"1.23e-18":                 123e-20,
		"5e-324":                   math.SmallestNonzeroFloat64,
		"-2.2250738585072014e-308": -0x1p-1022,
		"4.35":                     4.35,
		"333333333.3333333":        333333333.33333329,
		"9007199254740992":         1 << 53,
		"100000000000000000":       1e17,
		"-9223372036854775808":     -1 << 63,
		"9223372036854774784":      1<<63 - 1024,
		"9223372036854776000":      1 << 63, // too large for an int64
		"-9223372036854778000":     -1<<63 - 2048,
		"123456789012345680000":    123456789012345680000,
		"999999999999999900000":    999999999999999868928,
		"1e+21":                    1e21,
		"-1.5e+300":                -1.5e300,
		"1.7976931348623157e+308":  math.MaxFloat64,
	} {
		v, err := record.Float(f)
		require.NoError(t, err)
		require.Equal(t, want, v.JSON())
		back, ok := v.Float()
		require.True(t, ok)
		require.Equal(t, f+0, back)
		parsed, err := record.ParseValue([]byte(strconv.FormatFloat(f, 'e', 25, 64)))
		require.NoError(t, err)
		require.Equal(t, want, parsed.JSON())
	}
	for _, f := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		v, err := record.Float(f)
		require.ErrorIs(t, err, record.ErrNumber)
		require.Equal(t, "record: number out of range", err.Error())
		require.Zero(t, v)
	}
}

func TestAnyIsExactAndFresh(t *testing.T) {
	v, err := record.ParseValue([]byte(`{"n":[9007199254740993,1e2,0.5,-9223372036854775808,9223372036854775808],"s":"\u2028"}`))
	require.NoError(t, err)
	want := map[string]any{
		"n": []any{int64(9007199254740993), int64(100), 0.5, int64(math.MinInt64), 9223372036854775808.0},
		"s": "\u2028",
	}
	got := v.Any()
	require.Equal(t, want, got)
	got.(map[string]any)["n"].([]any)[0] = "changed"
	require.Equal(t, want, v.Any())

	again, err := record.Of(v.Any())
	require.NoError(t, err)
	require.True(t, v == again)
}

func TestDecodeStoresInGoValues(t *testing.T) {
	var i int64
	require.NoError(t, record.Int(1<<53+1).Decode(&i))
	require.Equal(t, int64(1<<53+1), i)
	var s struct {
		A []uint64 `json:"a"`
	}
	require.NoError(t, record.MustOf(map[string]any{"a": []int64{math.MaxInt64}}).Decode(&s))
	require.Equal(t, []uint64{math.MaxInt64}, s.A)
	var when time.Time
	require.NoError(t, record.MustOf("2026-11-22T16:00:00Z").Decode(&when))
	require.Equal(t, 16, when.Hour())
	p := &i
	require.NoError(t, record.Value{}.Decode(&p))
	require.Nil(t, p)
}

func TestDecodeErrorsDoNotRevealTheValue(t *testing.T) {
	const secret = "73641"
	for _, c := range []struct {
		value record.Value
		dst   any
		text  string
	}{
		{record.MustOf(73641), new(int8), "record: wrong type: cannot be read into int8"},
		{record.MustOf(73641.5), new(int), "record: wrong type: cannot be read into int"},
		{record.MustOf(-73641), new(uint), "record: wrong type: cannot be read into uint"},
		{record.MustOf("73641"), new(int), "record: wrong type: cannot be read into int"},
		{record.MustOf([]int{73641}), new(string), "record: wrong type: cannot be read into string"},
		{record.MustOf("73641-01-01"), new(time.Time), "record: wrong type"},
		{record.Deletion(), new(any), "record: wrong type"},
		{record.MustOf(73641), nil, "record: wrong type"},
	} {
		err := c.value.Decode(c.dst)
		require.ErrorIs(t, err, record.ErrType)
		require.Equal(t, c.text, err.Error())
		require.NotContains(t, err.Error(), secret)
	}
}

func TestValueUnmarshalJSONIsStrict(t *testing.T) {
	v := record.Int(1)
	require.ErrorIs(t, v.UnmarshalJSON([]byte(`{"a":1,"a":2}`)), record.ErrDuplicate)
	require.True(t, v == record.Int(1), "a refused text must not change the value")
	var holder struct{ V record.Value }
	require.NoError(t, json.Unmarshal([]byte(`{"V":{"b":1.0,"a":null}}`), &holder))
	require.Equal(t, `{"a":null,"b":1}`, holder.V.JSON())
}
