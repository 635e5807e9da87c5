package record_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// badInput is one input that is broken, hostile or merely unusual, with the expected verdict.
type badInput struct {
	kind    string
	name    string
	verdict verdict
	// text is the whole input for refusedBatch, and one item otherwise.
	text string
	// reason is the reason that the error wraps, and path is its path. For a refused item the
	// path leaves out the index of the item.
	reason error
	path   string
	// want is the canonical form of an accepted item, or "" if text is canonical already.
	want string
	// secret is the part of text that no error may repeat. If secret is empty, that part is
	// the constant private.
	secret string
	limits record.Limits
}

// badKinds are the kinds of bad input. TestBadInputGetsItsVerdict checks that each kind
// occurs.
var badKinds = []string{
	"empty input", "truncated input", "data after the batch", "byte order mark", "null as a batch",
	"wrong type", "broken syntax", "NaN and infinity as words", "compressed or UTF-16 input", "input too long",
	"nesting", "millions of empty arrays", "millions of empty items", "version member", "unknown members",
	"duplicate name", "duplicate name spelled with escapes", "duplicate name within a member",
	"known name in another case", "known name by Unicode case folding", "invalid UTF-8",
	"two names of invalid UTF-8", "surrogates", "U+0000", "overlong UTF-8 and encoded surrogates",
	"Unicode normal forms", "invisible and misleading characters", "empty name", "long name", "many fields",
	"JavaScript property names", "punctuation in names", "wire format names as field names",
	"names that differ in case", "large integer", "number too large", "long number literal",
	"the number 0 in many spellings", "the number 1 in many spellings", "smallest and greatest floats",
	"null, deleted and missing", "long value", "value of every type", "text that is not base64",
	"markup in text", "counter member", "timestamp", "nil and greatest client ID", "client ID form",
	"UUID version and variant", "too many items", "mutation without fields",
}

type verdict int

const (
	refusedBatch verdict = iota
	refusedItem
	accepted
)

// private is a value in refused input that must not appear in an error text. It is used in
// strings and in numbers.
const private = "427281"

const (
	someTime   = `"updatedAt":"2026-11-22T16:57:17.123000003Z"`
	someClient = `"clientId":"7f3c9a52-1d4e-4b6f-8a09-c2d5e6f71234"`
	someStamp  = someTime + "," + someClient
)

// anyPath is the path of a row that accepts any path.
const anyPath = "?"

// fieldOf returns a FieldValue, itemWith an item with the given data, and itemOfValue an item
// with a single value.
func fieldOf(value string) string { return `{"value":` + value + `,` + someStamp + `}` }

func itemWith(data string) string {
	return `{"table":"tasks","id":"t2","data":{` + data + `}}`
}

func itemOfValue(value string) string { return itemWith(`"title":` + fieldOf(value)) }

// goodItem returns a valid item. In every batch of these tests, one valid item comes before
// the item under test and another one after it.
func goodItem(id string) string {
	return `{"table":"tasks","id":"` + id + `","data":{"title":` + fieldOf(`"good"`) + `}}`
}

// badInputs returns all rows. Some of their texts are many MB long, so it builds them only
// once.
var badInputs = sync.OnceValue(func() []badInput {
	return slices.Concat(syntaxRows(), limitRows(), unknownRows(), duplicateRows(), nameRows(), textRows(), valueRows(), stampRows(), stampAcceptedRows())
})

// TestBadInputGetsItsVerdict checks that each row is accepted in its canonical form, or
// refused for the expected reason without an effect on its neighbours. Rows about Go values
// have tests of their own.
func TestBadInputGetsItsVerdict(t *testing.T) {
	skipUnderRace(t)
	seen := map[string]bool{}
	for _, row := range badInputs() {
		seen[row.kind] = true
		if testing.Short() && len(row.text) > 2<<20 {
			continue // smaller rows exceed the same limit, or TestDecodingAllocatesWithinBounds bounds the cost
		}
		t.Run(row.kind+"/"+row.name, func(t *testing.T) {
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
	for _, kind := range badKinds {
		require.True(t, seen[kind], "no row has the kind %q", kind)
	}
	require.Len(t, seen, len(badKinds))
}

// batches returns the items in both forms of a batch.
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

// testRefusedItem puts the item between valid ones, and checks that these are accepted with
// the same result as without it.
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

// state is the state of a replica after a batch.
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

// requireError checks the properties of every error of the decoder: the type, the path, an
// offset within the input, one line of text, and no private values.
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
		require.Contains(t, row.text, private, "the row has no private value that could leak")
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
	require.NoError(t, err, "the canonical form must be accepted")
	require.Equal(t, want, string(m.AppendJSON(nil)))
}
