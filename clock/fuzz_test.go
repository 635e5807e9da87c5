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

// FuzzTimestampText: a text is accepted if and only if it has the strict form,
// the standard library parses it, and its time is within the range.
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
			t.Fatalf("%q: error %v, want accepted: %v", text, err, want)
		}
		if fromString, errString := clock.ParseTimestamp(string(text)); fromString != got || (errString == nil) != want {
			t.Fatalf("%q decodes from bytes to %d, error %v, and from a string to %d, error %v", text, got, err, fromString, errString)
		}
		if want {
			if int64(got) != std.UnixNano() {
				t.Fatalf("%q decodes to %d, want %d", text, got, std.UnixNano())
			}
			readsBack(t, got)
		}
	})
}

// FuzzClientIDText: a text is accepted if and only if it has 36 characters,
// google/uuid parses it, and it is not the nil UUID.
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
			t.Fatalf("%q: error %v, want accepted: %v", text, err, want)
		}
		if fromString, errString := clock.ParseClientID(string(text)); fromString != got || (errString == nil) != want {
			t.Fatalf("%q decodes from bytes to %v, error %v, and from a string to %v, error %v", text, got, err, fromString, errString)
		}
		if want {
			if got != clock.ClientID(id) {
				t.Fatalf("%q decodes to %v, want %v", text, got, id)
			}
			readsBack(t, got)
		}
	})
}

// FuzzStampText: a text is accepted if and only if it consists of a valid
// timestamp, a slash and a valid client ID.
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
			t.Fatalf("%q: error %v, want accepted: %v", text, err, want)
		}
		if fromString, errString := clock.ParseStamp(string(text)); fromString != got || (errString == nil) != want {
			t.Fatalf("%q decodes from bytes to %v, error %v, and from a string to %v, error %v", text, got, err, fromString, errString)
		}
		if want {
			if got.Time != at || got.Client != by || !got.Valid() {
				t.Fatalf("%q decodes to the wrong stamp %v", text, got)
			}
			readsBack(t, got)
		}
	})
}

// FuzzBinary: accepted bytes decode to a value that encodes to the same bytes.
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
				t.Fatalf("timestamp %d, decoded from %x, is negative or encodes to other bytes", at, data)
			}
		}
		var by clock.ClientID
		if by.UnmarshalBinary(data) == nil {
			if back, _ := by.MarshalBinary(); !bytes.Equal(back, data) {
				t.Fatalf("client ID %v, decoded from %x, encodes to other bytes", by, data)
			}
		}
		var stamp clock.Stamp
		if stamp.UnmarshalBinary(data) == nil {
			if back, _ := stamp.MarshalBinary(); !bytes.Equal(back, data) || !stamp.IsZero() && !stamp.Valid() {
				t.Fatalf("stamp %v, decoded from %x, is invalid or encodes to other bytes", stamp, data)
			}
		}
	})
}

// FuzzScan: Scan accepts the texts that the parsers accept, and times after
// MaxTimestamp as well. It accepts every integer that is not negative. A refusal
// leaves the receiver unchanged.
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
			t.Fatalf("Scan of %d: error %v", n, err)
		} else if err == nil {
			had = clock.Timestamp(n)
		}
		if at != had {
			t.Fatalf("after Scan of %d the timestamp is %d", n, at)
		}

		parsed, parseErr := clock.ParseTimestamp(string(text))
		if std, err := time.Parse(time.RFC3339Nano, string(text)); err == nil && errors.Is(parseErr, clock.ErrAhead) && !std.After(time.Unix(0, math.MaxInt64)) {
			parsed, parseErr = clock.Timestamp(std.UnixNano()), nil
		}
		if err := at.Scan(text); (err == nil) != (parseErr == nil) || err == nil && at != parsed || err != nil && at != had {
			t.Fatalf("Scan of %q: timestamp %d, error %v", text, at, err)
		}

		by := clock.ClientID{5}
		id, parseErr := clock.ParseClientID(string(text))
		switch err := by.Scan(text); {
		case len(text) == 16:
			if err != nil || !bytes.Equal(by[:], text) {
				t.Fatalf("Scan of the bytes %x: client ID %v, error %v", text, by, err)
			}
		case (err == nil) != (parseErr == nil) || err == nil && by != id || err != nil && by != clock.ClientID{5}:
			t.Fatalf("Scan of %q: client ID %v, error %v", text, by, err)
		}

		stamp := clock.Stamp{Time: 5}
		both, parseErr := clock.ParseStamp(string(text))
		if errors.Is(parseErr, clock.ErrAhead) && stamp.Scan(text) == nil {
			if stamp.Time <= clock.MaxTimestamp || !stamp.Valid() {
				t.Fatalf("Scan of %q: stamp %v is invalid, or is not after MaxTimestamp", text, stamp)
			}
			return
		}
		if err := stamp.Scan(text); (err == nil) != (parseErr == nil) || err == nil && stamp != both || err != nil && stamp != (clock.Stamp{Time: 5}) {
			t.Fatalf("Scan of %q: stamp %v, error %v", text, stamp, err)
		}
	})
}
