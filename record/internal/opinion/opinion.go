// Package opinion implements canonical JSON a second time, as an oracle for tests of the
// first implementation. It reads with encoding/json, calculates with math/big, and shares no
// code with the library.
package opinion

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// ErrRefused is returned for texts that the library must refuse.
var ErrRefused = errors.New("refused by the second opinion")

// Of returns the canonical form of a JSON text, or ErrRefused if the text must be refused
// under the default limits. The result syntax reports whether the text is JSON at all.
func Of(text []byte) (canonical string, syntax bool, err error) {
	if !json.Valid(text) {
		return "", false, ErrRefused
	}
	if !utf8.Valid(text) || hasLoneSurrogate(text) {
		return "", true, ErrRefused
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	canonical, err = value(d, 0)
	if _, end := d.Token(); err == nil && end != io.EOF {
		err = ErrRefused
	}
	if len(canonical) > 1<<20 {
		err = ErrRefused
	}
	return canonical, true, err
}

// value reads the next value of valid JSON.
func value(d *json.Decoder, depth int) (string, error) {
	token, err := d.Token()
	if err != nil {
		return "", err
	}
	switch token := token.(type) {
	case json.Delim:
		if depth == 32 {
			return "", ErrRefused
		}
		if token == '[' {
			return array(d, depth+1)
		}
		return object(d, depth+1)
	case string:
		return Quote(token), nil
	case json.Number:
		return Number(string(token))
	case bool:
		return strconv.FormatBool(token), nil
	}
	return "null", nil
}

func array(d *json.Decoder, depth int) (string, error) {
	var parts []string
	for d.More() {
		part, err := value(d, depth)
		if err != nil {
			return "", err
		}
		parts = append(parts, part)
	}
	_, err := d.Token()
	return "[" + strings.Join(parts, ",") + "]", err
}

func object(d *json.Decoder, depth int) (string, error) {
	members := map[string]string{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return "", err
		}
		if _, twice := members[name.(string)]; twice {
			return "", ErrRefused
		}
		member, err := value(d, depth)
		if err != nil {
			return "", err
		}
		members[name.(string)] = member
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(members)) {
		parts = append(parts, Quote(name)+":"+members[name])
	}
	_, err := d.Token()
	return "{" + strings.Join(parts, ",") + "}", err
}

// Quote returns the canonical JSON of a string.
func Quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		short := strings.IndexRune("\b\t\n\f\r\"\\", r)
		switch {
		case short >= 0:
			b.WriteString([]string{`\b`, `\t`, `\n`, `\f`, `\r`, `\"`, `\\`}[short])
		case r < ' ':
			b.WriteString(`\u00` + strconv.FormatInt(int64(r)+0x100, 16)[1:])
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

var escapes = regexp.MustCompile(`\\(u[0-9a-fA-F]{4}|.)`)

// hasLoneSurrogate reports whether valid JSON contains an escaped half of a surrogate pair
// without the other half.
func hasLoneSurrogate(text []byte) bool {
	high := -1 // offset after the escape of a high surrogate, or -1
	for _, at := range escapes.FindAllIndex(text, -1) {
		escape := text[at[0]:at[1]]
		unit, err := strconv.ParseUint(string(escape[2:]), 16, 16)
		isHigh := err == nil && len(escape) == 6 && unit>>10 == 0xd800>>10
		isLow := err == nil && len(escape) == 6 && unit>>10 == 0xdc00>>10
		switch paired := high == at[0]; {
		case high >= 0 && !(paired && isLow), isLow && !paired:
			return true
		case isHigh:
			high = at[1]
		default:
			high = -1
		}
	}
	return high >= 0
}

// Number returns the canonical form of a number, or ErrRefused. It depends only on the
// mathematical value of the literal.
func Number(literal string) (string, error) {
	if len(literal) > 1000 {
		return "", ErrRefused
	}
	mantissa, exponent, _ := strings.Cut(strings.ToLower(literal), "e")
	switch e, err := strconv.Atoi(exponent); {
	case strings.Trim(mantissa, "-0.") == "":
		return "0", nil
	case exponent != "" && (err != nil || e > 2000 || e < -2000):
		return "", ErrRefused // A number of at most 1,000 digits with this exponent is far out of range.
	}
	exact, ok := new(big.Rat).SetString(literal)
	if !ok {
		return "", ErrRefused
	}
	if exact.IsInt() && exact.Num().IsInt64() {
		return exact.Num().String(), nil
	}
	f, _ := exact.Float64()
	if f == 0 || math.IsInf(f, 0) {
		return "", ErrRefused
	}
	if rounded, accuracy := big.NewFloat(f).Int64(); accuracy == big.Exact {
		return strconv.FormatInt(rounded, 10), nil
	}
	return ECMAScript(f), nil
}

// ECMAScript returns the text that Number.prototype.toString returns for f, by the steps of
// the standard: f is 0.digits times 10^n.
func ECMAScript(f float64) string {
	if f < 0 {
		return "-" + ECMAScript(-f)
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
	digits := strings.Replace(mantissa, ".", "", 1)
	e, _ := strconv.Atoi(exponent)
	n, k := e+1, len(digits)
	switch {
	case k <= n && n <= 21:
		return digits + strings.Repeat("0", n-k)
	case 0 < n && n <= 21:
		return digits[:n] + "." + digits[n:]
	case -6 < n && n <= 0:
		return "0." + strings.Repeat("0", -n) + digits
	}
	sign := "+"
	if e < 0 {
		sign, e = "-", -e
	}
	if k > 1 {
		digits = digits[:1] + "." + digits[1:]
	}
	return digits + "e" + sign + strconv.Itoa(e)
}

// EscapeAll returns text as a JSON string of escapes only, each in the given format. A
// character beyond U+FFFF becomes a pair of surrogates.
func EscapeAll(text, format string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, unit := range utf16.Encode([]rune(text)) {
		fmt.Fprintf(&b, `\u`+format, unit)
	}
	b.WriteByte('"')
	return b.String()
}
