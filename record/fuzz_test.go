package record_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/internal/opinion"
)

// seeds adds all bad and valid inputs as seeds, and also the data and the value within each
// input.
func seeds(f *testing.F) {
	texts := []string{goodBatch, "[]", "{}", "null", "1e20", `"\ud83d\ude00"`, `{"b":{"d":1,"c":[1e2,-0]},"a":"\u0000"}`, strings.Join(goodLines, "\n")}
	texts = append(texts, goodLines...)
	for _, row := range badInputs() {
		texts = append(texts, row.text)
	}
	for _, text := range texts {
		if len(text) > 1<<12 {
			continue
		}
		f.Add([]byte(text))
		if _, data, ok := strings.Cut(text, `"data":`); ok {
			f.Add([]byte(strings.TrimSuffix(data, "}")))
		}
		if _, value, ok := strings.Cut(text, `"value":`); ok {
			value, _, _ = strings.Cut(value, `,"updatedAt"`)
			f.Add([]byte(value))
		}
	}
}

// checkRefusal checks the properties of every refusal: its type, an offset within the input,
// and a text that is fit for a log.
func checkRefusal(t require.TestingT, text []byte, err error) {
	var e *record.Error
	require.ErrorAs(t, err, &e)
	require.GreaterOrEqual(t, e.Offset, 0)
	require.LessOrEqual(t, e.Offset, len(text))
	message := err.Error()
	require.True(t, utf8.ValidString(message))
	require.Less(t, len(message), 2000)
	require.NotContains(t, message, "\n")
	reasons := 0
	for _, reason := range []error{
		record.ErrSyntax, record.ErrUTF8, record.ErrDuplicate, record.ErrName, record.ErrType, record.ErrMissing,
		record.ErrValueForm, record.ErrNumber, record.ErrStamp, record.ErrClient, record.ErrLimit,
		record.ErrColumns, record.ErrVersion,
	} {
		if errors.Is(err, reason) {
			reasons++
		}
	}
	require.Equal(t, 1, reasons, "%v", err)
}

// checkValue compares the decoder with package opinion: both must accept the same texts and
// return the same canonical form.
func checkValue(t require.TestingT, d *record.Decoder, text []byte) {
	value, err := d.Value(text)
	want, syntax, refused := opinion.Of(text)
	if err != nil {
		checkRefusal(t, text, err)
		require.Zero(t, value)
		require.Error(t, refused, "refused %q: %v", text, err)
		return
	}
	require.True(t, syntax, "accepted %q, which is not JSON", text)
	require.NoError(t, refused, "accepted %q", text)
	require.Equal(t, want, value.JSON())
	again, err := d.Value([]byte(value.JSON()))
	require.NoError(t, err)
	require.True(t, value == again)
}

func FuzzRecord(f *testing.F) {
	seeds(f)
	var d record.Decoder
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := d.Record(costKey, text)
		if err != nil {
			checkRefusal(t, text, err)
			require.Zero(t, r)
			return
		}
		require.True(t, json.Valid(text))
		canonical := r.AppendJSON(nil)
		require.Equal(t, plainRecord(t, text), string(canonical))
		again, err := d.Record(costKey, canonical)
		require.NoError(t, err)
		require.True(t, r.Equal(again))
		require.Equal(t, string(canonical), string(again.AppendJSON(nil)))
	})
}

func FuzzMutation(f *testing.F) {
	seeds(f)
	var d record.Decoder
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := d.Mutation(text)
		if err != nil {
			checkRefusal(t, text, err)
			require.Equal(t, record.Mutation{}, m)
			return
		}
		require.True(t, json.Valid(text))
		checkMutation(t, &d, m)
		require.Equal(t, plainMutation(t, text), string(m.AppendJSON(nil)))
	})
}

// checkMutation checks that the canonical form of a mutation is read as an equal mutation.
func checkMutation(t require.TestingT, d *record.Decoder, m record.Mutation) {
	require.NoError(t, m.Data.Key().Check())
	for name, w := range m.Data.All() {
		require.NoError(t, w.Check(name))
	}
	canonical := m.AppendJSON(nil)
	again, err := d.Mutation(canonical)
	require.NoError(t, err)
	require.Equal(t, string(canonical), string(again.AppendJSON(nil)))
	require.True(t, m.Data.Equal(again.Data))
	require.Len(t, again.Base, len(m.Base))
	for name, stamp := range m.Base {
		require.Equal(t, stamp, again.Base[name])
	}
	require.Equal(t, m.New, again.New)
}

func FuzzBatch(f *testing.F) {
	seeds(f)
	var d record.Decoder
	f.Fuzz(func(t *testing.T, text []byte) {
		items, err := d.Batch(text)
		if err != nil {
			checkRefusal(t, text, err)
			require.Nil(t, items)
			return
		}
		parts := plainBatch(t, text)
		require.Len(t, items, len(parts))
		for i, item := range items {
			m, err := d.Mutation(parts[i])
			if item.Err != nil {
				checkRefusal(t, text, item.Err)
				require.Error(t, err)
				require.Zero(t, item.Mutation.Data.Len())
				continue
			}
			require.NoError(t, err)
			require.Equal(t, string(m.AppendJSON(nil)), string(item.Mutation.AppendJSON(nil)))
		}
	})
}

// FuzzScan checks that Scan agrees with a trusted Decoder on every text, and that a record
// that was read can be stored and read again.
func FuzzScan(f *testing.F) {
	seeds(f)
	d := record.Decoder{Trusted: true}
	f.Fuzz(func(t *testing.T, text []byte) {
		want, wantErr := d.Record(costKey, text)
		for _, column := range []any{text, string(text)} {
			before, err := d.Record(costKey, []byte(`{"old":`+fieldOf("1")+`}`))
			require.NoError(t, err)
			got := before
			err = got.Scan(column)
			if wantErr != nil {
				require.EqualError(t, err, wantErr.Error())
				require.True(t, got.Equal(before), "a refused column must not change the record")
				continue
			}
			require.NoError(t, err)
			require.True(t, got.Equal(want))
			stored, err := got.Value()
			require.NoError(t, err)
			back := record.New(costKey)
			require.NoError(t, back.Scan(stored))
			require.True(t, back.Equal(got))
		}
	})
}

// plainBatch returns the items as encoding/json splits them.
func plainBatch(t require.TestingT, text []byte) []json.RawMessage {
	var parts []json.RawMessage
	d := json.NewDecoder(bytes.NewReader(text))
	if bytes.TrimLeft(text, " \t\r\n")[0] == '[' {
		require.NoError(t, json.Unmarshal(text, &parts))
		return parts
	}
	for {
		var part json.RawMessage
		err := d.Decode(&part)
		if err == io.EOF {
			return parts
		}
		require.NoError(t, err)
		parts = append(parts, part)
	}
}

// plainWire is a write as encoding/json reads it. It must agree with the decoder on every
// input that the decoder accepted.
type plainWire struct {
	Value     json.RawMessage
	Deleted   bool
	UpdatedAt string
	ClientID  string
}

func plainRecord(t require.TestingT, text []byte) string {
	var fields map[string]plainWire
	require.NoError(t, json.Unmarshal(text, &fields))
	var members []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		w := fields[name]
		member := opinion.Quote(name) + `:{"deleted":true,`
		if !w.Deleted {
			value, _, err := opinion.Of(w.Value)
			require.NoError(t, err)
			member = opinion.Quote(name) + `:{"value":` + value + `,`
		}
		members = append(members, member+plainStamp(t, w)+"}")
	}
	return "{" + strings.Join(members, ",") + "}"
}

func plainStamp(t require.TestingT, w plainWire) string {
	time, err := clock.ParseTimestamp(w.UpdatedAt)
	require.NoError(t, err)
	return `"updatedAt":"` + time.String() + `","clientId":"` + strings.ToLower(w.ClientID) + `"`
}

func plainMutation(t require.TestingT, text []byte) string {
	var m struct {
		Table, ID string
		Data      json.RawMessage
		Base      map[string]*plainWire
		New       bool
		Seen      *record.Seen
	}
	require.NoError(t, json.Unmarshal(text, &m))
	var written map[string]plainWire
	require.NoError(t, json.Unmarshal(m.Data, &written))
	var members []string
	for _, name := range slices.Sorted(maps.Keys(m.Base)) {
		if _, ok := written[name]; !ok {
			continue
		}
		member := "null"
		if w := m.Base[name]; w != nil {
			member = "{" + plainStamp(t, *w) + "}"
		}
		members = append(members, opinion.Quote(name)+":"+member)
	}
	base := ""
	if len(members) > 0 {
		base = `,"base":{` + strings.Join(members, ",") + "}"
	}
	created := ""
	if m.New {
		created = `,"new":true`
	}
	seen := ""
	if m.Seen != nil {
		seen = fmt.Sprintf(`,"seen":{"epoch":%s,"seq":%d}`, opinion.Quote(m.Seen.Epoch), m.Seen.Seq)
	}
	return `{"table":` + opinion.Quote(m.Table) + `,"id":` + opinion.Quote(m.ID) + `,"data":` + plainRecord(t, m.Data) + base + created + seen + "}"
}

// TestDecoderAgreesWithTheSecondOpinion compares Decoder.Value with package opinion, an
// independent implementation, on all bad inputs.
func TestDecoderAgreesWithTheSecondOpinion(t *testing.T) {
	var d record.Decoder
	for _, row := range badInputs() {
		if len(row.text) < 1<<12 {
			checkValue(t, &d, []byte(row.text))
		}
	}
}
