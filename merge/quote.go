package merge

import (
	"strings"

	"github.com/fieldlww/fieldlww/record"
)

// appendQuoted appends s as a canonical JSON string. Bytes that are not UTF-8,
// which a key that was refused may hold, become U+FFFD.
func appendQuoted(dst []byte, s string) []byte {
	if strings.IndexFunc(s, needsCare) < 0 {
		return append(append(append(dst, '"'), s...), '"')
	}
	// Valid UTF-8 is always a value.
	v, _ := record.Text(string([]rune(s)))
	return v.AppendJSON(dst)
}

// needsCare reports whether a character may need an escape, or is none.
func needsCare(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }
