package violation

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Scope names a group of a rule.
type Scope struct {
	// Rule is the name under which the rule is registered.
	Rule string
	// Name is what Rule.Scopes calls the group.
	Name string
}

// Compare returns -1, 0 or +1, ordering by rule and then by name, as bytes.
func (s Scope) Compare(o Scope) int {
	if s.Rule != o.Rule {
		return strings.Compare(s.Rule, o.Rule)
	}
	return strings.Compare(s.Name, o.Name)
}

// Lock returns a number for the scope, the same on every server, for databases
// that lock numbers, such as pg_advisory_xact_lock. Two scopes have the same number
// with negligible probability, and then only wait for each other.
func (s Scope) Lock() int64 {
	sum := hash("fieldlww/scope/1\n", s.Rule, s.Name)
	return int64(binary.BigEndian.Uint64(sum[:]))
}

// idOf returns the identity of a violation: 26 characters that are safe in any URL,
// collation or file name. Two servers that find the same thing give it the same ID.
func idOf(rule, key string) string {
	sum := hash("fieldlww/violation/1\n", rule, key)
	return lowerBase32(sum[:16])
}

func lowerBase32(b []byte) string {
	return strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
}

// hash returns the SHA-256 of a tag and of parts, each with its length in front.
func hash(tag string, parts ...string) [sha256.Size]byte {
	text := []byte(tag)
	for _, part := range parts {
		text = binary.BigEndian.AppendUint64(text, uint64(len(part)))
		text = append(text, part...)
	}
	return sha256.Sum256(text)
}

// joinParts returns one text for several names, which hold no U+0000. Such texts sort
// as the names do, one after the other.
func joinParts(parts ...string) string { return strings.Join(parts, "\x00") }

// evidence is what a finding depends on.
type evidence struct {
	hash   string
	newest clock.Stamp
}

// evidenceOf returns the evidence of a finding, given its records as far as they
// exist, sorted by key. Whether a record is deleted is always a part of it.
func evidenceOf(f Finding, records []record.Record) evidence {
	var e evidence
	var parts []string
	for _, r := range records {
		for name, w := range r.All() {
			if f.dependsOn(name) {
				parts = append(parts, r.Key().Table, r.Key().ID, name, w.Stamp.String())
				if w.Stamp.Compare(e.newest) > 0 {
					e.newest = w.Stamp
				}
			}
		}
	}
	sum := hash("fieldlww/evidence/1\n", parts...)
	e.hash = lowerBase32(sum[:16])
	return e
}

// dependsOn reports whether a field is a part of the evidence.
func (f Finding) dependsOn(name string) bool {
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

// stampOf returns the greatest stamp of the named fields of a record, or of all if none
// is named, as in Finding.Fields.
func stampOf(r record.Record, fields []string) (newest clock.Stamp) {
	if len(fields) == 0 {
		for _, w := range r.All() {
			if w.Stamp.Compare(newest) > 0 {
				newest = w.Stamp
			}
		}
	}
	for _, name := range fields {
		if w, _ := r.Get(name); w.Stamp.Compare(newest) > 0 {
			newest = w.Stamp
		}
	}
	return newest
}
