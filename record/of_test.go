package record_test

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

type (
	named  int8
	word   string
	yes    bool
	level  uint8 // marshals itself
	letter uint8 // does not marshal itself
)

func (l level) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "level %d", uint8(l)), nil }

// temperature marshals itself only through a pointer.
type temperature struct{ Celsius float64 }

func (t *temperature) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, "%g", t.Celsius), nil }

// hidden marshals itself, so its members do not matter.
type hidden struct{ Raw []byte }

func (h hidden) MarshalJSON() ([]byte, error) { return json.Marshal(len(h.Raw)) }

// rawText returns arbitrary bytes from MarshalText.
type rawText struct {
	text string
	id   int
}

func (r rawText) MarshalText() ([]byte, error) { return []byte(r.text), nil }

// pointerText has a MarshalText method only on its pointer. The method fails if the text is
// empty.
type pointerText struct{ text string }

func (p *pointerText) MarshalText() ([]byte, error) {
	if p.text == "" {
		return nil, errors.New("secret 73641")
	}
	return []byte(p.text), nil
}

type noteBase struct {
	ID string `json:"id"`
}

type note struct {
	noteBase
	*Place
	Text    string          `json:"text"`
	Pages   int             `json:"pages,omitempty"`
	When    time.Time       `json:"when,omitzero"`
	Next    *note           `json:"next"`
	Any     any             `json:"any,omitempty"`
	Raw     json.RawMessage `json:"raw,omitempty"`
	Secret  string          `json:"-"`
	private chan int
}

type Place struct {
	City string `json:"city"`
}

func TestOfConvertsGoValuesToCanonicalJSON(t *testing.T) {
	seven := 7
	when := time.Date(2026, 11, 22, 17, 0, 0, 5_000_000, time.FixedZone("", 3600))
	for _, c := range []struct {
		in   any
		want string
	}{
		{nil, `null`},
		{(*int)(nil), `null`},
		{(**int)(nil), `null`},
		{map[string]int(nil), `null`},
		{[]int(nil), `null`},
		{json.RawMessage(nil), `null`},
		{(*time.Time)(nil), `null`},
		{(*temperature)(nil), `null`},
		{true, `true`},
		{yes(true), `true`},
		{&seven, `7`},
		{int8(-8), `-8`},
		{named(5), `5`},
		{int32(-1 << 31), `-2147483648`},
		{int64(math.MinInt64), `-9223372036854775808`},
		{uint64(math.MaxInt64), `9223372036854775807`},
		{uintptr(3), `3`},
		{math.Copysign(0, -1), `0`},
		{[]float64{math.Copysign(0, -1), 1e2, 1e21, 1e-7}, `[0,100,1e+21,1e-7]`},
		{float32(0.1), `0.1`},
		{float32(16777216), `16777216`},
		{float32(math.SmallestNonzeroFloat32), `1e-45`},
		{word("a"), `"a"`},
		{"<&>\u2028", "\"<&>\u2028\""},
		{[]any{"<&>\u2028\x7f", map[word]any{"<\u2029": nil}}, "[\"<&>\u2028\x7f\",{\"<\u2029\":null}]"},
		{"\ufffd", "\"\ufffd\""},
		{[]string{"\ufffd"}, "[\"\ufffd\"]"},
		{json.Number("1e2"), `100`},
		{json.Number("9007199254740993"), `9007199254740993`},
		{[]json.Number{"9007199254740993.0"}, `[9007199254740993]`},
		{json.RawMessage(` {"b": 1e2, "a" : "\u003c" } `), `{"a":"<","b":100}`},
		{json.RawMessage(`"\ufffd"`), "\"\ufffd\""},
		{map[string]any{"b": json.RawMessage(`[1.0]`), "a": nil}, `{"a":null,"b":[1]}`},
		{map[string]any{"B": 1, "a": 2, "é": 3, "": 4}, `{"":4,"B":1,"a":2,"é":3}`},
		{map[int]string{-1: "x", 10: "y", 9: "z"}, `{"-1":"x","10":"y","9":"z"}`},
		{map[uint64]int{math.MaxUint64: 1}, `{"18446744073709551615":1}`},
		{map[netip.Addr]int{netip.MustParseAddr("10.0.0.1"): 1}, `{"10.0.0.1":1}`},
		{[3]byte{1, 2, 255}, `[1,2,255]`},
		{[2]int{}, `[0,0]`},
		{[]level{1, 2}, `["level 1","level 2"]`},
		{struct{}{}, `{}`},
		{when, `"2026-11-22T17:00:00.005+01:00"`},
		{&when, `"2026-11-22T17:00:00.005+01:00"`},
		{ana, `"0a3c1d52-88f4-4c36-9f0e-5d2b7b1e6a01"`},
		{clock.Timestamp(1_000_000), `"1970-01-01T00:00:00.001000000Z"`},
		{record.MustOf("x"), `"x"`},
		{map[string]record.Value{"a": record.Int(1), "b": {}}, `{"a":1,"b":null}`},
		{pointerText{"a"}, `"a"`},
		{[]*pointerText{{"a"}, nil}, `["a",null]`},
		{[]encoding.TextMarshaler{rawText{text: "a"}, nil}, `["a",null]`},
		{[]*rawText{nil}, `[null]`},
		{map[string]json.Marshaler{"a": nil, "b": hidden{}}, `{"a":null,"b":0}`},
		{hidden{Raw: []byte("abc")}, `3`},
		{[]hidden{{}}, `[0]`},
		{*big.NewInt(12), `12`},
		{big.NewInt(12), `12`},
		{struct{ N big.Int }{*big.NewInt(12)}, `{"N":12}`},
		{[]big.Int{*big.NewInt(12)}, `[12]`},
		{[1]temperature{{36.6}}, `[36.6]`},
		{temperature{36.6}, `36.6`},
		{map[string]*temperature{"t": {36.6}}, `{"t":36.6}`},
		{note{noteBase: noteBase{"7"}, Text: "a", Secret: "\xff", private: make(chan int)}, `{"id":"7","next":null,"text":"a"}`},
		{&note{Place: &Place{"Oslo"}, Pages: 2, Next: &note{Raw: json.RawMessage(`0.0`)}, Any: []any{when}},
			`{"any":["2026-11-22T17:00:00.005+01:00"],"city":"Oslo","id":"","next":{"id":"","next":null,"raw":0,"text":""},"pages":2,"text":""}`},
	} {
		v, err := record.Of(c.in)
		require.NoError(t, err, "%T, want %s", c.in, c.want)
		require.Equal(t, c.want, v.String(), "%T", c.in)
		require.Equal(t, c.want, record.MustOf(c.in).JSON())
	}
	require.Equal(t, record.Deletion(), record.MustOf(record.Deletion()))
}

func TestOfRefusesValuesThatItCannotKeep(t *testing.T) {
	type ring struct {
		Next *ring
		Any  any
	}
	loop := &ring{}
	loop.Next = loop
	loopAny := &ring{}
	loopAny.Any = []any{loopAny}
	loopMap := map[string]any{}
	loopMap["self"] = loopMap
	loopSlice := make([]any, 1)
	loopSlice[0] = loopSlice

	for name, c := range map[string]struct {
		in   any
		want error
	}{
		"string":                      {"a\xff", record.ErrUTF8},
		"named string":                {word("a\xff"), record.ErrUTF8},
		"string in a slice":           {[]string{"", "\xff"}, record.ErrUTF8},
		"string in an array":          {[1]string{"\xff"}, record.ErrUTF8},
		"string in a map":             {map[string]any{"a": "\xff"}, record.ErrUTF8},
		"map key":                     {map[string]any{"\xff": 1}, record.ErrUTF8},
		"nested map key":              {[]any{map[word]int{"\xff": 1}}, record.ErrUTF8},
		"text of a key":               {map[rawText]int{{text: "\xff"}: 1}, record.ErrUTF8},
		"text":                        {rawText{text: "\xff"}, record.ErrUTF8},
		"nested text":                 {[]any{&rawText{text: "\xff"}}, record.ErrUTF8},
		"text through a pointer":      {[]pointerText{{"\xff"}}, record.ErrUTF8},
		"failing MarshalText":         {pointerText{}, record.ErrUnsupported},
		"text of an embedded type":    {struct{ rawText }{rawText{text: "\xff"}}, record.ErrUTF8},
		"text without a pointer":      {map[string]pointerText{"a": {"a"}}, record.ErrUnsupported},
		"struct member":               {note{Text: "\xff"}, record.ErrUTF8},
		"embedded":                    {note{noteBase: noteBase{"\xff"}}, record.ErrUTF8},
		"embedded pointer":            {note{Place: &Place{"\xff"}}, record.ErrUTF8},
		"through a pointer":           {note{Next: &note{Text: "\xff"}}, record.ErrUTF8},
		"second of two pointers":      {[]*noteBase{{"ok"}, {"\xff"}}, record.ErrUTF8},
		"raw text":                    {json.RawMessage("\"\xff\""), record.ErrUTF8},
		"raw lone surrogate":          {json.RawMessage(`"\ud800"`), record.ErrUTF8},
		"raw duplicate":               {json.RawMessage(`{"a":1,"b":2,"a":1}`), record.ErrDuplicate},
		"nested raw duplicate":        {[]any{note{Raw: json.RawMessage(`{"a":1,"\u0061":1}`)}}, record.ErrDuplicate},
		"two keys with the same text": {map[rawText]int{{"a", 1}: 1, {"a", 2}: 2}, record.ErrDuplicate},
		"raw syntax":                  {json.RawMessage(`{`), record.ErrSyntax},
		"raw empty":                   {json.RawMessage{}, record.ErrSyntax},
		"raw number":                  {json.RawMessage(`1e999`), record.ErrNumber},
		"json.Number":                 {json.Number("1x"), record.ErrUnsupported},
		"json.Number too large":       {json.Number("1e999"), record.ErrNumber},
		"json.Number too small":       {[]json.Number{"1e-999"}, record.ErrNumber},
		"NaN":                         {math.NaN(), record.ErrNumber},
		"NaN in a map":                {map[string]any{"a": []float64{math.NaN()}}, record.ErrNumber},
		"float32 infinity":            {float32(math.Inf(-1)), record.ErrNumber},
		"uint64":                      {uint64(math.MaxInt64) + 1, record.ErrNumber},
		"nested uint64":               {[]any{uint64(math.MaxUint64)}, record.ErrNumber},
		"uint in a struct":            {struct{ N uint64 }{1 << 63}, record.ErrNumber},
		"bytes":                       {[]byte("abc"), record.ErrUnsupported},
		"nil bytes":                   {[]byte(nil), record.ErrUnsupported},
		"nested bytes":                {map[string]any{"a": []byte{}}, record.ErrUnsupported},
		"bytes in a struct":           {struct{ Sum []byte }{}, record.ErrUnsupported},
		"bytes of a named type":       {[]letter{1}, record.ErrUnsupported},
		"pointer to bytes":            {&[]byte{1}, record.ErrUnsupported},
		"channel":                     {make(chan int), record.ErrUnsupported},
		"nested function":             {[]any{func() {}}, record.ErrUnsupported},
		"complex":                     {1i, record.ErrUnsupported},
		"map with float keys":         {map[float64]int{}, record.ErrUnsupported},
		"pointer cycle":               {loop, record.ErrUnsupported},
		"interface cycle":             {loopAny, record.ErrUnsupported},
		"map cycle":                   {loopMap, record.ErrUnsupported},
		"slice cycle":                 {loopSlice, record.ErrUnsupported},
		"year 10000":                  {time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), record.ErrUnsupported},
		"nested deletion":             {[]any{record.Deletion()}, record.ErrUnsupported},
		"not addressable in a map":    {map[string]temperature{"a": {}}, record.ErrUnsupported},
		"not addressable in an any":   {[]any{*big.NewInt(1)}, record.ErrUnsupported},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := record.Of(c.in)
			require.ErrorIs(t, err, c.want)
			require.Zero(t, v)
			require.Empty(t, errorPath(t, err))
			require.NotContains(t, err.Error(), "at byte", "an error on a Go value must have no offset")
			require.Panics(t, func() { record.MustOf(c.in) })
		})
	}
}

// Members that encoding/json leaves out may be cyclic.
func TestOfAcceptsCyclesThatAreNotWritten(t *testing.T) {
	type knot struct {
		Name string
		Self *knot `json:"-"`
		priv *knot
		Rest []*knot  `json:",omitempty"`
		Zero zeroKnot `json:",omitzero"`
	}
	k := &knot{Name: "k"}
	k.Self, k.priv = k, k
	k.Zero.Back = &k.Zero
	require.Equal(t, `{"Name":"k"}`, record.MustOf(k).JSON())
}

// zeroKnot can be a cycle, but encoding/json leaves it out with omitzero, because IsZero
// returns true.
type zeroKnot struct{ Back *zeroKnot }

func (zeroKnot) IsZero() bool { return true }

// A value whose parts are shared many times is examined in linear time: 2^40 steps would take
// hours.
func TestOfExaminesSharedPartsOnce(t *testing.T) {
	type pair struct {
		L, R *pair
		Bad  string
	}
	p := &pair{}
	for range 40 {
		p = &pair{L: p, R: p}
	}
	p.Bad = "\xff" // examined after all shared parts
	_, err := record.Of(p)
	require.ErrorIs(t, err, record.ErrUTF8)
}

// Two pointers with the same address may point to values of different types or sizes.
func TestOfExaminesDifferentValuesAtOneAddress(t *testing.T) {
	type two struct{ First, Second string }
	bad := &two{"ok", "\xff"}
	texts := []string{"ok", "\xff"}
	for _, v := range []any{
		[]any{&bad.First, bad},
		[]any{texts[:1], texts},
		[]any{&texts[0], texts},
	} {
		_, err := record.Of(v)
		require.ErrorIs(t, err, record.ErrUTF8)
	}
}

func TestOfRefusesMoreThan1000Levels(t *testing.T) {
	nest := func(n int) any {
		var v any
		for range n {
			v = []any{v}
		}
		return v
	}
	_, err := record.Of(nest(1000))
	require.NoError(t, err)
	_, err = record.Of(nest(1001))
	require.ErrorIs(t, err, record.ErrLimit)
}

// The default limits apply only to bytes from others.
func TestOfHasNoLimitOfSize(t *testing.T) {
	long := strings.Repeat("x", 2<<20)
	v, err := record.Of([]string{long})
	require.NoError(t, err)
	require.Len(t, v.JSON(), len(long)+4)
}

type refusing struct{}

func (refusing) MarshalJSON() ([]byte, error) { return nil, errors.New("secret 73641") }

// An error names the type and never the value.
func TestOfErrorsNameTheTypeAndNeverTheValue(t *testing.T) {
	for in, want := range map[any]string{
		"\xff":                 "record: invalid UTF-8",
		uint64(math.MaxUint64): "record: number out of range: greater than an int64 can hold",
		refusing{}:             "record: unsupported Go value: the marshal method of *record_test.refusing returned an error",
		json.Number("73641x"):  "record: unsupported Go value: encoding/json cannot marshal it",
		2i:                     "record: unsupported Go value: complex128",
	} {
		_, err := record.Of(in)
		require.EqualError(t, err, want)
	}
	_, err := record.Of(map[string]temperature{"secret": {}})
	require.EqualError(t, err, "record: unsupported Go value: record_test.temperature marshals itself only through a pointer; use a pointer")

	// If a value has several reasons to be refused, Of returns the same one each time.
	for range 50 {
		_, err := record.Of(map[string]any{"a": math.NaN(), "b": "\xff", "c": []byte{}, "d": 1})
		require.ErrorIs(t, err, record.ErrUTF8)
	}
}
