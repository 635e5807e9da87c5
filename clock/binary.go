package clock

import "encoding/binary"

const (
	timestampSize = 8
	clientIDSize  = len(ClientID{})
	stampSize     = timestampSize + clientIDSize
)

// AppendBinary appends the integer to dst as 8 bytes in big-endian order. The
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
// [Timestamp.Scan], it reads timestamps that this host stored itself: it
// accepts zero, which means "never written", and timestamps after
// [MaxTimestamp], which its clock may have issued. It refuses a negative
// number. The error is a [*ParseError].
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

// UnmarshalBinary reads 16 bytes. It accepts 16 zero bytes, which mean "no
// client" in storage. The error is a [*ParseError].
func (c *ClientID) UnmarshalBinary(b []byte) error {
	if len(b) != clientIDSize {
		return syntaxError("client ID", -1, "want 16 bytes")
	}
	copy(c[:], b)
	return nil
}

// AppendBinary appends 24 bytes to dst: the 8 bytes of the time, then the 16
// bytes of the client. The bytes of valid stamps sort as the stamps do. The
// error is always nil.
func (s Stamp) AppendBinary(dst []byte) ([]byte, error) {
	dst = binary.BigEndian.AppendUint64(dst, uint64(s.Time))
	return append(dst, s.Client[:]...), nil
}

// MarshalBinary returns the 24 bytes of [Stamp.AppendBinary]. The error is
// always nil.
func (s Stamp) MarshalBinary() ([]byte, error) {
	return s.AppendBinary(make([]byte, 0, stampSize))
}

// UnmarshalBinary reads the 24 bytes of [Stamp.AppendBinary]. It accepts the
// zero stamp, which means "never written" in storage. It refuses every other
// stamp that is not [Stamp.Valid], such as a time without a client or a client
// without a time. The error is a [*ParseError].
func (s *Stamp) UnmarshalBinary(b []byte) error {
	if len(b) != stampSize {
		return syntaxError("stamp", -1, "want 24 bytes")
	}
	v := Stamp{
		Time:   Timestamp(binary.BigEndian.Uint64(b)),
		Client: ClientID(b[timestampSize:]),
	}
	if !v.IsZero() && !v.Valid() {
		return rangeError("stamp", "want a time from 1970 on and a client, or zero for both")
	}
	*s = v
	return nil
}

// admit converts a stored integer to a timestamp. It refuses a negative integer.
func admit(n int64) (Timestamp, error) {
	if n < 0 {
		return 0, rangeError("timestamp", beforeRange)
	}
	return Timestamp(n), nil
}
