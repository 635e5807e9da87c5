package clock

import "encoding/binary"

const (
	timestampSize = 8
	clientIDSize  = len(ClientID{})
	stampSize     = timestampSize + clientIDSize
)

// AppendBinary appends 8 bytes, the integer in big-endian order, to dst. The
// bytes of timestamps within the range sort as the timestamps do. The error is
// always nil.
func (t Timestamp) AppendBinary(dst []byte) ([]byte, error) {
	return binary.BigEndian.AppendUint64(dst, uint64(t)), nil
}

// MarshalBinary returns the 8 bytes of [Timestamp.AppendBinary]. The error is
// always nil.
func (t Timestamp) MarshalBinary() ([]byte, error) {
	return t.AppendBinary(make([]byte, 0, timestampSize))
}

// UnmarshalBinary reads the 8 bytes of [Timestamp.AppendBinary]. Like
// [Timestamp.Scan] it is for what this host stored itself: zero, which says
// "never written", and what its clock issued after [MaxTimestamp] are accepted. A
// negative number is refused. The error is a [*ParseError].
func (t *Timestamp) UnmarshalBinary(b []byte) error {
	if len(b) != timestampSize {
		return syntaxError("timestamp", -1, "want 8 bytes")
	}
	v, err := admit(int64(binary.BigEndian.Uint64(b)))
	if err != nil {
		return err
	}
	*t = v
	return nil
}

// AppendBinary appends the 16 bytes to dst. The error is always nil.
func (c ClientID) AppendBinary(dst []byte) ([]byte, error) { return append(dst, c[:]...), nil }

// MarshalBinary returns the 16 bytes. The error is always nil.
func (c ClientID) MarshalBinary() ([]byte, error) {
	return c.AppendBinary(make([]byte, 0, clientIDSize))
}

// UnmarshalBinary reads 16 bytes. Zero is accepted, since it says "no client"
// in storage. The error is a [*ParseError].
func (c *ClientID) UnmarshalBinary(b []byte) error {
	if len(b) != clientIDSize {
		return syntaxError("client ID", -1, "want 16 bytes")
	}
	copy(c[:], b)
	return nil
}

// AppendBinary appends 24 bytes, those of the time and then those of the
// client, to dst. The bytes of valid stamps sort as the stamps do. The error
// is always nil.
func (s Stamp) AppendBinary(dst []byte) ([]byte, error) {
	dst = binary.BigEndian.AppendUint64(dst, uint64(s.Time))
	return append(dst, s.Client[:]...), nil
}

// MarshalBinary returns the 24 bytes of [Stamp.AppendBinary]. The error is
// always nil.
func (s Stamp) MarshalBinary() ([]byte, error) {
	return s.AppendBinary(make([]byte, 0, stampSize))
}

// UnmarshalBinary reads the 24 bytes of [Stamp.AppendBinary]. The zero stamp
// is accepted, since it says "never written" in storage; any other that is not
// [Stamp.Valid] is refused, a stamp with one half zero among them. The error is
// a [*ParseError].
func (s *Stamp) UnmarshalBinary(b []byte) error {
	if len(b) != stampSize {
		return syntaxError("stamp", -1, "want 24 bytes")
	}
	v := Stamp{
		Time:   Timestamp(binary.BigEndian.Uint64(b)),
		Client: ClientID(b[timestampSize:]),
	}
	if !v.IsZero() && !v.Valid() {
		return rangeError("stamp", "time out of range, or no time, or no client")
	}
	*s = v
	return nil
}

// admit turns a stored integer into a timestamp.
func admit(n int64) (Timestamp, error) {
	if n < 0 {
		return 0, rangeError("timestamp", beforeRange)
	}
	return Timestamp(n), nil
}
