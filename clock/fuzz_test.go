package clock_test

import (
	"bytes"
	"errors"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fieldlww/fieldlww/clock"
)

var strictTime = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|\+00:00)$`)

// FuzzTimestampText accepts exactly what the standard library accepts of the
// strict shape and within the range.
func FuzzTimestampText(f *testing.F) {
	for _, seed := range []string{
		"2026-11-22T16:57:17.123000003Z", "2026-11-22T16:57:17.123Z", "2026-11-22T16:57:17Z", "2026-11-22T16:57:17.5+00:00",
		"1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000001Z", "1969-12-31T23:59:59.999Z", "2262-04-10T23:59:59.999999999Z",
		"2262-04-11T00:00:00Z", "9999-12-31T23:59:59Z", "10000-01-01T00:00:00Z", "2000-02-29T00:00:00Z", "2100-02-29T00:00:00Z",
		"2026-11-22T16:57:60Z", "2026-11-22T24:00:00Z", "2026-11-22t16:57:17z", "2026-11-22T16:57:17,5Z", "2026-11-22T16:57:17.Z",
		"2026-11-22T16:57:17.1234567890Z", "2026-11-22T16:57:17-00:00", "2026-11-22T16:57:17+05:30", "2026-11-22T16:57:17Z ", "",
		"0000-01-01T00:00:00Z", "2026-11-22T16:57:17.1\x00", "+010889-08-02T05:31:50.655Z",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		std, stdErr := time.Parse(time.RFC3339Nano, string(text))
		want := stdErr == nil && strictTime.Match(text) && std.Unix() >= 0 &&
			!std.Equal(time.Unix(0, 0)) && !std.After(clock.MaxTimestamp.Time())

		var got clock.Timestamp
		err := got.UnmarshalText(text)
		if (err == nil) != want {
			t.Fatalf("%q: %v, want acceptance: %v", text, err, want)
		}
		if fromString, errString := clock.ParseTimestamp(string(text)); fromString != got || (errString == nil) != want {
			t.Fatalf("%q: bytes %d, %v; string %d, %v", text, got, err, fromString, errString)
		}
		if want {
			if int64(got) != std.UnixNano() {
				t.Fatalf("%q: %d, want %d", text, got, std.UnixNano())
			}
			readsBack(t, got)
		}
	})
}

// FuzzClientIDText accepts exactly what google/uuid accepts in 36 characters,
// but for the nil UUID.
func FuzzClientIDText(f *testing.F) {
	for _, seed := range []string{
		clientText, strings.ToUpper(clientText), "00000000-0000-0000-0000-000000000000", "{" + clientText + "}",
		"urn:uuid:" + clientText, strings.ReplaceAll(clientText, "-", ""), "ffffffff-ffff-ffff-ffff-ffffffffffff",
		"7f3c1a9e-52d4-4c8b-9d0e-1f2a3b4c5d6g", "7f3c1a9e-52d4-4c8b-9d0e-1f2a3b4c5d6", "",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		id, uuidErr := uuid.ParseBytes(text)
		want := len(text) == 36 && uuidErr == nil && id != uuid.Nil

		var got clock.ClientID
		err := got.UnmarshalText(text)
		if (err == nil) != want {
			t.Fatalf("%q: %v, want acceptance: %v", text, err, want)
		}
		if fromString, errString := clock.ParseClientID(string(text)); fromString != got || (errString == nil) != want {
			t.Fatalf("%q: bytes %v, %v; string %v, %v", text, got, err, fromString, errString)
		}
		if want {
			if got != clock.ClientID(id) {
				t.Fatalf("%q: %v, want %v", text, got, id)
			}
			readsBack(t, got)
		}
	})
}

// FuzzStampText accepts exactly two good parts with a slash between them.
func FuzzStampText(f *testing.F) {
	for _, seed := range []string{
		stampText, "2026-11-22T16:57:17Z/" + strings.ToUpper(clientText), "/", "//", stampText + "/" + clientText,
		"1970-01-01T00:00:00Z/" + clientText, "2026-11-22T16:57:17Z/00000000-0000-0000-0000-000000000000",
		"2026-11-22T16:57:17Z" + clientText, clientText + "/2026-11-22T16:57:17Z", "/" + clientText, "",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		left, right, found := strings.Cut(string(text), "/")
		at, timeErr := clock.ParseTimestamp(left)
		by, clientErr := clock.ParseClientID(right)
		want := found && timeErr == nil && clientErr == nil

		var got clock.Stamp
		err := got.UnmarshalText(text)
		if (err == nil) != want {
			t.Fatalf("%q: %v, want acceptance: %v", text, err, want)
		}
		if fromString, errString := clock.ParseStamp(string(text)); fromString != got || (errString == nil) != want {
			t.Fatalf("%q: bytes %v, %v; string %v, %v", text, got, err, fromString, errString)
		}
		if want {
			if got.Time != at || got.Client != by || !got.Valid() {
				t.Fatalf("%q: %v", text, got)
			}
			readsBack(t, got)
		}
	})
}

// FuzzBinary: whatever is accepted is written back as the same bytes.
func FuzzBinary(f *testing.F) {
	stamp, _ := clock.MustParseTimestamp("2026-11-22T16:57:17.123000003Z").MarshalBinary()
	f.Add(stamp)
	f.Add(append(stamp, bytes.Repeat([]byte{0x80}, 16)...))
	f.Add(make([]byte, 8))
	f.Add(make([]byte, 16))
	f.Add(make([]byte, 24))
	f.Add(bytes.Repeat([]byte{0xff}, 8))
	f.Add(bytes.Repeat([]byte{0x7f}, 24))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		var at clock.Timestamp
		if at.UnmarshalBinary(data) == nil {
			if back, _ := at.MarshalBinary(); !bytes.Equal(back, data) || at < 0 {
				t.Fatalf("timestamp %d of %x", at, data)
			}
		}
		var by clock.ClientID
		if by.UnmarshalBinary(data) == nil {
			if back, _ := by.MarshalBinary(); !bytes.Equal(back, data) {
				t.Fatalf("client ID %v of %x", by, data)
			}
		}
		var stamp clock.Stamp
		if stamp.UnmarshalBinary(data) == nil {
			if back, _ := stamp.MarshalBinary(); !bytes.Equal(back, data) || !stamp.IsZero() && !stamp.Valid() {
				t.Fatalf("stamp %v of %x", stamp, data)
			}
		}
	})
}

// FuzzScan: text scans as it parses, integers within the range scan as
// themselves, and a refusal leaves the receiver alone.
func FuzzScan(f *testing.F) {
	f.Add([]byte(stampText), int64(0))
	f.Add([]byte(clientText), int64(1_795_366_637_123_000_003))
	f.Add([]byte("2026-11-22T16:57:17Z"), int64(-1))
	f.Add([]byte("0123456789abcdef"), int64(clock.MaxTimestamp))
	f.Add([]byte("1970-01-01T00:00:00Z"), int64(clock.MaxTimestamp+1))
	f.Add([]byte("2262-04-11T23:47:16.854775807Z"), int64(math.MaxInt64))
	f.Add([]byte("2262-04-11T23:47:16.854775808Z/"+clientText), int64(math.MinInt64))
	f.Fuzz(func(t *testing.T, text []byte, n int64) {
		at, had := clock.Timestamp(5), clock.Timestamp(5)
		if err := at.Scan(n); (err == nil) != (n >= 0) {
			t.Fatalf("%d: %v", n, err)
		} else if err == nil {
			had = clock.Timestamp(n)
		}
		if at != had {
			t.Fatalf("%d scans as %d", n, at)
		}

		parsed, parseErr := clock.ParseTimestamp(string(text))
		if std, err := time.Parse(time.RFC3339Nano, string(text)); err == nil && errors.Is(parseErr, clock.ErrAhead) && !std.After(time.Unix(0, math.MaxInt64)) {
			parsed, parseErr = clock.Timestamp(std.UnixNano()), nil
		}
		if err := at.Scan(text); (err == nil) != (parseErr == nil) || err == nil && at != parsed || err != nil && at != had {
			t.Fatalf("%q: %d, %v", text, at, err)
		}

		by := clock.ClientID{5}
		id, parseErr := clock.ParseClientID(string(text))
		switch err := by.Scan(text); {
		case len(text) == 16:
			if err != nil || !bytes.Equal(by[:], text) {
				t.Fatalf("%x: %v, %v", text, by, err)
			}
		case (err == nil) != (parseErr == nil) || err == nil && by != id || err != nil && by != clock.ClientID{5}:
			t.Fatalf("%q: %v, %v", text, by, err)
		}

		stamp := clock.Stamp{Time: 5}
		both, parseErr := clock.ParseStamp(string(text))
		if errors.Is(parseErr, clock.ErrAhead) && stamp.Scan(text) == nil {
			if stamp.Time <= clock.MaxTimestamp || !stamp.Valid() {
				t.Fatalf("%q: %v", text, stamp)
			}
			return
		}
		if err := stamp.Scan(text); (err == nil) != (parseErr == nil) || err == nil && stamp != both || err != nil && stamp != (clock.Stamp{Time: 5}) {
			t.Fatalf("%q: %v, %v", text, stamp, err)
		}
	})
}
