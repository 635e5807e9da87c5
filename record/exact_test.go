package record_test

import (
	"encoding/json"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/record"
)

// TestExactAppliesToNumbersAtEveryPath checks that the option Exact applies in every method of
// the Decoder, and to a number at any depth. The function Of refuses rounded numbers without
// any option.
func TestExactAppliesToNumbersAtEveryPath(t *testing.T) {
	for _, value := range []string{"18446744073709551615", "[0,[99999999999999999.99]]", `{"a":0,"b":{"c":-9223372036854775809}}`} {
		write := `{"value":` + value + `,` + someStamp + `}`
		item := itemOfValue(value)
		for path, decode := range map[string]func(*record.Decoder) error{
			"":                     func(d *record.Decoder) error { return decodeValue(d, []byte(value)) },
			"value":                func(d *record.Decoder) error { _, err := d.FieldValue([]byte(write)); return err },
			"f.value":              func(d *record.Decoder) error { return decodeRecord(d, []byte(`{"f":`+write+`}`)) },
			"data.title.value":     func(d *record.Decoder) error { return decodeMutation(d, []byte(item)) },
			"[0].data.title.value": func(d *record.Decoder) error { return decodeBatch(d, []byte("["+item+"]")) },
		} {
			var rounds record.Decoder
			require.NoError(t, decode(&rounds), path)
			err := decode(&record.Decoder{Limits: record.Limits{Exact: true}})
			require.ErrorIs(t, err, record.ErrInexact)
			var e *record.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, path, e.Path)
		}
		for _, v := range []any{json.RawMessage(value), []any{json.RawMessage(value)}} {
			_, err := record.Of(v)
			require.ErrorIs(t, err, record.ErrInexact)
		}
	}
	great, _ := new(big.Int).SetString("18446744073709551615", 10)
	for _, v := range []any{json.Number("0.12345678901234567890"), great, map[string]any{"a": []any{json.Number("1e23"), json.Number("1" + strings.Repeat("0", 20) + "1")}}} {
		_, err := record.Of(v)
		require.ErrorIs(t, err, record.ErrInexact)
	}
}

// TestFiniteFloatsFromGoAreAccepted checks that the function Of accepts every finite float,
// alone or within another value, and that the float reads back unchanged.
func TestFiniteFloatsFromGoAreAccepted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.OneOf(rapid.Float64(), rapid.Map(rapid.Uint64Range(1, 1<<53), math.Float64frombits)).Draw(t, "f")
		value, err := record.Of([]float64{f})
		require.NoError(t, err)
		var again []float64
		require.NoError(t, value.Decode(&again))
		require.Equal(t, []float64{f}, again)
		if small := float32(f); !math.IsInf(float64(small), 0) {
			value, err := record.Of(small)
			require.NoError(t, err)
			var again float32
			require.NoError(t, value.Decode(&again))
			require.Equal(t, small, again)
		}
	})
}

// Numbers of unknown members are not kept, so they may have any size, with and without the
// option Exact.
func TestNumbersOfUnknownMembersAreSkipped(t *testing.T) {
	long := strings.Repeat("9", 2000)
	for _, number := range []string{"1e999", "-1e-999", "18446744073709551615", long, `[{"a":[1e400]}]`, `{"b":1e400,"a":` + long + `}`} {
		unknown := `"x":` + number + `,`
		for name, text := range map[string]string{
			"mutation": `{` + unknown + itemOfValue("1")[1:],
			"field":    itemWith(`"title":{` + unknown + fieldOf("1")[1:]),
			"base":     `{"base":{"a":{` + unknown + someStamp + `}},` + itemOfValue("1")[1:],
		} {
			t.Run(name, func(t *testing.T) {
				d := record.Decoder{Limits: record.Limits{Exact: true}}
				m, err := d.Mutation([]byte(text))
				require.NoError(t, err)
				w, _ := m.Data.Get("title")
				require.Equal(t, record.Int(1), w.Value)
				require.ErrorIs(t, decodeMutation(&d, []byte(strings.Replace(text, `"value":1`, `"value":1e999`, 1))), record.ErrNumber, "the numbers of known members after the unknown one must be checked")
				require.ErrorIs(t, decodeMutation(&d, []byte(strings.Replace(text, unknown, `"x":1e,`, 1))), record.ErrSyntax)
				require.ErrorIs(t, decodeMutation(&d, []byte(strings.Replace(text, unknown, `"x":{"a":1e999,"a":0},`, 1))), record.ErrDuplicate)
			})
		}
	}
	d := record.Decoder{Limits: record.Limits{Value: 1000}}
	require.ErrorIs(t, decodeMutation(&d, []byte(`{"x":`+long+`,`+itemOfValue("1")[1:])), record.ErrLimit)
}

// Every UnmarshalJSON method limits the length of its input.
func TestUnmarshalJSONHasDefaultLimits(t *testing.T) {
	for name, c := range map[string]struct {
		dst  json.Unmarshaler
		text string
	}{
		"Value":      {new(record.Value), `1`},
		"FieldValue": {new(record.FieldValue), fieldOf("1")},
		"Record":     {new(record.Record), `{"a":` + fieldOf("1") + `}`},
		"Mutation":   {new(record.Mutation), itemOfValue("1")},
		"Field":      {new(record.Field[int]), `1`},
	} {
		t.Run(name, func(t *testing.T) {
			const most = 16 << 20
			padded := func(n int) []byte { return []byte(strings.Repeat(" ", n-len(c.text)) + c.text) }
			require.NoError(t, c.dst.UnmarshalJSON(padded(most)))
			var e *record.LimitError
			require.ErrorAs(t, c.dst.UnmarshalJSON(padded(most+1)), &e)
			require.Equal(t, record.LimitError{What: "bytes", Limit: most}, *e)
		})
	}
}
