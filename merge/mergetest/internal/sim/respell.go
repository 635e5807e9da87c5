package sim

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/record"
)

// The library writes one spelling, the canonical one. Other clients write other spellings with
// the same meaning, so a server must compare decoded values and never the text.

// respelled returns a batch whose valid items have another spelling.
func respelled(b check.Batch) check.Batch {
	b.Items = slices.Clone(b.Items)
	for i, it := range b.Items {
		if it.Bad == "" {
			other := *it
			other.Raw, other.Spelled = Respell(it.M), true
			b.Items[i] = &other
		}
	}
	return b
}

// Respell returns a mutation in another spelling: members in another order, white space, stamps
// without trailing zeros and in the other form of UTC, client IDs in upper case, other forms of
// names, strings and numbers, and an unknown member.
func Respell(m record.Mutation) []byte {
	var data, base []string
	for name, v := range m.Data.All() {
		value := `"deleted" : true`
		if !v.Deleted() {
			value = `"value" : ` + respellJSON(v.Value.JSON())
		}
		data = append(data, fmt.Sprintf("%s :\t{ %s, %s }", respellText(name), respellStamp(v.Stamp), value))
	}
	for _, name := range slices.Sorted(maps.Keys(m.Base)) {
		seen := "null"
		if s := m.Base[name]; !s.IsZero() {
			seen = "{" + respellStamp(s) + "}"
		}
		base = append(base, respellText(name)+" : "+seen)
	}
	slices.Reverse(data)
	members := []string{fmt.Sprintf(`"data" : { %s }`, strings.Join(data, ", "))}
	if m.Base != nil {
		members = append(members, fmt.Sprintf(`"base" : { %s }`, strings.Join(base, ", ")))
	}
	if m.New {
		members = append(members, `"new" : true`)
	}
	key := m.Data.Key()
	members = append(members, `"unknown" : { "x" : [ 1, null ] }`, `"id" : `+respellText(key.ID), `"table" : `+respellText(key.Table))
	return []byte("{ " + strings.Join(members, " ,\r\n") + " }")
}

func respellStamp(s clock.Stamp) string {
	at := strings.TrimRight(strings.TrimSuffix(s.Time.String(), "Z"), "0")
	if whole := len("2006-01-02T15:04:05"); len(at) <= whole+1 {
		at = s.Time.String()[:whole]
	}
	zone := "Z"
	if s.Time.Time().UnixMilli()%2 == 1 {
		zone = "+00:00"
	}
	return fmt.Sprintf(`"clientId" : %q, "updatedAt" : %q`, strings.ToUpper(s.Client.String()), at+zone)
}

func respellText(s string) string { return respellJSON(jsonText(s)) }

func jsonText(s string) string {
	text, _ := json.Marshal(s) // a string never fails to marshal
	return string(text)
}

// respellJSON returns canonical JSON in another spelling: spaces between tokens, an escape for
// the first character of each string, 10 as 1e1, and 9 as 9.0.
func respellJSON(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		n := firstToken(text)
		b.WriteString(respellToken(text[:n]))
		if text = text[n:]; text != "" {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// firstToken returns the length of the first token of canonical JSON.
func firstToken(text string) int {
	switch n := strings.IndexAny(text, "[]{},:"); {
	case text[0] == '"':
		return 1 + closing(text[1:])
	case n == 0:
		return 1
	case n > 0:
		return n
	}
	return len(text)
}

// closing returns the length of the rest of a string, with its closing quote.
func closing(text string) int {
	for i := 0; ; i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
}

func respellToken(text string) string {
	digits := strings.TrimPrefix(text, "-")
	switch {
	case text[0] == '"':
		if r, size := utf8.DecodeRuneInString(text[1:]); r != '"' && r != '\\' && r <= 0xffff {
			return fmt.Sprintf(`"\u%04x%s`, r, text[1+size:])
		}
	case digits == "" || strings.Trim(digits, "0123456789") != "":
		return text
	case len(digits) > 1 && digits[len(digits)-1] == '0':
		short := strings.TrimRight(text, "0")
		return fmt.Sprintf("%se%d", short, len(text)-len(short))
	default:
		return text + ".0"
	}
	return text
}
