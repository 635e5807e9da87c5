package seal

import (
	"encoding/binary"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// A Place is the write that a value belongs to: one field of one record at one stamp.
type Place struct {
	Key   record.Key
	Field string
	Stamp clock.Stamp
}

// tag begins the associated data of this version.
const tag = "fieldlww/sealed/1\n"

// data returns the associated data: the tag, and then each text after its length in bytes, as
// eight bytes, big-endian. So no two places have the same data.
func (p Place) data(keyID string) []byte {
	dst := []byte(tag)
	for _, text := range []string{p.Key.Table, p.Key.ID, p.Field, p.Stamp.Time.String(), p.Stamp.Client.String(), keyID} {
		dst = binary.BigEndian.AppendUint64(dst, uint64(len(text)))
		dst = append(dst, text...)
	}
	return dst
}
