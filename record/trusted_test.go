package record_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// grown returns a record of 2n fields that two mutations of n fields each build up, as two
// pushes do.
func grown(t *testing.T, n int, value any) record.Record {
	var b record.Builder
	r := record.New(record.Key{Table: "tasks", ID: "1"})
	for half := range 2 {
		edit := r.Edit(clock.Stamp{Time: clock.Timestamp(half + 1), Client: clock.ClientID{1}})
		for i := range n {
			edit.Set(fmt.Sprintf("f%d", half*n+i), value)
		}
		m, err := edit.Mutation()
		require.NoError(t, err)
		r, _, err = b.Join(r, m.Data)
		require.NoError(t, err)
	}
	return r
}

// TestTrustedReadsRecordsLargerThanAnyPush checks that every way of reading stored data reads
// back a record larger than any push, and that the record is refused as untrusted input.
func TestTrustedReadsRecordsLargerThanAnyPush(t *testing.T) {
	pushed := record.Decoder{Limits: record.Limits{Depth: 40}} // a limit that a server might set
	deep, err := pushed.Value([]byte(strings.Repeat("[", 33) + strings.Repeat("]", 33)))
	require.NoError(t, err)
	for what, r := range map[string]record.Record{
		"fields": grown(t, 5001, 1),
		"bytes":  grown(t, 9, strings.Repeat("x", 1<<20-2)),
		"depth":  grown(t, 1, deep),
		"value":  grown(t, 1, strings.Repeat("x", 1<<20)),
	} {
		t.Run(what, func(t *testing.T) {
			text := r.AppendJSON(nil)
			m := record.Mutation{Data: r}
			line := m.AppendJSON(nil)
			_, last := r.At(r.Len() - 1)

			trusted := record.Decoder{Trusted: true}
			got, err := trusted.Record(r.Key(), text)
			require.NoError(t, err)
			require.True(t, got.Equal(r))
			pulled, err := trusted.Mutation(line)
			require.NoError(t, err)
			require.True(t, pulled.Data.Equal(r))
			items, err := trusted.Batch(append(line, '\n'))
			require.NoError(t, err)
			require.NoError(t, items[0].Err)
			require.True(t, items[0].Mutation.Data.Equal(r))
			w, err := trusted.FieldValue(last.AppendJSON(nil))
			require.NoError(t, err)
			require.Equal(t, last, w)
			v, err := trusted.Value([]byte(last.Value.JSON()))
			require.NoError(t, err)
			require.Equal(t, last.Value, v)
			got = record.New(r.Key())
			require.NoError(t, got.Scan(text))
			require.True(t, got.Equal(r))
			require.NoError(t, v.Scan(last.Value.JSON()))

			var zero record.Decoder
			_, err = zero.Record(r.Key(), text)
			requireLimit(t, what, err)
			_, err = zero.Mutation(line)
			requireLimit(t, what, err)
			items, err = zero.Batch(line)
			if err == nil {
				err = items[0].Err
			}
			requireLimit(t, what, err)
			requireLimit(t, what, got.UnmarshalJSON(text))
			requireLimit(t, what, json.Unmarshal(line, &m))
		})
	}
}

func requireLimit(t *testing.T, what string, err error) {
	t.Helper()
	var limit *record.LimitError
	require.ErrorAs(t, err, &limit)
	require.Equal(t, what, limit.What)
}

// TestTrustedObeysExplicitLimits checks that Limits apply to trusted input too, and that each
// limit left at 0 is off.
func TestTrustedObeysExplicitLimits(t *testing.T) {
	wide := []byte(`{"a":` + fieldOf("[[1]]") + `,"b":` + fieldOf("2") + `}`)
	for what, limits := range map[string]record.Limits{
		"bytes":  {Bytes: len(wide) - 1},
		"fields": {Fields: 1},
		"depth":  {Depth: 1},
		"value":  {Value: 4},
	} {
		d := record.Decoder{Trusted: true, Limits: limits}
		_, err := d.Record(costKey, wide)
		requireLimit(t, what, err)
	}
	d := record.Decoder{Trusted: true, Limits: record.Limits{Exact: true}}
	_, err := d.Value([]byte("18446744073709551615"))
	require.ErrorIs(t, err, record.ErrInexact)
	_, err = d.Value([]byte(strings.Repeat("[", 1001) + strings.Repeat("]", 1001)))
	requireLimit(t, "depth", err)
	require.ErrorContains(t, err, "1000 levels")
}
