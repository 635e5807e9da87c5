package record_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// TestOnlyATrustedDecoderReadsEditsOfTheLastDay checks the edits of a client that has
// observed the greatest timestamp: they win over the writes that it saw, its own host can
// save and read its outbox, and no other host accepts them.
func TestOnlyATrustedDecoderReadsEditsOfTheLastDay(t *testing.T) {
	key, own := record.Key{Table: "tasks", ID: "1"}, clock.ClientID{1}
	var d record.Decoder
	seen, err := d.Record(key, []byte(`{"title":{"value":1,"updatedAt":"2262-04-10T23:59:59.999999999Z","clientId":"91aa04d7-53f0-4d6e-9a4f-6c2b8e7f5a20"}}`))
	require.NoError(t, err)
	_, sentinel := seen.At(0)
	for _, at := range []clock.Timestamp{clock.MaxTimestamp + 1, clock.MaxTimestamp + 2, math.MaxInt64} {
		first, err := seen.Edit(clock.Stamp{Time: at, Client: own}).Set("title", "mine").Delete("due").Mutation()
		require.NoError(t, err)
		w, _ := first.Data.Get("title")
		require.Positive(t, w.Compare(sentinel))
		var b record.Builder
		shown, changed, err := b.Join(seen, first.Data)
		require.NoError(t, err)
		require.True(t, changed)
		again := record.Mutation{Data: first.Data, Base: map[string]clock.Stamp{"title": w.Stamp}}

		saved := record.Decoder{Trusted: true}
		for _, m := range []record.Mutation{first, again} {
			text := m.AppendJSON(nil)
			got, err := saved.Mutation(text)
			require.NoError(t, err)
			require.Equal(t, m.Base, got.Base)
			require.True(t, m.Data.Equal(got.Data))
			items, err := saved.Batch(append(text, '\n'))
			require.NoError(t, err)
			require.NoError(t, items[0].Err)

			_, err = d.Mutation(text)
			require.ErrorIs(t, err, record.ErrStamp)
			require.ErrorIs(t, err, clock.ErrAhead)
			require.ErrorIs(t, json.Unmarshal(text, &got), record.ErrStamp)
			items, err = d.Batch(text)
			require.NoError(t, err)
			require.ErrorIs(t, items[0].Err, record.ErrStamp)
		}
		text := shown.AppendJSON(nil)
		got, err := saved.Record(key, text)
		require.NoError(t, err)
		require.True(t, shown.Equal(got))
		column := record.New(key)
		require.NoError(t, column.Scan(text))
		require.True(t, shown.Equal(column))
		require.ErrorIs(t, column.UnmarshalJSON(text), record.ErrStamp)
		var one record.FieldValue
		require.ErrorIs(t, one.UnmarshalJSON(w.AppendJSON(nil)), record.ErrStamp)
	}
	// A timestamp greater than an int64 can hold is refused even on the client's own host.
	saved := record.Decoder{Trusted: true}
	for _, text := range []string{"2262-04-11T23:47:16.854775808Z", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "yesterday"} {
		_, err := saved.Mutation([]byte(itemAt(text, goodClient)))
		require.ErrorIs(t, err, record.ErrStamp, text)
	}
}

// An outbox can be restamped whether the clock is below or above clock.MaxTimestamp.
func TestRestampMovesIntoAndOutOfTheLastDay(t *testing.T) {
	at := func(n clock.Timestamp) clock.Stamp { return clock.Stamp{Time: n, Client: clock.ClientID{1}} }
	r := record.New(record.Key{Table: "tasks", ID: "1"})
	first, err := r.Edit(at(5)).Set("title", 1).Mutation()
	require.NoError(t, err)
	second, err := first.Data.Edit(at(6)).Set("title", 2).Mutation()
	require.NoError(t, err)
	for _, last := range []clock.Timestamp{clock.MaxTimestamp, clock.MaxTimestamp - 1, clock.MaxTimestamp + 7, 100} {
		next := last
		moved, err := record.Restamp([]record.Mutation{first, second}, func() clock.Stamp { next++; return at(next) })
		require.NoError(t, err)
		w, _ := moved[1].Data.Get("title")
		require.Equal(t, at(last+2), w.Stamp)
		require.Equal(t, at(last+1), moved[1].Base["title"])
		first, second = moved[0], moved[1]
	}
}
