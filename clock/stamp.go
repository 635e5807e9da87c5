package clock

import "errors"

// Stamp says who wrote and when. Writes are ordered by time, and at equal times
// by client ID, so two edits have equal stamps only if a client used one stamp
// twice.
//
// Stamps compare with == and serve as map keys. The zero value means "never
// written" and is less than every valid stamp.
type Stamp struct {
	// Time is the timestamp that the client's clock issued.
	Time Timestamp
	// Client is the author of the write.
	Client ClientID
}

const stampLen = timestampLen + 1 + clientIDLen

// ParseStamp reads "<timestamp>/<client ID>". The parts follow the rules of
// [ParseTimestamp] and [ParseClientID].
//
// The error is a [*ParseError] that unwraps to [ErrSyntax] or [ErrRange].
func ParseStamp(s string) (Stamp, error) { return parseStamp(s, MaxTimestamp) }

// IsZero reports whether s means "never written".
func (s Stamp) IsZero() bool { return s == Stamp{} }

// Valid reports whether s can be the stamp of a write: its time is positive,
// and it names a client. A valid stamp after [MaxTimestamp] can only belong to
// a write of this host: other hosts refuse it.
func (s Stamp) Valid() bool { return s.Time > 0 && !s.Client.IsZero() }

// Compare returns -1, 0 or +1. It compares the times, then the unsigned bytes
// of the client IDs.
func (s Stamp) Compare(t Stamp) int {
	switch {
	case s.Time < t.Time:
		return -1
	case s.Time > t.Time:
		return 1
	case s.Client == t.Client:
		return 0
	}
	return s.Client.Compare(t.Client)
}

// String returns a text of 67 bytes: the text of the timestamp, a slash, and
// the text of the client ID. Texts sort as the stamps do.
func (s Stamp) String() string {
	var buf [stampLen]byte
	return string(s.append(buf[:0]))
}

// AppendText appends the text of [Stamp.String] to dst. The error is always
// nil.
func (s Stamp) AppendText(dst []byte) ([]byte, error) { return s.append(dst), nil }

// MarshalText returns the text of [Stamp.String]. The error is always nil.
func (s Stamp) MarshalText() ([]byte, error) {
	return s.append(make([]byte, 0, stampLen)), nil
}

// UnmarshalText reads b as [ParseStamp] does. It keeps no reference to b.
func (s *Stamp) UnmarshalText(b []byte) error {
	v, err := parseStamp(b, MaxTimestamp)
	if err != nil {
		return err
	}
	*s = v
	return nil
}

func (s Stamp) append(dst []byte) []byte {
	dst = s.Time.append(dst)
	dst = append(dst, '/')
	return s.Client.append(dst)
}

func parseStamp[T text](s T, most Timestamp) (Stamp, error) {
	slash := len(s) - clientIDLen - 1
	if slash < 0 || s[slash] != '/' {
		return Stamp{}, syntaxError("stamp", -1, "want a timestamp, a slash and a client ID of 36 characters")
	}
	time, err := parseTimestamp(s[:slash], most)
	if err != nil {
		return Stamp{}, err
	}
	client, err := parseClientID(s[slash+1:])
	if err != nil {
		return Stamp{}, shiftOffset(err, slash+1)
	}
	return Stamp{Time: time, Client: client}, nil
}

// shiftOffset increases the offset in a part's error, so that it counts from the start
// of the whole stamp.
func shiftOffset(err error, by int) error {
	var e *ParseError
	if errors.As(err, &e) && e.Offset >= 0 {
		e.Offset += by
	}
	return err
}
