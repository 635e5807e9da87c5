package record_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/record"
)

// TestTruncatedInputIsNeverAccepted cuts valid input at every byte, and checks that the
// reason is ErrTruncated.
func TestTruncatedInputIsNeverAccepted(t *testing.T) {
	object := `{"a":[1.5e3,"\ud83d\ude00é😀\\"],"\u0062":{"c":true,"d":false,"e":null}}`
	recordText := `{"a":` + fieldOf(object) + `,"b":{"deleted":true,` + someStamp + `}}`
	var d record.Decoder
	for _, c := range []struct {
		shape, text string
	}{
		{"value", object}, {"value", `[` + object + `]`}, {"value", `"\ud83d\ude00é😀\n"`},
		{"record", recordText}, {"mutation", goodLines[0]}, {"batch", goodBatch},
	} {
		for i := range len(c.text) {
			text := []byte(c.text[:i])
			var err error
			switch c.shape {
			case "value":
				var v record.Value
				v, err = d.Value(text)
				require.Zero(t, v)
			case "record":
				var r record.Record
				r, err = d.Record(costKey, text)
				require.Zero(t, r)
			case "mutation":
				var m record.Mutation
				m, err = d.Mutation(text)
				require.Zero(t, m)
			case "batch":
				var items []record.Item
				items, err = d.Batch(text)
				require.Nil(t, items)
			}
			require.ErrorIs(t, err, record.ErrTruncated, "%s", text)
			require.ErrorIs(t, err, record.ErrSyntax)
			var e *record.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, i, e.Offset, "%s", text)
		}
		require.Equal(t, decoded(new(record.Decoder), c.shape, []byte(c.text)), decoded(&d, c.shape, []byte(c.text)))
	}
}

// TestInputWithOneChangedByteIsAcceptedOnlyIfItIsJSON replaces each byte of valid input by
// every other byte. The decoder must not panic. If the text is not JSON, the decoder must
// refuse the whole batch, not just one item.
func TestInputWithOneChangedByteIsAcceptedOnlyIfItIsJSON(t *testing.T) {
	good := []byte(`[{"x":[{"k":"\ud83d\ude00"}],"table":"t","id":"é","data":{"b":` + fieldOf(`{"b":-1.5e2,"a":[true]}`) +
		`,"a":{"deleted":true,` + someStamp + `}},"base":{"a":null}},` + goodLines[2] + `]`)
	var d record.Decoder
	_, err := d.Batch(good)
	require.NoError(t, err)
	for i, original := range good {
		for b := range 256 {
			good[i] = byte(b)
			items, err := d.Batch(good)
			if err == nil && !json.Valid(good) {
				t.Fatalf("accepted %q, which is not JSON", good)
			}
			if err == nil && len(items) == 0 {
				t.Fatalf("no items in %q", good)
			}
		}
		good[i] = original
	}
}

// TestReusedDecoderReadsLikeANewOne decodes all bad and valid inputs in turn with one
// Decoder, and compares each result with the result of a new Decoder. Earlier results must
// not change when the input is overwritten.
func TestReusedDecoderReadsLikeANewOne(t *testing.T) {
	texts := [][]byte{[]byte(goodBatch), []byte(goodLines[0]), []byte(`{"title":` + fieldOf(`{"b":1,"a":2}`) + `}`), []byte(`{"b":"\u0041","a":[1e20]}`)}
	for _, row := range badInputs() {
		if len(row.text) < 1<<16 {
			texts = append(texts, []byte(row.text))
		}
	}
	var d record.Decoder
	type kept struct {
		items []record.Item
		want  []string
	}
	var all []kept
	for _, text := range texts {
		for _, shape := range []string{"value", "record", "mutation", "batch"} {
			require.Equal(t, decoded(new(record.Decoder), shape, text), decoded(&d, shape, text), "%s %q", shape, text)
		}
		used := slices.Clone(text)
		items, _ := d.Batch(used)
		all = append(all, kept{items, shownItems(items)})
		for j := range used {
			used[j] = 'x'
		}
	}
	for _, k := range all {
		require.Equal(t, k.want, shownItems(k.items))
	}
}

// shownItems returns all parts of items as texts: keys, fields, bases and errors.
func shownItems(items []record.Item) []string {
	lines := []string{}
	for _, item := range items {
		line := item.Mutation.Data.Key().String() + string(item.Mutation.AppendJSON(nil))
		if item.Err != nil {
			line += item.Err.Error()
		}
		lines = append(lines, line)
	}
	return lines
}

// TestResultsKeepNoReferenceToTheInput overwrites the input after each call, and checks all
// results at the end.
func TestResultsKeepNoReferenceToTheInput(t *testing.T) {
	var d record.Decoder
	var poisoned [][]byte
	input := func(text string) []byte {
		poisoned = append(poisoned, []byte(text))
		return poisoned[len(poisoned)-1]
	}
	var results []func() string
	var want []string
	keep := func(text string, err error, result func() string) {
		require.NoError(t, err)
		results, want = append(results, result), append(want, text)
		for _, b := range poisoned {
			copy(b, strings.Repeat("#", len(b)))
		}
	}
	for i := range 3 { // from the second round on, the decoder knows the names
		text := fmt.Sprintf(`"plain text %d"`, i)
		v, err := d.Value(input(text))
		keep(text, err, v.JSON)

		text = fmt.Sprintf(`{"title":%s}`, fieldOf(fmt.Sprintf(`["x",%d]`, i)))
		r, err := d.Record(costKey, input(text))
		keep(text, err, func() string { return string(r.AppendJSON(nil)) })

		text = strings.Replace(goodLines[0], "-125", strconv.Itoa(i), 1)
		m, err := d.Mutation(input(text))
		keep(text, err, func() string { return string(m.AppendJSON(nil)) })

		_, refused := d.Mutation(input(itemWith(fmt.Sprintf(`"secret name %d":5`, i))))
		require.Error(t, refused)
		keep(fmt.Sprintf(`record: data."secret name %d": wrong type (at byte 51)`, i), nil, refused.Error)
	}
	for i, result := range results {
		require.Equal(t, want[i], result())
	}
}
