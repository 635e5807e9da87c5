package clock_test

import (
	"bytes"
	"database/sql"
	"database/sql/driver"
	"encoding"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
)

// form lists the encoders that all three value types implement, and decoder lists the decoders.
type form interface {
	comparable
	fmt.Stringer
	encoding.TextAppender
	encoding.TextMarshaler
	encoding.BinaryAppender
	encoding.BinaryMarshaler
	driver.Valuer
}

type decoder[T any] interface {
	*T
	encoding.TextUnmarshaler
	encoding.BinaryUnmarshaler
	sql.Scanner
}

func sameOrder[T form](t tester, a, b T, want int) {
	t.Helper()
	if got := strings.Compare(a.String(), b.String()); got != want {
		t.Fatalf("texts of %v and %v compare as %d, want %d", a, b, got, want)
	}
	binA, _ := a.MarshalBinary()
	binB, _ := b.MarshalBinary()
	if got := bytes.Compare(binA, binB); got != want {
		t.Fatalf("bytes of %v and %v compare as %d, want %d", a, b, got, want)
	}
}

// readsBack checks that the forms of v agree with each other and decode to v again.
func readsBack[T form, P decoder[T]](t tester, v T) {
	t.Helper()
	check := func(form string, got T, err error) {
		t.Helper()
		if err != nil || got != v {
			t.Fatalf("%s of %v decodes to %v, error %v", form, v, got, err)
		}
	}
	var fromText, fromBinary, fromSQL T
	text, _ := v.MarshalText()
	check("text", fromText, P(&fromText).UnmarshalText(text))
	binary, _ := v.MarshalBinary()
	check("binary form", fromBinary, P(&fromBinary).UnmarshalBinary(binary))
	value, _ := v.Value()
	check("SQL form", fromSQL, P(&fromSQL).Scan(value))

	appended, _ := v.AppendText([]byte("x"))
	if string(text) != v.String() || string(appended) != "x"+v.String() {
		t.Fatalf("texts differ: %s, %s, %s", v, text, appended)
	}
	appended, _ = v.AppendBinary([]byte("x"))
	if string(appended) != "x"+string(binary) {
		t.Fatalf("binary forms differ: %x, %x", binary, appended)
	}
}

// refuses checks that no decoder accepts the text, neither as a string nor as
// bytes, and that the receiver stays unchanged.
func refuses[T form, P decoder[T]](t *testing.T, had T, text string, want error) {
	t.Helper()
	for name, read := range map[string]func(P) error{
		"UnmarshalText": func(p P) error { return p.UnmarshalText([]byte(text)) },
		"Scan string":   func(p P) error { return p.Scan(text) },
		"Scan bytes":    func(p P) error { return p.Scan([]byte(text)) },
	} {
		got := had
		err := read(P(&got))
		require.ErrorIs(t, err, want, "%s %q", name, text)
		var e *clock.ParseError
		require.ErrorAs(t, err, &e)
		require.Equal(t, had, got, "%s %q changed the receiver", name, text)
		if len(text) > 5 {
			require.NotContains(t, err.Error(), text)
		}
	}
}

// TestWrongLengthHasNoOffset: bytes of the wrong length are invalid as a whole, so the error
// names no offset. The error for a text with an invalid first byte has offset 0.
func TestWrongLengthHasNoOffset(t *testing.T) {
	var timestamp clock.Timestamp
	var client clock.ClientID
	var stamp clock.Stamp
	for _, err := range []error{timestamp.UnmarshalBinary(nil), client.UnmarshalBinary(nil), stamp.UnmarshalBinary(nil)} {
		var e *clock.ParseError
		require.ErrorAs(t, err, &e)
		require.Equal(t, -1, e.Offset, err)
		require.NotContains(t, err.Error(), "offset")
	}
	_, err := clock.ParseTimestamp("x026-11-22T16:57:17Z")
	require.EqualError(t, err, "clock: timestamp: want a digit at offset 0")
}

// TestUnmarshalBinaryRefusesInvalidBytes covers wrong lengths and values out of range.
func TestUnmarshalBinaryRefusesInvalidBytes(t *testing.T) {
	timestamp, client := at(t0, 3), clock.ClientID{1}
	stamp := clock.Stamp{Time: timestamp, Client: client}
	for n := range 40 {
		data := bytes.Repeat([]byte{1}, n)
		if n != 8 {
			require.ErrorIs(t, timestamp.UnmarshalBinary(data), clock.ErrSyntax, n)
		}
		if n != 16 {
			require.ErrorIs(t, client.UnmarshalBinary(data), clock.ErrSyntax, n)
		}
		if n != 24 {
			require.ErrorIs(t, stamp.UnmarshalBinary(data), clock.ErrSyntax, n)
		}
	}
	for _, outside := range []clock.Timestamp{-1, math.MinInt64} {
		data, _ := outside.MarshalBinary()
		require.ErrorIs(t, timestamp.UnmarshalBinary(data), clock.ErrRange)
		data, _ = clock.Stamp{Time: outside, Client: client}.MarshalBinary()
		require.ErrorIs(t, stamp.UnmarshalBinary(data), clock.ErrRange)
	}
	for _, half := range []clock.Stamp{{Time: timestamp}, {Client: client}} {
		data, _ := half.MarshalBinary()
		require.ErrorIs(t, stamp.UnmarshalBinary(data), clock.ErrRange)
	}
	require.Equal(t, at(t0, 3), timestamp)
	require.Equal(t, clock.ClientID{1}, client)
	require.Equal(t, clock.Stamp{Time: at(t0, 3), Client: clock.ClientID{1}}, stamp)
}

// TestZeroIsStoredAsZeroOrNULL: in storage, zero and NULL mean "never written". Decoders of text
// refuse the zero values.
func TestZeroIsStoredAsZeroOrNULL(t *testing.T) {
	timestamp, client, stamp := at(t0, 3), clock.ClientID{1}, clock.Stamp{Time: 1}

	value, err := clock.Timestamp(0).Value()
	require.NoError(t, err)
	require.Equal(t, int64(0), value)
	value, err = clock.ClientID{}.Value()
	require.NoError(t, err)
	require.Nil(t, value)
	value, err = clock.Stamp{}.Value()
	require.NoError(t, err)
	require.Nil(t, value)

	for _, zero := range []any{nil, int64(0)} {
		timestamp = 1
		require.NoError(t, timestamp.Scan(zero))
		require.True(t, timestamp.IsZero())
	}
	for _, zero := range []any{nil, make([]byte, 16)} {
		client = clock.ClientID{1}
		require.NoError(t, client.Scan(zero))
		require.True(t, client.IsZero())
	}
	require.NoError(t, stamp.Scan(nil))
	require.True(t, stamp.IsZero())

	timestamp, client, stamp = 1, clock.ClientID{1}, clock.Stamp{Time: 1}
	require.NoError(t, timestamp.UnmarshalBinary(make([]byte, 8)))
	require.NoError(t, client.UnmarshalBinary(make([]byte, 16)))
	require.NoError(t, stamp.UnmarshalBinary(make([]byte, 24)))
	require.True(t, timestamp.IsZero() && client.IsZero() && stamp.IsZero())

	refuses(t, timestamp, clock.Timestamp(0).String(), clock.ErrRange)
	refuses(t, client, clock.ClientID{}.String(), clock.ErrRange)
	refuses(t, stamp, clock.Stamp{}.String(), clock.ErrRange)
}

// TestScanRefusesOtherColumnTypes: Scan refuses columns of other types, above all time
// columns.
func TestScanRefusesOtherColumnTypes(t *testing.T) {
	for _, src := range []any{
		time.UnixMilli(t0), 1.5, true, int(5), []int{1}, int64(-1), int64(math.MinInt64),
	} {
		timestamp := at(t0, 3)
		err := timestamp.Scan(src)
		var e *clock.ParseError
		require.ErrorAs(t, err, &e, "%T", src)
		require.Equal(t, at(t0, 3), timestamp)
	}
	var timestamp clock.Timestamp
	require.ErrorContains(t, timestamp.Scan(time.UnixMilli(t0)), "microseconds")
	require.ErrorContains(t, timestamp.Scan(1.5), "float64")

	for _, src := range []any{time.UnixMilli(t0), int64(5), 1.5, make([]byte, 15), make([]byte, 17), strings.Repeat("\x01", 16)} {
		var client clock.ClientID
		require.ErrorIs(t, client.Scan(src), clock.ErrSyntax, "%T", src)
		var stamp clock.Stamp
		require.ErrorIs(t, stamp.Scan(src), clock.ErrSyntax, "%T", src)
	}
}

// TestJSONUsesOnlyStrings: in JSON, timestamps and client IDs are strings. Every other JSON
// type is refused.
func TestJSONUsesOnlyStrings(t *testing.T) {
	type row struct {
		At clock.Timestamp `json:"at,omitzero"`
		By clock.ClientID  `json:"by,omitzero"`
	}
	id := clock.MustParseClientID("7f3c1a9e-52d4-4c8b-9d0e-1f2a3b4c5d6e")
	text, err := json.Marshal(row{At: at(t0, 3), By: id})
	require.NoError(t, err)
	require.JSONEq(t, `{"at":"2026-11-22T16:57:17.123000003Z","by":"7f3c1a9e-52d4-4c8b-9d0e-1f2a3b4c5d6e"}`, string(text))
	var back row
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, row{At: at(t0, 3), By: id}, back)

	text, err = json.Marshal(row{})
	require.NoError(t, err)
	require.Equal(t, `{}`, string(text))

	// Some encoders escape characters that need no escape.
	require.NoError(t, json.Unmarshal([]byte(`{"at":"2026-11-22T16:57:17\u002B00:00"}`), &back))

	var typeError *json.UnmarshalTypeError
	for _, number := range []string{"1795366637123000003", "0", "-1", "1e3", "true", "{}", "[]"} {
		err := json.Unmarshal([]byte(`{"at":`+number+`}`), &back)
		require.ErrorAs(t, err, &typeError, "JSON value %s", number)
	}
}
