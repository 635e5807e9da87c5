package clock_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
)

const (
	clientText = "7f3c1a9e-52d4-4c8b-9d0e-1f2a3b4c5d6e"
	stampText  = "2026-11-22T16:57:17.123000003Z/" + clientText
)

func TestClientIDReadsEitherCaseAndRawBytes(t *testing.T) {
	want := clock.ClientID{0x7f, 0x3c, 0x1a, 0x9e, 0x52, 0xd4, 0x4c, 0x8b, 0x9d, 0x0e, 0x1f, 0x2a, 0x3b, 0x4c, 0x5d, 0x6e}
	mixed := strings.Replace(clientText, "a9e", "A9e", 1)
	for _, text := range []string{clientText, strings.ToUpper(clientText), mixed} {
		got, err := clock.ParseClientID(text)
		require.NoError(t, err)
		require.Equal(t, want, got, "upper and lower case must give the same client ID")
		require.Equal(t, clientText, got.String())
		require.NoError(t, got.Scan(text))
		require.Equal(t, want, got)
	}
	readsBack(t, want)

	var raw clock.ClientID
	require.NoError(t, raw.Scan(want[:]), "16 bytes are raw")
	require.Equal(t, want, raw)
	require.NoError(t, raw.Scan([]byte(clientText)), "36 bytes are text")
	require.Equal(t, want, raw)

	ff := clock.MustParseClientID("FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF")
	require.Equal(t, "ffffffff-ffff-ffff-ffff-ffffffffffff", ff.String())
}

// TestUUIDConvertsToClientID: a UUID of another package converts, and both have the same text.
func TestUUIDConvertsToClientID(t *testing.T) {
	for i := range 100 {
		u := uuid.NewSHA1(uuid.NameSpaceOID, []byte{byte(i)})
		require.Equal(t, u.String(), clock.ClientID(u).String())
		require.Equal(t, clock.ClientID(u), clock.MustParseClientID(u.String()))
	}
}

func TestDecodedClientIDKeepsNoReference(t *testing.T) {
	raw := slices.Repeat([]byte{7}, 16)
	var fromScan, fromBinary clock.ClientID
	require.NoError(t, fromScan.Scan(raw))
	require.NoError(t, fromBinary.UnmarshalBinary(raw))
	clear(raw)
	require.Equal(t, byte(7), fromScan[0])
	require.Equal(t, byte(7), fromBinary[0])
}

func TestParseClientIDRefusesOtherForms(t *testing.T) {
	had := clock.ClientID{1}
	for _, text := range []string{
		"", "{" + clientText + "}", "urn:uuid:" + clientText, strings.ReplaceAll(clientText, "-", ""),
		clientText[1:], clientText + "0", clientText + " ", " " + clientText[1:],
		"7f3c1a9e052d4-4c8b-9d0e-1f2a3b4c5d6e", "7f3c1a9e-52d404c8b-9d0e-1f2a3b4c5d6e", "7f3c1a9e-52d4-4c8b09d0e-1f2a3b4c5d6e",
		"7f3c1a9e-52d4-4c8b-9d0e01f2a3b4c5d6e", "7f3c1a9-e52d4-4c8b-9d0e-1f2a3b4c5d6e", "{f3c1a9e-52d4-4c8b-9d0e-1f2a3b4c5d6}",
		"7f3c1a9e-52d4-4c8b-9d0e-1f2a3b4c5d-e", strings.Repeat("-", 36), strings.Repeat("0", 36), strings.Repeat("\x00", 36),
		strings.Repeat("\xff", 36),
	} {
		_, err := clock.ParseClientID(text)
		require.ErrorIs(t, err, clock.ErrSyntax, "%q", text)
		refuses(t, had, text, clock.ErrSyntax)
	}
	refuses(t, had, "00000000-0000-0000-0000-000000000000", clock.ErrRange)

	// Each position accepts only hexadecimal digits, or only a hyphen.
	for i := range len(clientText) {
		for b := range 256 {
			text := []byte(clientText)
			text[i] = byte(b)
			hyphen := clientText[i] == '-'
			ok := hyphen == (b == '-') && (hyphen || strings.IndexByte("0123456789abcdefABCDEF", byte(b)) >= 0)
			var got clock.ClientID
			err := got.UnmarshalText(text)
			if (err == nil) != ok {
				t.Fatalf("%q: unexpected result: error %v", text, err)
			}
			if e, isParse := err.(*clock.ParseError); isParse && e.Offset != i {
				t.Fatalf("%q: offset %d, want %d", text, e.Offset, i)
			}
		}
	}
}

func TestClientIDOrderIsUnsigned(t *testing.T) {
	for i := range 16 {
		var low, high clock.ClientID
		low[i], high[i] = 0x7f, 0x80
		if i < 15 {
			low[i+1] = 0xff
		}
		require.Equal(t, -1, low.Compare(high))
		require.Equal(t, 1, high.Compare(low))
		require.Equal(t, 0, high.Compare(high))
	}
}

func TestStampFormsReadBack(t *testing.T) {
	want := clock.Stamp{Time: at(t0, 3), Client: clock.MustParseClientID(clientText)}
	require.Equal(t, stampText, want.String())
	require.Len(t, want.String(), 67)
	readsBack(t, want)
	binary, err := want.MarshalBinary()
	require.NoError(t, err)
	require.Len(t, binary, 24)

	for _, text := range []string{
		stampText,
		"2026-11-22T16:57:17.123000003+00:00/" + strings.ToUpper(clientText),
	} {
		got, err := clock.ParseStamp(text)
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.NoError(t, got.Scan([]byte(text)))
		require.Equal(t, want, got)
	}
	short, err := clock.ParseStamp("2026-11-22T16:57:17Z/" + clientText)
	require.NoError(t, err)
	require.Equal(t, at(t0-123, 0), short.Time)
}

func TestStampsSortByTimeThenClient(t *testing.T) {
	low, high := clock.ClientID{1}, clock.ClientID{2}
	ascending := []clock.Stamp{
		{}, {Client: low}, {Time: 1, Client: high}, {Time: 2, Client: low}, {Time: 2, Client: high}, {Time: clock.MaxTimestamp, Client: low},
	}
	for i, a := range ascending {
		for j, b := range ascending {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			require.Equal(t, want, a.Compare(b), "%v, %v", a, b)
		}
	}
}

func TestValidStampHasTimeAndClient(t *testing.T) {
	client := clock.ClientID{15: 1}
	require.True(t, clock.Stamp{Time: 1, Client: client}.Valid())
	require.True(t, clock.Stamp{Time: clock.MaxTimestamp, Client: client}.Valid())
	require.True(t, clock.Stamp{Time: math.MaxInt64, Client: client}.Valid(), "a stamp after MaxTimestamp is valid on this host")
	for _, s := range []clock.Stamp{
		{}, {Time: 1}, {Client: client}, {Time: -1, Client: client},
	} {
		require.False(t, s.Valid(), "%v", s)
		require.Equal(t, s == clock.Stamp{}, s.IsZero())
	}
}

func TestParseStampRefusesInvalidParts(t *testing.T) {
	had := clock.Stamp{Time: 1, Client: clock.ClientID{1}}
	time := "2026-11-22T16:57:17.123000003Z"
	for _, text := range []string{
		"", "/", time, clientText, time + clientText, time + "/", "/" + clientText, time + " " + clientText,
		stampText + " ", " " + stampText, time + "//" + clientText, clientText + "/" + time, stampText + "/" + clientText,
		time + "/{" + clientText + "}", time[:29] + "/" + clientText,
	} {
		_, err := clock.ParseStamp(text)
		require.ErrorIs(t, err, clock.ErrSyntax, "%q", text)
		refuses(t, had, text, clock.ErrSyntax)
	}
	for _, text := range []string{
		time + "/00000000-0000-0000-0000-000000000000", "1970-01-01T00:00:00Z/" + clientText, "2262-04-12T00:00:00Z/" + clientText,
	} {
		refuses(t, had, text, clock.ErrRange)
	}

	var e *clock.ParseError
	_, err := clock.ParseStamp(time + "/" + strings.Replace(clientText, "9", "x", 1))
	require.ErrorAs(t, err, &e)
	require.Equal(t, 31+6, e.Offset, "the offset counts from the start of the whole stamp")
}
