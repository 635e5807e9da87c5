package record_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// badInput is one row, or a part of one, of a catalogue of input that is broken,
// hostile or merely odd, and what becomes of it.
type badInput struct {
	row     int
	name    string
	verdict verdict
	// text is the whole input for refusedBatch, and one item otherwise.
	text string
	// reason is what the error wraps, and path where it is: of a refused item
	// without the index that the path begins with.
	reason error
	path   string
	// want is the canonical form of an accepted item, or "" for text itself.
	want string
	// secret is a part of text that no error may repeat. Without it, that is
	// what stands in most rows as the private value.
	secret string
	limits record.Limits
}

type verdict int

const (
	refusedBatch verdict = iota
	refusedItem
	accepted
)

// private is what an error text never holds: the values in refused input. It can
// stand in strings and in numbers.
const private = "427281"

const (
	someTime   = `"updatedAt":"2026-11-22T16:57:17.123000003Z"`
	someClient = `"clientId":"7f3c9a52-1d4e-4b6f-8a09-c2d5e6f71234"`
	someStamp  = someTime + "," + someClient
)

// anyPath stands where a row leaves the path open.
const anyPath = "?"

// fieldOf returns a FieldValue, itemWith an item with these data, and itemOfValue
// one with a single value in it.
func fieldOf(value string) string { return `{"value":` + value + `,` + someStamp + `}` }

func itemWith(data string) string {
	return `{"table":"tasks","id":"t2","data":{` + data + `}}`
}

func itemOfValue(value string) string { return itemWith(`"title":` + fieldOf(value)) }

// goodItem returns an item that every batch of these tests has beside the bad one.
func goodItem(id string) string {
	return `{"table":"tasks","id":"` + id + `","data":{"title":` + fieldOf(`"good"`) + `}}`
}

// badInputs returns all rows. It makes their texts, some of many MB, once.
var badInputs = sync.OnceValue(func() []badInput {
	return slices.Concat(syntaxRows(), limitRows(), unknownRows(), duplicateRows(), nameRows(), textRows(), valueRows(), stampRows(), stampAcceptedRows())
})

// TestBadInput has a row for each number from 1 to 47 and from 53 to 60, and for
// nothing else. Some rows are about Go values, and have tests of their own.
func TestBadInput(t *testing.T) {
	skipUnderRace(t)
	seen := map[int]bool{44: true, 55: true, 56: true, 57: true}
	for _, row := range badInputs() {
		seen[row.row] = true
		if testing.Short() && len(row.text) > 2<<20 {
			continue // a limit that smaller rows exceed as well, or a cost that TestMemory bounds
		}
		t.Run(fmt.Sprintf("%02d/%s", row.row, row.name), func(t *testing.T) {
			switch row.verdict {
			case refusedBatch:
				testRefusedBatch(t, row)
			case refusedItem:
				testRefusedItem(t, row)
			case accepted:
				testAccepted(t, row)
			}
		})
	}
	for row := 1; row <= 60; row++ {
		require.Equal(t, row <= 47 || row >= 53, seen[row], "row %d", row)
	}
}

// batches returns the items as the two forms that a batch has.
func batches(items ...string) map[string][]byte {
	return map[string][]byte{
		"array": []byte("[" + strings.Join(items, ",") + "]"),
		"lines": []byte(strings.Join(items, "\n") + "\n"),
	}
}

func testRefusedBatch(t *testing.T, row badInput) {
	d := record.Decoder{Limits: row.limits}
	items, err := d.Batch([]byte(row.text))
	require.ErrorIs(t, err, row.reason)
	require.Nil(t, items)
	requireError(t, err, row)
}

// testRefusedItem puts the item between good ones. They are accepted, and what
// they make is the same as without it.
func testRefusedItem(t *testing.T, row badInput) {
	for form, text := range batches(goodItem("t1"), row.text, goodItem("t3")) {
		t.Run(form, func(t *testing.T) {
			d := record.Decoder{Limits: row.limits}
			items, err := d.Batch(text)
			require.NoError(t, err)
			require.Len(t, items, 3)
			require.NoError(t, items[0].Err)
			require.NoError(t, items[2].Err)

			bad := items[1]
			require.ErrorIs(t, bad.Err, row.reason)
			require.Zero(t, bad.Mutation.Data.Len())
			require.Nil(t, bad.Mutation.Base)
			prefixed := row
			prefixed.path = strings.TrimSuffix("[1]."+row.path, ".")
			requireError(t, bad.Err, prefixed)

			without := []byte("[" + goodItem("t1") + "," + goodItem("t3") + "]")
			require.Equal(t, stateOf(t, &d, without), stateOf(t, &d, text))
		})
	}
	d := record.Decoder{Limits: row.limits}
	m, err := d.Mutation([]byte(row.text))
	require.ErrorIs(t, err, row.reason)
	require.Equal(t, record.Mutation{}, m)
	requireError(t, err, row)
}

// state is what a replica holds after a batch.
type state struct {
	lines  string
	digest merge.Digest
}

func stateOf(t *testing.T, d *record.Decoder, text []byte) state {
	t.Helper()
	items, err := d.Batch(text)
	require.NoError(t, err)
	var records []record.Record
	for _, item := range items {
		records = append(records, item.Mutation.Data)
	}
	c := merge.Collect(records...)
	return state{string(c.AppendLines(nil)), c.Digest()}
}

// requireError checks what all errors of the decoder have in common: the type,
// the path, an offset within the input, one line, and no private values.
func requireError(t *testing.T, err error, row badInput) {
	t.Helper()
	var e *record.Error
	require.True(t, errors.As(err, &e), "%T", err)
	if row.path != anyPath {
		require.Equal(t, row.path, e.Path)
	}
	require.GreaterOrEqual(t, e.Offset, 0)
	text := err.Error()
	require.True(t, strings.HasPrefix(text, "record: "), text)
	require.NotContains(t, text, "\n")
	require.Less(t, len(text), 700)
	require.NotContains(t, text, private)
	if row.secret != "" {
		require.Contains(t, row.text, row.secret)
		require.NotContains(t, text, row.secret)
	} else if row.verdict == refusedItem {
		require.Contains(t, row.text, private, "the row has nothing that could leak")
	}
}

func testAccepted(t *testing.T, row badInput) {
	want := row.want
	if want == "" {
		want = row.text
	}
	for form, text := range batches(goodItem("t1"), row.text, goodItem("t3")) {
		t.Run(form, func(t *testing.T) {
			d := record.Decoder{Limits: row.limits}
			items, err := d.Batch(text)
			require.NoError(t, err)
			require.Len(t, items, 3)
			for _, item := range items {
				require.NoError(t, item.Err)
			}
			require.Equal(t, want, string(items[1].Mutation.AppendJSON(nil)))
		})
	}
	var d record.Decoder
	m, err := d.Mutation([]byte(want))
	require.NoError(t, err, "the canonical form")
	require.Equal(t, want, string(m.AppendJSON(nil)))
}
