package schedule

// People are the names of the devices.
func People() []string { return []string{"ana", "ben", "cem", "dan", "eva", "fay", "gus", "hal"} }

// ClientID returns the ID of a device after a number of reinstallations. The IDs reveal a comparison that
// takes bytes as signed, or that begins with the last byte, or with the fourth byte, as in a little-endian
// GUID. Most pairs first differ in two letters of their texts, so upper and lower case compare differently.
// The other pairs first differ in a digit and a letter.
func ClientID(device, installed int) [16]byte {
	first := []byte{0x7f, 0xb0, 0xb0, 0xd1, 0xff, 0xb0, 0x10, 0xc0}[device]
	last := []byte{0xa1, 0xa2, 0xc3, 0x04, 0x05, 0x86, 0x07, 0x08}[device]
	return [16]byte{0: first, 3: ^first, 6: 0x40, 8: 0x80, 14: byte(installed), 15: last}
}

// Newcomer returns the ID of a client that reads everything and writes nothing.
func Newcomer() [16]byte { return [16]byte{0: 0x0e, 6: 0x40, 8: 0x80, 15: 0xee} }

// Stranger returns the ID of a client that belongs to none of the devices.
func Stranger() [16]byte { return [16]byte{0: 0xfe, 6: 0x40, 8: 0x80, 15: 0xef} }

// Operator returns the ID with which a server may stamp its erasures.
func Operator() [16]byte { return [16]byte{0: 0x09, 6: 0x40, 8: 0x80, 15: 0xe9} }

// Importer returns the ID under which a server imports.
func Importer() [16]byte { return [16]byte{0: 0x1a, 6: 0x40, 8: 0x80, 15: 0x1d} }

// Whose returns the name of a client.
func Whose(id [16]byte) string {
	for device, name := range People() {
		if ClientID(device, int(id[14])) == id {
			return name
		}
	}
	switch id {
	case Stranger():
		return "a stranger"
	case Importer():
		return "an import"
	}
	return "another client"
}
