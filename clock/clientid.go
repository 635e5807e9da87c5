package clock

// ClientID identifies an author of writes: one device, one installation, one
// server process. It is a UUID of any version. Any UUID type that is an array
// of 16 bytes converts to it:
//
//	id := clock.ClientID(uuid.New())
//
// Client IDs compare with ==, serve as map keys, and are ordered by their
// unsigned bytes, which is also the order of their texts. The zero value,
// which is the nil UUID, means "no client".
type ClientID [16]byte

const (
	clientIDShape = "00000000-0000-0000-0000-000000000000"
	clientIDLen   = len(clientIDShape)
)

// ParseClientID reads a UUID of 36 characters, including the hyphens. It
// accepts upper case, which Apple's systems send; upper and lower case give the
// same client ID. It refuses every other form: braces, "urn:uuid:", a form
// without hyphens. It refuses the nil UUID, which means "no client".
//
// The error is a [*ParseError] that unwraps to [ErrSyntax] or [ErrRange].
func ParseClientID(s string) (ClientID, error) { return parseClientID(s) }

// MustParseClientID is [ParseClientID] for literals and tests. It panics if s
// is refused.
func MustParseClientID(s string) ClientID {
	c, err := ParseClientID(s)
	if err != nil {
		panic(err)
	}
	return c
}

// IsZero reports whether c means "no client".
func (c ClientID) IsZero() bool { return c == ClientID{} }

// Compare returns -1, 0 or +1 in the order of the unsigned bytes. It is a loop
// rather than bytes.Compare so that the compiler can inline it into
// [Stamp.Compare], and inline that into a merge.
func (c ClientID) Compare(d ClientID) int {
	for i := range c {
		if c[i] != d[i] {
			if c[i] < d[i] {
				return -1
			}
			return 1
		}
	}
	return 0
}

// String returns the text of 36 bytes, in lower case with hyphens.
func (c ClientID) String() string {
	var buf [clientIDLen]byte
	return string(c.append(buf[:0]))
}

// AppendText appends the text of [ClientID.String] to dst. The error is always
// nil.
func (c ClientID) AppendText(dst []byte) ([]byte, error) { return c.append(dst), nil }

// MarshalText returns the text of [ClientID.String]. The error is always nil.
func (c ClientID) MarshalText() ([]byte, error) {
	return c.append(make([]byte, 0, clientIDLen)), nil
}

// UnmarshalText reads b as [ParseClientID] does. It keeps no reference to b.
func (c *ClientID) UnmarshalText(b []byte) error {
	v, err := parseClientID(b)
	if err != nil {
		return err
	}
	*c = v
	return nil
}

func (c ClientID) append(dst []byte) []byte {
	dst = append(dst, clientIDShape...)
	b := (*[clientIDLen]byte)(dst[len(dst)-clientIDLen:])
	writeHex(b[0:8], c[0:4])
	writeHex(b[9:13], c[4:6])
	writeHex(b[14:18], c[6:8])
	writeHex(b[19:23], c[8:10])
	writeHex(b[24:36], c[10:16])
	return dst
}

func parseClientID[T text](s T) (ClientID, error) {
	if len(s) != clientIDLen {
		return ClientID{}, syntaxError("client ID", -1, "want a UUID of 36 characters")
	}
	var c ClientID
	if s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return c, clientIDProblem(s)
	}
	bad := readHex(c[0:4], s[0:8]) |
		readHex(c[4:6], s[9:13]) |
		readHex(c[6:8], s[14:18]) |
		readHex(c[8:10], s[19:23]) |
		readHex(c[10:16], s[24:36])
	if bad > 15 {
		return ClientID{}, clientIDProblem(s)
	}
	if c.IsZero() {
		return c, rangeError("client ID", "the nil UUID is not a client ID")
	}
	return c, nil
}

// clientIDProblem returns the error for the first invalid byte of a text that
// has the right length.
func clientIDProblem[T text](s T) error {
	i := 0
	for i < clientIDLen && fits(s[i], clientIDShape[i]) {
		i++
	}
	return syntaxError("client ID", i, "want a hexadecimal digit or a hyphen")
}

func fits(c, shape byte) bool {
	if shape == '-' {
		return c == '-'
	}
	return nibble(c) <= 15
}

func writeHex(dst, data []byte) {
	const digits = "0123456789abcdef"
	for i, b := range data {
		dst[2*i], dst[2*i+1] = digits[b>>4], digits[b&15]
	}
}

// readHex fills data from s. It returns a value above 15 if s is not
// hexadecimal throughout.
func readHex[T text](data []byte, s T) (bad byte) {
	for i := range data {
		high, low := nibble(s[2*i]), nibble(s[2*i+1])
		data[i] = high<<4 | low
		bad |= high | low
	}
	return bad
}

// nibble returns the value of a hexadecimal digit, or 255 for any other byte.
// It uses a table, because a branch between digits and letters would be
// mispredicted half of the time.
func nibble(c byte) byte {
	const values = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09" + // 0-9
		"\xff\xff\xff\xff\xff\xff\xff" +
		"\x0a\x0b\x0c\x0d\x0e\x0f" + // A-F
		"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" +
		"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" +
		"\x0a\x0b\x0c\x0d\x0e\x0f" // a-f
	if i := int(c - '0'); i < len(values) {
		return values[i]
	}
	return 255
}
