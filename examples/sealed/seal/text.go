package seal

import (
	"encoding/base64"
	"strings"

	"github.com/fieldlww/fieldlww/record"
)

// The JSON of a sealed value is an array, ["sealed",1,"KEY","CODE"]: the version, the ID of the key,
// and in base64 the nonce, the encrypted value and the tag. It is not a string, which a rule of
// package violation would take for a name, and not an object, which decodes into any Go struct: a
// rule that cannot read a value must notice.
const (
	prefix   = `["sealed",1,"`
	middle   = `","`
	suffix   = `"]`
	overhead = 12 + 16 // bytes of the nonce and of the tag
	maxKeyID = 64      // bytes
)

// encoding has one text for the same bytes: decoding is strict.
var encoding = base64.RawURLEncoding.Strict()

// split returns the key ID and the bytes of a sealed value.
func split(v record.Value) (keyID string, box []byte, ok bool) {
	rest, ok := strings.CutPrefix(v.JSON(), prefix)
	if !ok {
		return "", nil, false
	}
	rest, ok = strings.CutSuffix(rest, suffix)
	keyID, code, _ := strings.Cut(rest, middle)
	if !ok || !isKeyID(keyID) {
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

// join returns a sealed value of its parts.
func join(keyID string, box []byte) (record.Value, error) {
	trusted := record.Decoder{Trusted: true} // without limits
	return trusted.Value([]byte(prefix + keyID + middle + encoding.EncodeToString(box) + suffix))
}
