package merge

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// appendJSON appends x as encoding/json encodes it, without escaping HTML.
func appendJSON(dst []byte, x any) []byte {
	out := bytes.NewBuffer(dst)
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	// The types that this package encodes never return an error.
	_ = e.Encode(x)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

// valid returns s with invalid UTF-8 replaced by U+FFFD. The key of a refused item may
// contain invalid UTF-8.
func valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}
