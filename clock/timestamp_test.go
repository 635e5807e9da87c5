package clock_test

import (
	"encoding/hex"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
)

// TestTimestampTextAndBytes checks the forms of timestamps up to the ends of the range.
func TestTimestampTextAndBytes(t *testing.T) {
	tests := []struct {
		name    string
		value   clock.Timestamp
		ms      int64
		counter int
		text    string
		hex     string
	}{
		{"zero", 0, 0, 0, "1970-01-01T00:00:00.000000000Z", "0000000000000000"},
		{"counter 0", 1_795_366_637_123_000_000, t0, 0, "2026-11-22T16:57:17.123000000Z", "18ea6c71b74dd6c0"},
		{"counter 3", 1_795_366_637_123_000_003, t0, 3, "2026-11-22T16:57:17.123000003Z", "18ea6c71b74dd6c3"},
		{"counter 65535", 1_795_366_637_123_065_535, t0, 65_535, "2026-11-22T16:57:17.123065535Z", "18ea6c71b74ed6bf"},
		{"counter 65536", 1_795_366_637_123_065_536, t0, 65_536, "2026-11-22T16:57:17.123065536Z", "18ea6c71b74ed6c0"},
		{"first timestamp", 1, 0, 1, "1970-01-01T00:00:00.000000001Z", "0000000000000001"},
		{"MaxTimestamp", clock.MaxTimestamp, 9_223_286_399_999, full, "2262-04-10T23:59:59.999999999Z", "7fffb21d1db0ffff"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.value, at(test.ms, test.counter))
			require.Equal(t, test.ms, test.value.Millis())
			require.Equal(t, test.counter, test.value.Counter())
			require.Equal(t, test.text, test.value.String())
			require.Equal(t, test.text, test.value.Time().Format("2006-01-02T15:04:05.000000000Z07:00"))
			require.Equal(t, time.UTC, test.value.Time().Location())
			binary, err := test.value.MarshalBinary()
			require.NoError(t, err)
			require.Equal(t, test.hex, hex.EncodeToString(binary))
			value, err := test.value.Value()
			require.NoError(t, err)
			require.Equal(t, int64(test.value), value)
			require.Equal(t, test.value == 0, test.value.IsZero())
			if test.value != 0 {
				readsBack(t, test.value)
				require.Equal(t, test.value, clock.MustParseTimestamp(test.text))
			}
		})
	}
}

// TestTimestampOutsideTheRangeHasAText: negative timestamps and those after MaxTimestamp have
// a text of 30 bytes that sorts correctly, for error messages and debuggers.
func TestTimestampOutsideTheRangeHasAText(t *testing.T) {
	last := ""
	for _, value := range []clock.Timestamp{
		math.MinInt64, math.MinInt64 + 1, -1_000_001, -1_000_000, -999_999, -1, 0, 1,
		clock.MaxTimestamp, clock.MaxTimestamp + 1, math.MaxInt64,
	} {
		text := value.String()
		require.Equal(t, value.Time().Format("2006-01-02T15:04:05.000000000Z07:00"), text)
		require.Less(t, last, text)
		last = text
		require.GreaterOrEqual(t, value.Counter(), 0)
		require.LessOrEqual(t, value.Counter(), full)
		require.Equal(t, value.Time().UnixMilli(), value.Millis())
	}
}

// TestParseTimestampAcceptsOtherLengths checks texts that are accepted. Most of them are not
// canonical.
func TestParseTimestampAcceptsOtherLengths(t *testing.T) {
	tests := []struct {
		name, text string
		want       clock.Timestamp
	}{
		{"three digits", "2026-11-22T16:57:17.123Z", at(t0, 0)},
		{"no fraction", "2026-11-22T16:57:17Z", at(t0-123, 0)},
		{"eight digits", "2026-11-22T16:57:17.12300001Z", at(t0, 10)},
		{"six digits", "2026-11-22T16:57:17.123001Z", at(t0, 1000)},
		{"offset +00:00", "2026-11-22T16:57:17.123000003+00:00", at(t0, 3)},
		{"no fraction and offset +00:00", "2026-11-22T16:57:17+00:00", at(t0-123, 0)},
		{"one digit", "2026-11-22T16:57:17.1Z", at(t0-23, 0)},
		{"leap day of 2000", "2000-02-29T00:00:00Z", at(951_782_400_000, 0)},
		{"leap day of 2028", "2028-02-29T00:00:00Z", at(1_835_395_200_000, 0)},
		{"last nanosecond of a year", "1999-12-31T23:59:59.999999999Z", at(946_684_799_999, full)},
		{"toISOString of JavaScript", "2026-11-22T16:57:17.123Z", at(t0, 0)},
		{"first timestamp", "1970-01-01T00:00:00.000000001Z", 1},
		{"MaxTimestamp", "2262-04-10T23:59:59.999999999Z", clock.MaxTimestamp},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := clock.ParseTimestamp(test.text)
			require.NoError(t, err)
			require.Equal(t, test.want, got)
			require.NoError(t, got.UnmarshalText([]byte(test.text)))
			require.Equal(t, test.want, got)
			require.NoError(t, got.Scan(test.text))
			require.Equal(t, test.want, got)
			require.NoError(t, got.Scan([]byte(test.text)))
			require.Equal(t, test.want, got)
		})
	}

	t.Run("texts of different lengths sort correctly only after parsing", func(t *testing.T) {
		short, long := "2026-11-22T16:57:17.123Z", "2026-11-22T16:57:17.123000003Z"
		require.Greater(t, short, long, "the unparsed texts must sort in the wrong order")
		require.Less(t, clock.MustParseTimestamp(short).String(), clock.MustParseTimestamp(long).String())
	})
}

// TestParseTimestampRefusesOtherForms covers other forms of a time, damaged texts, and times
// out of range.
func TestParseTimestampRefusesOtherForms(t *testing.T) {
	const good = "2026-11-22T16:57:17.123000003Z"
	with := func(from, to string) string {
		if !strings.Contains(good, from) {
			t.Fatalf("%q is not in %q", from, good)
		}
		return strings.Replace(good, from, to, 1)
	}
	syntax := map[string][]string{
		"other offsets": {
			with("Z", "+05:30"), with("Z", "+24:00"), with("Z", "+0000"), with("Z", "-00:00"), with("Z", "+00"),
			with("Z", "+00:01"), with("Z", "-01:00"), with("Z", ""), with("Z", "+00:0"), with("Z", "Z+00:00"),
			with("Z", "+00:00Z"), with("Z", " UTC"), with("Z", "ZZ"), with("Z", "\u2212000:00")},
		"lower case and white space": {
			with("Z", "z"), with("T", "t"), with("T", " "), with("T", "_"), " " + good, good + " ", good + "\n", "\t" + good},
		"invalid fractions": {
			with("003Z", "0030Z"), with("003Z", "0030+00:00"), with(".", ","), with(".123000003", "."),
			with(".123000003Z", ".+00:00"), with(".123000003", ". 1"), with(".123000003", ".-1"), with(".123000003", ".1a"),
			with(".123000003", "..1"), with(".123000003", ".1.1"), with(".123000003Z", ".Z0"),
			with(".123000003Z", ".123000003\x00"), with(".123000003Z", "Z.123")},
		"trailing bytes": {
			good + "0", good + "Z", good + "x", good + "\x00", good + good},
		"no such date or time of day": {
			with("57:17", "57:60"), with("57:17", "60:17"), with("16:57:17.123000003", "24:00:00"), with("16:", "24:"),
			with("11-22", "02-30"), with("2026-11-22", "2100-02-29"), with("2026-11-22", "2026-02-29"), with("11-22", "11-31"),
			with("11-22", "00-22"), with("11-22", "13-22"), with("11-22", "11-00"), with("11-22", "12-32"),
			with("2026-11-22", "1900-02-29")},
		"parts with a missing digit": {
			with("T16:", "T6:"), with("T16:", "T 6:"), with("-11-", "-1-"), with("22T", "2T"), with("57:17", "57:1")},
		"years with more than four digits": {
			"10000-01-01T00:00:00Z", "+010889-08-02T00:00:00.000Z", "+002026-11-22T16:57:17Z", "-002026-11-22T16:57:17Z"},
		"bytes that are not digits": {
			with("2026", "２026"), with("2026", "202a"), with("2026", "-026"), with("2026", "+026"), with("2026", "20 6"),
			with("17.", "1٧."), with("17.", "1/."), with("17.", "1:."), with("-11-", "-1/-"), with("-11-", "-:1-")},
		"other separators": {
			with("-11-", "/11/"), with("16:57", "16.57"), with("16:57", "16-57"), with("16:57:17", "16:57-17"),
			with("2026-11", "2026:11"), with("11-22", "11:22")},
		"other formats": {
			"", "Z", "null", "0", "1795366637123000003", "20261122T165717Z", "2026-11-22", "2026-11-22T16:57Z", "2026-W47-7T16:57:17Z",
			"2026-326T16:57:17Z", "Sun, 22 Nov 2026 16:57:17 GMT", strings.Repeat("0", 20), strings.Repeat("9", 30),
			strings.Repeat("-", 30), strings.Repeat("\x00", 30), strings.Repeat("\xff", 30), strings.Repeat("Z", 1000)},
	}
	for name, texts := range syntax {
		t.Run(name, func(t *testing.T) {
			for _, text := range texts {
				_, err := clock.ParseTimestamp(text)
				require.ErrorIs(t, err, clock.ErrSyntax, "%q", text)
				refuses(t, at(t0, 9), text, clock.ErrSyntax)
			}
		})
	}
	ranges := map[string][]string{
		"the epoch, which means zero": {"1970-01-01T00:00:00.000000000Z", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00+00:00"},
		"before 1970":                 {"1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999999999Z", "0001-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "0000-12-31T00:00:00Z", "1600-02-29T00:00:00Z"},
		"after the range":             {"2262-04-11T23:47:16.854775808Z", "2262-04-11T23:47:17Z", "2262-04-11T23:59:59.999999999Z", "2262-04-12T00:00:00Z", "2263-01-01T00:00:00Z", "2555-01-01T00:00:00Z", "3139-06-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z"},
	}
	for name, texts := range ranges {
		t.Run(name, func(t *testing.T) {
			for _, text := range texts {
				_, err := clock.ParseTimestamp(text)
				require.ErrorIs(t, err, clock.ErrRange, "%q", text)
				refuses(t, at(t0, 9), text, clock.ErrRange)
			}
		})
	}
}

func TestParseErrorNamesTheOffset(t *testing.T) {
	for text, offset := range map[string]int{
		"":                                -1,
		"2026-11-22T16:57:1":              -1,
		"20x6-11-22T16:57:17Z":            2,
		"2026_11-22T16:57:17Z":            4,
		"2026-13-22T16:57:17Z":            5,
		"1999-13-29T19:59:59.999Z":        5,
		"2026-02-30T16:57:17Z":            8,
		"2026-12-32T16:57:17Z":            8,
		"2026-11-22 16:57:17Z":            10,
		"2026-11-22T24:00:00Z":            11,
		"2026-11-22T16:57:1xZ":            18,
		"2026-11-22T16:57:17z":            19,
		"2026-11-22T16:57:17.Z":           20,
		"2026-11-22T16:57:17.12x":         22,
		"2026-11-22T16:57:17.99x":         22,
		"2026-11-22T16:57:17.1234567890Z": 29,
		"2026-11-22T16:57:17.1234567899Z": 29,
		"1969-11-22T16:57:17Z":            -1,
	} {
		_, err := clock.ParseTimestamp(text)
		var e *clock.ParseError
		require.ErrorAs(t, err, &e)
		require.Equal(t, offset, e.Offset, text)
		require.Equal(t, "timestamp", e.Type)
	}
}

// TestEveryDayAgreesWithPackageTime formats and parses a timestamp of every day of the range.
func TestEveryDayAgreesWithPackageTime(t *testing.T) {
	const day = 24 * time.Hour
	for at := clock.Timestamp(1); at < clock.MaxTimestamp; at += clock.Timestamp(day) {
		text := at.String()
		if want := at.Time().Format("2006-01-02T15:04:05.000000000Z"); text != want {
			t.Fatalf("the text of %d is %s, want %s", at, text, want)
		}
		if back, err := clock.ParseTimestamp(text); back != at {
			t.Fatalf("%s decodes to %d, want %d (error %v)", text, back, at, err)
		}
	}
}

func TestTimestampOfRoundsDownWithinTheRange(t *testing.T) {
	zone := time.FixedZone("", 5*60*60)
	for _, test := range []struct {
		time time.Time
		want clock.Timestamp
	}{
		{time.UnixMilli(t0), at(t0, 0)},
		{time.UnixMilli(t0).Add(999_999), at(t0, 0)},
		{time.UnixMilli(t0).In(zone), at(t0, 0)},
		{time.Unix(0, 999_999), 0},
		{time.Unix(0, 1_000_000), at(1, 0)},
		{time.Unix(0, 0), 0},
		{time.Unix(0, -1), 0},
		{time.Time{}, 0},
		{time.Unix(-1<<60, 0), 0},
		{clock.MaxTimestamp.Time(), at(clock.MaxTimestamp.Millis(), 0)},
		{clock.MaxTimestamp.Time().Add(1), at(clock.MaxTimestamp.Millis(), 0)},
		{time.Unix(0, math.MaxInt64), at(clock.MaxTimestamp.Millis(), 0)},
		{time.Date(2262, 4, 12, 0, 0, 0, 0, time.UTC), at(clock.MaxTimestamp.Millis(), 0)},
		{time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), at(clock.MaxTimestamp.Millis(), 0)},
		{time.Unix(1<<55, 0), at(clock.MaxTimestamp.Millis(), 0)},
	} {
		require.Equal(t, test.want, clock.TimestampOf(test.time), "%v", test.time)
	}
}

func TestMaxTimestampLeavesTheLastDayFree(t *testing.T) {
	day := time.Date(2262, 4, 11, 0, 0, 0, 0, time.UTC)
	require.Equal(t, day.Add(-1), clock.MaxTimestamp.Time())
	require.Equal(t, day.Day(), time.Unix(0, math.MaxInt64).UTC().Day(), "the range of int64 must end within the reserved day")
}

func TestCompareOrdersTimestampsAsIntegers(t *testing.T) {
	require.Equal(t, -1, clock.Timestamp(1).Compare(2))
	require.Equal(t, 0, clock.Timestamp(2).Compare(2))
	require.Equal(t, 1, clock.Timestamp(2).Compare(1))
}

func TestMustParsePanicsOnInvalidInput(t *testing.T) {
	require.Panics(t, func() { clock.MustParseTimestamp("") })
	require.Panics(t, func() { clock.MustParseClientID("") })
}
