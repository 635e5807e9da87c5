package violation

import (
	"encoding/binary"
	"strings"
	"unicode/utf8"

	"github.com/fieldlww/fieldlww/record"
)

// Scope names a group of a rule.
type Scope struct {
	// Rule is the name under which the rule is registered.
	Rule string
	// Name is the name that Rule.Scopes gave the group. In its results and its calls to a
	// View, a Checker shortens a name of more than 1,024 bytes to the beginning of the name
	// and a hash. So rows and index entries stay small, whatever users write.
	Name string
}

// Compare returns -1, 0 or +1. It orders scopes by rule and then by name, as bytes.
func (s Scope) Compare(o Scope) int {
	if s.Rule != o.Rule {
		return strings.Compare(s.Rule, o.Rule)
	}
	return strings.Compare(s.Name, o.Name)
}

// Lock returns a number for the scope, the same on every server, for databases that lock
// numbers, such as PostgreSQL with pg_advisory_xact_lock. The probability that two scopes have
// the same number is negligible; if they do, their transactions only wait for each other.
func (s Scope) Lock() int64 {
	sum := hashOf("fieldlww/scope/1\n", s.Rule, s.Name)
	return int64(binary.BigEndian.Uint64(sum[:]))
}

// maxScopeName is the greatest length of a name that is not shortened, in bytes.
const maxScopeName = 1024

func isLong(name string) bool { return len(name) > maxScopeName }

// shortName returns the stored form of a name that a rule gave a scope. A shortened name is
// longer than maxScopeName, so it never equals a name that is not shortened.
func shortName(name string) string {
	if !isLong(name) {
		return name
	}
	sum := hashOf("fieldlww/longscope/1\n", name)
	n := maxScopeName
	for n > maxScopeName-utf8.UTFMax && !utf8.RuneStart(name[n]) {
		n--
	}
	return name[:n] + strings.Repeat(".", maxScopeName-n) + shortMark + lowerBase32(sum[:16])
}

// shortMark separates the beginning of a long name from its hash.
const shortMark = "…"

// storedName returns the stored form of a name that may already be shortened.
func storedName(name string) string {
	const hashed = 26
	if len(name) == maxScopeName+len(shortMark)+hashed && name[maxScopeName:maxScopeName+len(shortMark)] == shortMark {
		return name
	}
	return shortName(name)
}

// longName returns the name that a rule gave a scope. It finds a shortened name's original
// through the members of the scope. Without members, it returns the shortened name.
func longName(rule Rule, name string, members []record.Record) string {
	if !isLong(name) {
		return name
	}
	for _, r := range members {
		names, _ := rawScopesOf(rule, r)
		for _, long := range names {
			if shortName(long) == name {
				return long
			}
		}
	}
	return name
}
