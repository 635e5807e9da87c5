package merge

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// appendJSON appends x in the form that encoding/json gives it, without escaping HTML.
func appendJSON(dst []byte, x any) []byte {
	out := bytes.NewBuffer(dst)
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	// What this package encodes always has a form.
	_ = e.Encode(x)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

// valid returns s with U+FFFD for what is not UTF-8, which a key that was refused may
// hold.
func valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}
