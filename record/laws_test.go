package record_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// TestMain checks each property 1,000 times by default, because faults are likely at ties and
// ties are rare. The flag -rapid.checks overrides the number.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "1000"); err != nil {
		panic(err)
	}
	m.Run()
}

// plainWrite is a write in the terms of this test, without the types and comparisons of the
// library.
type plainWrite struct {
	time    int64
	client  [16]byte
	deleted bool
	value   string // canonical JSON, empty if deleted
}

// keys returns the sort keys of the rule, the most significant first, with numbers as texts
// of fixed length.
func (w plainWrite) keys() [4]string {
	kind := "value"
	if w.deleted {
		kind = "void" // greater than "value"
	}
	return [4]string{fmt.Sprintf("%020d", w.time), fmt.Sprintf("%x", w.client), kind, w.value}
}

// order compares two writes by the rule.
func (w plainWrite) order(v plainWrite) int {
	for i, k := range w.keys() {
		switch l := v.keys()[i]; {
		case k < l:
			return -1
		case k > l:
			return 1
		}
	}
	return 0
}

func (w plainWrite) fieldValue() record.FieldValue {
	v := record.Deletion()
	if !w.deleted {
		var err error
		if v, err = record.ParseValue([]byte(w.value)); err != nil {
			panic(err)
		}
	}
	return record.FieldValue{Value: v, Stamp: clock.Stamp{Time: clock.Timestamp(w.time), Client: w.client}}
}

const lawEpoch = 1_795_366_637_123_000_000

// genPlainWrite draws from a domain so narrow that ties are common.
var genPlainWrite = rapid.Custom(func(t *rapid.T) plainWrite {
	w := plainWrite{
		time:    lawEpoch + rapid.SampledFrom([]int64{0, 1, 1_000_000}).Draw(t, "time"),
		client:  rapid.SampledFrom([][16]byte{{0: 0x7F}, {0: 0x80}, {0: 0x7F, 15: 0x80}}).Draw(t, "client"),
		value:   rapid.SampledFrom([]string{"null", `""`, "9", "10", "true", "[]"}).Draw(t, "value"),
		deleted: rapid.IntRange(0, 3).Draw(t, "deleted") == 0,
	}
	if w.deleted {
		w.value = ""
	}
	return w
})

// TestCompareIsATotalOrder checks that Compare follows the rule, is antisymmetric and
// transitive, and returns 0 only for equal writes.
func TestCompareIsATotalOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := genPlainWrite.Draw(t, "a"), genPlainWrite.Draw(t, "b"), genPlainWrite.Draw(t, "c")
		x, y, z := a.fieldValue(), b.fieldValue(), c.fieldValue()
		require.Equal(t, a.order(b), x.Compare(y))
		require.Equal(t, -x.Compare(y), y.Compare(x))
		require.Equal(t, x == y, x.Compare(y) == 0)
		require.Equal(t, x == y, string(x.AppendJSON(nil)) == string(y.AppendJSON(nil)))
		if x.Compare(y) <= 0 && y.Compare(z) <= 0 {
			require.LessOrEqual(t, x.Compare(z), 0)
		}
		require.Equal(t, 1, x.Compare(record.FieldValue{}))
	})
}

// TestTimeDecidesBeforeClientBeforeValue checks that a step of the rule decides even if all
// later steps favour the other write.
func TestTimeDecidesBeforeClientBeforeValue(t *testing.T) {
	least := plainWrite{time: lawEpoch, client: [16]byte{0: 0x7F}, value: "null"}
	most := plainWrite{time: lawEpoch + 1_000_000, client: [16]byte{0: 0x80}, deleted: true}
	levels := []func(w *plainWrite, from plainWrite){
		func(w *plainWrite, from plainWrite) { w.deleted, w.value = from.deleted, from.value },
		func(w *plainWrite, from plainWrite) { w.client = from.client },
		func(w *plainWrite, from plainWrite) { w.time = from.time },
	}
	low, high := least, least
	for i, level := range levels {
		low, high = least, least
		for _, lower := range levels[:i] {
			lower(&low, most)
		}
		level(&high, most)
		require.Equal(t, 1, high.fieldValue().Compare(low.fieldValue()), "level %d", i)
	}
	low.time, high.time = lawEpoch+999_999, lawEpoch+1_000_000
	require.Equal(t, 1, high.fieldValue().Compare(low.fieldValue()), "the wall time must count more than the counter")
}

// TestClientsAreOrderedByUnsignedBytes also checks that this is the order of their texts.
func TestClientsAreOrderedByUnsignedBytes(t *testing.T) {
	genClient := rapid.Custom(func(t *rapid.T) (c clock.ClientID) {
		for i := range c {
			c[i] = rapid.SampledFrom([]byte{0, 1, 0x7F, 0x80, 0xFF}).Draw(t, "byte")
		}
		return c
	})
	rapid.Check(t, func(t *rapid.T) {
		c, d := genClient.Draw(t, "c"), genClient.Draw(t, "d")
		copy(d[:rapid.IntRange(0, 16).Draw(t, "alike")], c[:])
		x := record.FieldValue{Stamp: clock.Stamp{Time: 1, Client: c}}
		y := record.FieldValue{Stamp: clock.Stamp{Time: 1, Client: d}}
		require.Equal(t, plainWrite{client: c}.order(plainWrite{client: d}), x.Compare(y))
		require.Equal(t, strings.Compare(c.String(), d.String()), x.Compare(y))
	})
}

// spelled is a JSON value in its canonical text and in another spelling.
type spelled struct{ canonical, other string }

// spelledScalars are numbers, strings, booleans and null.
var spelledScalars = []spelled{
	{"null", "null"}, {"true", "true"}, {"false", "false"},
	{"1", "1.0"}, {"100", "1e2"}, {"0", "-0"}, {"0", "0e5"}, {"0.1", "0.10"}, {"-2.5", "-25E-1"},
	{"9007199254740993", "9007199254740993"}, {"9007199254740993", "9007199254740993.0"}, {"9007199254740992", "9007199254740992"},
	{"9223372036854775807", "9223372036854775807"}, {"-9223372036854775808", "-9223372036854775808"},
	{"9223372036854775806", "9223372036854775806"}, {"1e+21", "1000000000000000000000"}, {"5e-324", "5e-324"},
	{`""`, `""`}, {`"a"`, `"\u0061"`}, {`"é"`, `"\u00e9"`}, {`"e` + "\u0301" + `"`, `"e\u0301"`},
	{`"<&>"`, `"\u003c\u0026\u003E"`}, {`"/"`, `"\/"`}, {"\"\u2028\x7f\"", `"\u2028\u007f"`},
	{`"\u0000\b\t\n\u000b\f\r\u001f\"\\"`, `"\u0000\u0008\u0009\u000a\u000B\u000c\u000d\u001F\u0022\u005c"`}, {`"😀"`, `"\ud83d\ude00"`},
}

// spelledNames are member names in the order of their UTF-8 bytes, which differs from the
// order of their UTF-16.
var spelledNames = []spelled{
	{`""`, `""`}, {`"\""`, `"\u0022"`}, {`"A"`, `"\u0041"`}, {`"a"`, `"\u0061"`}, {`"ab"`, `"ab"`}, {`"é"`, `"\u00e9"`},
	{"\"\uFF5A\"", `"\uff5a"`}, {`"😀"`, `"\ud83d\ude00"`},
}

// genSpelled draws a value of at most the given depth.
func genSpelled(depth int) *rapid.Generator[spelled] {
	return rapid.Custom(func(t *rapid.T) spelled {
		kind := rapid.IntRange(0, 3).Draw(t, "kind")
		if depth == 0 || kind < 2 {
			return rapid.SampledFrom(spelledScalars).Draw(t, "scalar")
		}
		space := rapid.SampledFrom([]string{"", " ", "\n\t\r "}).Draw(t, "space")
		parts := rapid.SliceOfN(genSpelled(depth-1), 0, 3).Draw(t, "parts")
		if kind == 2 {
			return list("[", "]", space, parts, parts)
		}
		order := rapid.Permutation([]int{0, 1, 2, 3, 4, 5, 6, 7}).Draw(t, "order")[:len(parts)]
		members := make([]spelled, len(parts))
		for i, p := range parts {
			name := spelledNames[order[i]]
			members[i] = spelled{name.canonical + ":" + p.canonical, name.other + space + ":" + space + p.other}
		}
		var sorted []spelled
		for i := range spelledNames {
			if at := slices.Index(order, i); at >= 0 {
				sorted = append(sorted, members[at])
			}
		}
		return list("{", "}", space, sorted, members)
	})
}

// list returns an array or object in both spellings. The canonical text has the parts in the
// order of the parameter sorted; the other text has them in the order of the parameter drawn,
// with white space around each.
func list(open, end, space string, sorted, drawn []spelled) spelled {
	var a, b []string
	for i := range sorted {
		a, b = append(a, sorted[i].canonical), append(b, space+drawn[i].other+space)
	}
	return spelled{open + strings.Join(a, ",") + end, open + strings.Join(b, ",") + end}
}

// TestAnySpellingParsesToTheCanonicalText checks that every spelling of a value parses to the
// same canonical text, and that values are equal and ordered as these texts are.
func TestAnySpellingParsesToTheCanonicalText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := genSpelled(3).Draw(t, "a"), genSpelled(1).Draw(t, "b")
		x, err := record.ParseValue([]byte(a.other))
		require.NoError(t, err)
		require.Equal(t, a.canonical, x.JSON())
		again, err := record.ParseValue([]byte(a.canonical))
		require.NoError(t, err)
		require.True(t, x == again)
		y, err := record.ParseValue([]byte(b.other))
		require.NoError(t, err)
		require.Equal(t, a.canonical == b.canonical, x == y)
		require.Equal(t, strings.Compare(a.canonical, b.canonical), x.Compare(y))
		require.Equal(t, -1, x.Compare(record.Deletion()))

		// The output of other JSON writers reads back as the same value.
		escaped, err := json.Marshal(x)
		require.NoError(t, err)
		var back record.Value
		require.NoError(t, json.Unmarshal(escaped, &back))
		require.True(t, x == back)
		fromGo, err := record.Of(x.Any())
		require.NoError(t, err)
		require.True(t, x == fromGo)
	})
}

// lawNames are names of fields, including a reserved one that only a newer version might use.
var lawNames = []string{"$deleted", "$future", "a", "a/b", "b", "\"", "é", "\U0001F600"}

// genFields draws the fields of a record.
var genFields = rapid.Custom(func(t *rapid.T) map[string]record.FieldValue {
	fields := map[string]record.FieldValue{}
	for _, name := range rapid.SliceOfN(rapid.SampledFrom(lawNames), 0, 5).Draw(t, "names") {
		w := genPlainWrite.Draw(t, "write")
		if name == "$deleted" {
			w.deleted, w.value = false, rapid.SampledFrom([]string{"true", "false"}).Draw(t, "life")
		}
		fields[name] = w.fieldValue()
	}
	return fields
})

var lawKey = record.Key{Table: "t", ID: "1"}

func recordOf(t require.TestingT, fields map[string]record.FieldValue) record.Record {
	var b record.Builder
	r, err := b.Record(lawKey, maps.All(fields))
	require.NoError(t, err)
	return r
}

// TestRecordsAndMutationsRoundTripThroughJSON checks that decoding reverses encoding, for
// records, writes and mutations, and that equal records have equal bytes.
func TestRecordsAndMutationsRoundTripThroughJSON(t *testing.T) {
	var d record.Decoder
	rapid.Check(t, func(t *rapid.T) {
		fields := genFields.Draw(t, "fields")
		r, other := recordOf(t, fields), recordOf(t, genFields.Draw(t, "other"))
		text := r.AppendJSON(nil)
		require.Equal(t, r.Equal(other), string(text) == string(other.AppendJSON(nil)))
		poisoned := slices.Clone(text)
		back, err := d.Record(lawKey, poisoned)
		require.NoError(t, err)
		for i := range poisoned {
			poisoned[i] = 0xFF
		}
		require.True(t, r.Equal(back))
		require.Equal(t, string(text), string(back.AppendJSON(nil)))
		require.Equal(t, fields, maps.Collect(back.All()))
		for i := 1; i < back.Len(); i++ {
			before, _ := back.At(i - 1)
			name, _ := back.At(i)
			require.Less(t, before, name)
		}
		for _, w := range r.All() {
			var got record.FieldValue
			require.NoError(t, json.Unmarshal(w.AppendJSON(nil), &got))
			require.True(t, w == got)
		}

		m := record.Mutation{Data: r, Base: map[string]clock.Stamp{}}
		for name, w := range other.All() {
			if _, ok := fields[name]; ok {
				m.Base[name] = rapid.SampledFrom([]clock.Stamp{{}, w.Stamp}).Draw(t, "base")
			}
		}
		text = m.AppendJSON(nil)
		n, err := d.Mutation(text)
		require.NoError(t, err)
		require.True(t, r.Equal(n.Data))
		require.True(t, maps.Equal(m.Base, n.Base))
		require.Equal(t, string(text), string(n.AppendJSON(nil)))
	})
}

// TestOrderAndUnknownMembersDoNotMatter checks that the order of fields and members, white
// space and unknown members change nothing, and that a duplicate name is refused.
func TestOrderAndUnknownMembersDoNotMatter(t *testing.T) {
	var d record.Decoder
	rapid.Check(t, func(t *rapid.T) {
		r := recordOf(t, genFields.Draw(t, "fields"))
		var fields []string
		for name, w := range r.All() {
			var members map[string]json.RawMessage
			require.NoError(t, json.Unmarshal(w.AppendJSON(nil), &members))
			members["future"] = json.RawMessage(`{"x": [1, {}]}`)
			var parts []string
			for _, m := range slices.Sorted(maps.Keys(members)) {
				parts = append(parts, fmt.Sprintf("%q : %s", m, members[m]))
			}
			quoted, err := json.Marshal(name)
			require.NoError(t, err)
			fields = append(fields, string(quoted)+" : { "+strings.Join(rapid.Permutation(parts).Draw(t, "members"), ", ")+" }")
		}
		if len(fields) == 0 {
			return
		}
		got, err := d.Record(lawKey, []byte("{"+strings.Join(rapid.Permutation(fields).Draw(t, "order"), ",\n")+"}"))
		require.NoError(t, err)
		require.True(t, r.Equal(got))
		twice := rapid.Permutation(append(fields, rapid.SampledFrom(fields).Draw(t, "twice"))).Draw(t, "order")
		_, err = d.Record(lawKey, []byte("{"+strings.Join(twice, ",")+"}"))
		require.ErrorIs(t, err, record.ErrDuplicate)
	})
}

// TestUnknownFieldsMerge checks that a reserved field of a newer version is decoded, joined
// and encoded like any other field, with its stamp.
func TestUnknownFieldsMerge(t *testing.T) {
	var d record.Decoder
	var b record.Builder
	rapid.Check(t, func(t *rapid.T) {
		older, newer := genPlainWrite.Draw(t, "one"), genPlainWrite.Draw(t, "other")
		if older.order(newer) > 0 {
			older, newer = newer, older
		}
		x, err := d.Record(lawKey, []byte(`{"$future":`+string(older.fieldValue().AppendJSON(nil))+`}`))
		require.NoError(t, err)
		y, err := d.Record(lawKey, []byte(`{"a":`+string(older.fieldValue().AppendJSON(nil))+`,"$future":`+string(newer.fieldValue().AppendJSON(nil))+`}`))
		require.NoError(t, err)
		for _, pair := range [][2]record.Record{{x, y}, {y, x}} {
			got, _, err := b.Join(pair[0], pair[1])
			require.NoError(t, err)
			w, ok := got.Get("$future")
			require.True(t, ok)
			require.True(t, w == newer.fieldValue())
			require.True(t, got.Equal(y))
		}
	})
}
