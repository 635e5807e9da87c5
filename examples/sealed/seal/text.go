package seal

import (
	"encoding/base64"
	"strings"

	"github.com/fieldlww/fieldlww/record"
)

// The text of a sealed value is "sealed.1.", the ID of the key, a dot, and in base64 the nonce, the
// encrypted value and the tag.
const (
	prefix   = "sealed.1."
	overhead = 12 + 16 // bytes of the nonce and of the tag
	maxKeyID = 64      // bytes
)

// encoding has one text for the same bytes: decoding is strict.
var encoding = base64.RawURLEncoding.Strict()

// split returns the key ID and the bytes of a sealed value.
func split(v record.Value) (keyID string, box []byte, ok bool) {
	text, _ := v.Text()
	rest, ok := strings.CutPrefix(text, prefix)
	if !ok {
		return "", nil, false
	}
	keyID, code, ok := strings.Cut(rest, ".")
	if !ok || !isKeyID(keyID) || strings.ContainsAny(code, "\r\n") { // a decoder skips line breaks
		return "", nil, false
	}
	box, err := encoding.DecodeString(code)
	return keyID, box, err == nil && len(box) > overhead
}

// IsSealed reports whether a value has the form of a sealed value. It needs no key, so the Guard of
// a server can use it to refuse values that an app forgot to seal.
func IsSealed(v record.Value) bool {
	_, _, ok := split(v)
	return ok
}

func isKeyID(id string) bool {
	for _, c := range []byte(id) {
		switch {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '-', c == '_':
		default:
			return false
		}
	}
	return 0 < len(id) && len(id) <= maxKeyID
}
