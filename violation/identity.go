package violation

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"hash"
	"io"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// idOf returns the ID of a violation: 26 characters that are safe in any URL, collation or
// file name. It is the same on every server that finds the violation.
func idOf(rule, key string) string {
	sum := hashOf("fieldlww/violation/1\n", rule, key)
	return lowerBase32(sum[:16])
}

func lowerBase32(b []byte) string {
	return strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
}

// hashOf returns the SHA-256 of a tag and of parts, each preceded by its length.
func hashOf(tag string, parts ...string) [sha256.Size]byte {
	h := newHash(tag)
	h.add(parts...)
	return h.sum()
}

// hashing computes a hash part by part.
type hashing struct{ hash.Hash }

func newHash(tag string) hashing {
	h := hashing{sha256.New()}
	h.Write([]byte(tag)) // a hash.Hash never returns an error
	return h
}

func (h hashing) add(parts ...string) {
	for _, part := range parts {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		h.Write(size[:])
		io.WriteString(h, part)
	}
}

func (h hashing) sum() (sum [sha256.Size]byte) {
	h.Sum(sum[:0])
	return sum
}

// evidence describes the fields that a finding depends on: a hash of their stamps, and the
// greatest stamp.
type evidence struct {
	hash   string
	newest clock.Stamp
}

// evidenceOf returns the evidence of a finding, given its existing records, sorted by key. Deleted
// records and deleted fields are not evidence: they may be purged, and a purge must not change
// the row. If none of the fields that the finding depends on has a value, its evidence has the
// greatest stamp of all fields of the records. Deleted records count for that stamp only if all
// records are deleted.
func evidenceOf(f Finding, records []record.Record) evidence {
	var e evidence
	h := newHash("fieldlww/evidence/1\n")
	for _, r := range records {
		for name, w := range merge.Purge(r, clock.MaxTimestamp, 2).All() {
			if f.reads(name) {
				h.add(r.Key().Table, r.Key().ID, name, w.Stamp.String())
				if w.Stamp.Compare(e.newest) > 0 {
					e.newest = w.Stamp
				}
			}
		}
	}
	if e.newest.IsZero() {
		e.newest = newestOf(records, false)
	}
	if e.newest.IsZero() {
		e.newest = newestOf(records, true)
	}
	sum := h.sum()
	e.hash = lowerBase32(sum[:16])
	return e
}

// newestOf returns the greatest stamp of the records that are deleted, or of those that are not.
func newestOf(records []record.Record, deleted bool) (newest clock.Stamp) {
	for _, r := range records {
		if s := stampOf(r, nil); r.Deleted() == deleted && s.Compare(newest) > 0 {
			newest = s
		}
	}
	return newest
}

// reads reports whether a field is part of the evidence.
func (f Finding) reads(name string) bool {
	if f.Fields == nil || name == record.DeletedField {
		return true
	}
	for _, field := range f.Fields {
		if field == name {
			return true
		}
	}
	return false
}
