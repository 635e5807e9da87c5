package clock

import "time"

const (
	dateTimeShape  = "0000-00-00T00:00:00"
	timestampShape = dateTimeShape + ".000000000Z"
	timestampLen   = len(timestampShape)
)

// ParseTimestamp reads a timestamp from RFC 3339 text in UTC, with "Z" or
// "+00:00" and 0 to 9 fraction digits, so the output of JavaScript's
// toISOString is valid input. It refuses everything else: other offsets and
// "-00:00", lower-case t and z, a comma, a leap second, 24:00, days that the
// calendar does not have, white space, and times before 1970, at the epoch
// itself (zero is not a timestamp), or after [MaxTimestamp].
//
// The error is a [*ParseError] that unwraps to [ErrSyntax] or [ErrRange].
func ParseTimestamp(s string) (Timestamp, error) { return parseTimestamp(s, MaxTimestamp) }

// MustParseTimestamp is [ParseTimestamp] for literals and tests. It panics if
// s is refused.
func MustParseTimestamp(s string) Timestamp {
	t, err := ParseTimestamp(s)
	if err != nil {
		panic(err)
	}
	return t
}

// String returns a text of 30 bytes, such as 2026-11-22T16:57:17.123000003Z.
// It always has nine fraction digits and ends in Z, so texts sort as the
// timestamps do.
func (t Timestamp) String() string {
	var buf [timestampLen]byte
	return string(t.append(buf[:0]))
}

// AppendText appends the text of [Timestamp.String] to dst. The error is
// always nil.
func (t Timestamp) AppendText(dst []byte) ([]byte, error) { return t.append(dst), nil }

// MarshalText returns the text of [Timestamp.String]. The error is always nil.
func (t Timestamp) MarshalText() ([]byte, error) {
	return t.append(make([]byte, 0, timestampLen)), nil
}

// UnmarshalText reads b as [ParseTimestamp] does. It keeps no reference to b.
func (t *Timestamp) UnmarshalText(b []byte) error {
	v, err := parseTimestamp(b, MaxTimestamp)
	if err != nil {
		return err
	}
	*t = v
	return nil
}

func (t Timestamp) append(dst []byte) []byte {
	dst = append(dst, timestampShape...)
	b := (*[timestampLen]byte)(dst[len(dst)-timestampLen:])

	sec, nano := floorDiv(int64(t), int64(time.Second))
	day, second := floorDiv(sec, secondsPerDay)
	year, month, dayOfMonth := civil(day)

	put2(b[0:], year/100)
	put2(b[2:], year%100)
	put2(b[5:], month)
	put2(b[8:], dayOfMonth)
	put2(b[11:], second/3600)
	put2(b[14:], second/60%60)
	put2(b[17:], second%60)
	put3(b[20:], nano/1e6)
	put3(b[23:], nano/1e3%1e3)
	put3(b[26:], nano%1e3)
	return dst
}

func put2(b []byte, v int64) {
	b[0] = '0' + byte(v/10)
	b[1] = '0' + byte(v%10)
}

func put3(b []byte, v int64) {
	b[0] = '0' + byte(v/100)
	put2(b[1:], v%100)
}
