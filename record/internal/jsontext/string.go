package jsontext

import (
	"encoding/binary"
	"math/bits"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Canonical strings follow RFC 8785: they are valid UTF-8, and only the quotation mark, the
// backslash and U+0000 to U+001F are escaped, in their short forms where these exist.
// JSON.stringify writes the same.

// AppendString appends s to dst as a canonical JSON string. It refuses invalid UTF-8.
func AppendString(dst []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return dst, ErrUTF8
	}
	return AppendQuoted(dst, s), nil
}

// AppendQuoted is like AppendString, for an s that is known to be valid.
func AppendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' {
			dst = appendEscaped(append(dst, s[from:i]...), c)
			from = i + 1
		}
	}
	return append(append(dst, s[from:]...), '"')
}

// appendEscaped appends the canonical escape of c, which must need one.
func appendEscaped(dst []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, `\b`...)
	case '\t':
		return append(dst, `\t`...)
	case '\n':
		return append(dst, `\n`...)
	case '\f':
		return append(dst, `\f`...)
	case '\r':
		return append(dst, `\r`...)
	}
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}

// plainPrefix returns the number of bytes at the start of b that need no further check: no
// quotation mark, backslash, control character, or part of a multi-byte rune is among them.
// It examines eight bytes at a time.
func plainPrefix(b []byte) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	n := 0
	for ; len(b)-n >= 8; n += 8 {
		w := binary.LittleEndian.Uint64(b[n:])
		quote, slash := w^(ones*'"'), w^(ones*'\\')
		// In found, the top bit of each byte that matters is set. A borrow may also set the
		// top bit of a later byte, but never the top bit of an earlier one.
		found := (w | (w - ones*' ') | (quote-ones)&^quote | (slash-ones)&^slash) & tops
		if found != 0 {
			return n + bits.TrailingZeros64(found)/8
		}
	}
	for n < len(b) && b[n] >= ' ' && b[n] != '"' && b[n] != '\\' && b[n] < utf8.RuneSelf {
		n++
	}
	return n
}

// appendCanonical appends the inside of a valid JSON string in canonical form: it replaces
// unnecessary escapes with the characters that they represent.
func appendCanonical(dst, inner []byte) []byte {
	for i := 0; i < len(inner); {
		if inner[i] != '\\' {
			dst = append(dst, inner[i])
			i++
			continue
		}
		r, n := escapedRune(inner[i:])
		i += n
		if r < ' ' || r == '"' || r == '\\' {
			dst = appendEscaped(dst, byte(r))
		} else {
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}

// Unquote returns the text that a canonical JSON string represents.
func Unquote(text string) string {
	inner := text[1 : len(text)-1]
	if strings.IndexByte(inner, '\\') < 0 {
		return inner
	}
	return string(unescape(make([]byte, 0, len(inner)), inner))
}

// unescape appends the text that the inside of a valid JSON string represents.
func unescape[S ~string | ~[]byte](dst []byte, inner S) []byte {
	for i := 0; i < len(inner); {
		if inner[i] != '\\' {
			dst = append(dst, inner[i])
			i++
			continue
		}
		r, n := escapedRune(inner[i:])
		dst = utf8.AppendRune(dst, r)
		i += n
	}
	return dst
}

// escapedRune returns the rune that the escape at the start of s represents, and the length of
// the escape. A surrogate pair is one escape. For a lone surrogate it returns utf8.RuneError
// and the length of its escape. The escape of U+FFFD has the same result, but its first digit
// is f, and a surrogate's is d.
func escapedRune[S ~string | ~[]byte](s S) (r rune, n int) {
	switch s[1] {
	case 'b':
		return '\b', 2
	case 't':
		return '\t', 2
	case 'n':
		return '\n', 2
	case 'f':
		return '\f', 2
	case 'r':
		return '\r', 2
	case 'u':
		r = hexRune(s[2:])
		if !utf16.IsSurrogate(r) {
			return r, 6
		}
		if len(s) >= 12 && s[6] == '\\' && s[7] == 'u' {
			if pair := utf16.DecodeRune(r, hexRune(s[8:])); pair != utf8.RuneError {
				return pair, 12
			}
		}
		return utf8.RuneError, 6
	}
	return rune(s[1]), 2
}

// hexRune returns the number in the first four hexadecimal digits of s, or -1.
func hexRune[S ~string | ~[]byte](s S) rune {
	if len(s) < 4 {
		return -1
	}
	var r rune
	for i := range 4 {
		d := hexDigit(s[i])
		if d < 0 {
			return -1
		}
		r = r<<4 | rune(d)
	}
	return r
}

func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// compareNames compares two object keys by the bytes of their unescaped texts, given the
// insides of their canonical strings. Every canonical escape represents one byte, so the keys
// can be compared without unescaping them first.
func compareNames(a, b []byte) int {
	for {
		switch {
		case len(a) == 0 && len(b) == 0:
			return 0
		case len(a) == 0:
			return -1
		case len(b) == 0:
			return 1
		}
		x, n := nameByte(a)
		y, m := nameByte(b)
		if x != y {
			if x < y {
				return -1
			}
			return 1
		}
		a, b = a[n:], b[m:]
	}
}

// nameByte returns the first byte of the text that the canonical s represents, and the number
// of bytes in s that represent it.
func nameByte(s []byte) (byte, int) {
	if s[0] != '\\' {
		return s[0], 1
	}
	r, n := escapedRune(s)
	return byte(r), n
}
