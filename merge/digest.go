package merge

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/bits"

	"github.com/fieldlww/fieldlww/record"
)

// Digest is a fingerprint of a record or a collection. Equal states have equal digests,
// in any language; different states have different digests except with negligible
// probability. A digest detects divergence and mistakes; it does not protect against an adversary
// who chooses writes so that two digests are equal. The zero Digest is the digest of the
// empty state.
//
// A digest is the sum modulo 2^256, over all fields, of the SHA-256 of a tag and of
// table, ID, field name and canonical FieldValue, each preceded by its length.
// Because a digest is a sum, it can be kept up to date while records change:
//
//	d = d.Sub(merge.DigestOf(before)).Add(merge.DigestOf(after))
type Digest [sha256.Size]byte

// digestTag begins the input of each hash, so that these hashes differ from hashes made for other
// purposes.
const digestTag = "fieldlww/digest/1\n"

// DigestOf returns the Digest of one record.
func DigestOf(r record.Record) Digest {
	sum, _ := addRecord(Digest{}, r, nil)
	return sum
}

// Digest returns the Digest of all records. It computes one SHA-256 for each field on every
// call; a Collection does not keep its digest.
func (c Collection) Digest() Digest {
	var sum Digest
	var buf []byte
	for _, r := range c.records {
		sum, buf = addRecord(sum, r, buf)
	}
	return sum
}

// addRecord adds the fields of r to sum. It uses buf as scratch memory, and returns it for the
// next call.
func addRecord(sum Digest, r record.Record, buf []byte) (Digest, []byte) {
	key := r.Key()
	buf = appendPart(append(buf[:0], digestTag...), key.Table)
	buf = appendPart(buf, key.ID)
	head := len(buf)
	for name, w := range r.All() {
		buf = appendPart(buf[:head], name)
		size := len(buf)
		buf = w.AppendJSON(append(buf, make([]byte, 8)...))
		binary.BigEndian.PutUint64(buf[size:], uint64(len(buf)-size-8))
		sum = sum.Add(sha256.Sum256(buf))
	}
	return sum, buf
}

// appendPart appends a part of the text that is hashed, preceded by its length.
func appendPart(dst []byte, part string) []byte {
	return append(binary.BigEndian.AppendUint64(dst, uint64(len(part))), part...)
}

// Add returns the digest of the fields of d and of e together.
func (d Digest) Add(e Digest) Digest {
	var sum Digest
	var carry uint64
	for i := len(d) - 8; i >= 0; i -= 8 {
		var limb uint64
		limb, carry = bits.Add64(binary.BigEndian.Uint64(d[i:]), binary.BigEndian.Uint64(e[i:]), carry)
		binary.BigEndian.PutUint64(sum[i:], limb)
	}
	return sum
}

// Sub returns the digest of the fields of d without the fields of e. All fields of e must be
// among the fields of d.
func (d Digest) Sub(e Digest) Digest {
	var rest Digest
	var borrow uint64
	for i := len(d) - 8; i >= 0; i -= 8 {
		var limb uint64
		limb, borrow = bits.Sub64(binary.BigEndian.Uint64(d[i:]), binary.BigEndian.Uint64(e[i:]), borrow)
		binary.BigEndian.PutUint64(rest[i:], limb)
	}
	return rest
}

// String returns the digest as 64 hexadecimal digits.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }
