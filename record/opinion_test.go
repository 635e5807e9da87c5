package record_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The second opinion on canonical JSON. It reads with encoding/json, does numbers
// with math/big, and shares no code with the library.

var errOpinion = errors.New("refused by the second opinion")

// opinion returns the canonical form of a JSON text, or errOpinion where it is to
// be refused under the default limits. syntax reports whether it is JSON at all.
func opinion(text []byte) (canonical string, syntax bool, err error) {
	if !json.Valid(text) {
		return "", false, errOpinion
	}
	if !utf8.Valid(text) || hasLoneSurrogate(text) {
		return "", true, errOpinion
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	canonical, err = opinionOf(d, 0)
	if _, end := d.Token(); err == nil && end != io.EOF {
		err = errOpinion
	}
	if len(canonical) > 1<<20 {
		err = errOpinion
	}
	return canonical, true, err
}

// opinionOf reads the value that is next in valid JSON.
func opinionOf(d *json.Decoder, depth int) (string, error) {
	token, err := d.Token()
	if err != nil {
		return "", err
	}
	switch token := token.(type) {
	case json.Delim:
		if depth == 32 {
			return "", errOpinion
		}
		if token == '[' {
			return opinionOfArray(d, depth+1)
		}
		return opinionOfObject(d, depth+1)
	case string:
		return canonicalText(token), nil
	case json.Number:
		return opinionOfNumber(string(token))
	case bool:
		return strconv.FormatBool(token), nil
	}
	return "null", nil
}

func opinionOfArray(d *json.Decoder, depth int) (string, error) {
	var parts []string
	for d.More() {
		part, err := opinionOf(d, depth)
		if err != nil {
			return "", err
		}
		parts = append(parts, part)
	}
	_, err := d.Token()
	return "[" + strings.Join(parts, ",") + "]", err
}

func opinionOfObject(d *json.Decoder, depth int) (string, error) {
	members := map[string]string{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return "", err
		}
		if _, twice := members[name.(string)]; twice {
			return "", errOpinion
		}
		value, err := opinionOf(d, depth)
		if err != nil {
			return "", err
		}
		members[name.(string)] = value
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(members)) {
		parts = append(parts, canonicalText(name)+":"+members[name])
	}
	_, err := d.Token()
	return "{" + strings.Join(parts, ",") + "}", err
}

// canonicalText returns the canonical JSON of a string.
func canonicalText(s string) string {
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

// hasLoneSurrogate reports whether valid JSON has an escaped half of a pair.
func hasLoneSurrogate(text []byte) bool {
	high := -1 // where the escape of a high half ended
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

// opinionOfNumber judges the mathematical value of a literal.
func opinionOfNumber(literal string) (string, error) {
	if len(literal) > 1000 {
		return "", errOpinion
	}
	mantissa, exponent, _ := strings.Cut(strings.ToLower(literal), "e")
	switch e, err := strconv.Atoi(exponent); {
	case strings.Trim(mantissa, "-0.") == "":
		return "0", nil
	case exponent != "" && (err != nil || e > 2000 || e < -2000):
		return "", errOpinion // With at most 1,000 digits it is far outside.
	}
	exact, ok := new(big.Rat).SetString(literal)
	if !ok {
		return "", errOpinion
	}
	if exact.IsInt() && exact.Num().IsInt64() {
		return exact.Num().String(), nil
	}
	f, _ := exact.Float64()
	if f == 0 || math.IsInf(f, 0) {
		return "", errOpinion
	}
	if rounded, accuracy := big.NewFloat(f).Int64(); accuracy == big.Exact {
		return strconv.FormatInt(rounded, 10), nil
	}
	return ecmaScript(f), nil
}

// ecmaScript returns what Number.prototype.toString makes of f, by the steps of
// the standard: f is 0.digits times ten to the n.
func ecmaScript(f float64) string {
	if f < 0 {
		return "-" + ecmaScript(-f)
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
