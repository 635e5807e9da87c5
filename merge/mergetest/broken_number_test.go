package mergetest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// numbers returns a backend that changes the numbers that it stores.
func numbers(as func(text string) string) newBackend {
	return with(quirks{stores: storesAs(func(v record.FieldValue) record.FieldValue {
		if text := v.Value.JSON(); !v.Deleted() && json.Valid([]byte(text)) && strings.Trim(text[:1], "-0123456789") == "" {
			v.Value, _ = record.ParseValue([]byte(as(text)))
		}
		return v
	})})
}

// saturated replaces each number above the greatest int64 with that int64, and keeps all others.
func saturated(text string) string {
	f, err := strconv.ParseFloat(text, 64)
	if err == nil && f >= 1<<63 {
		return "9223372036854775807"
	}
	return text
}

func rounded(digits int) func(string) string {
	return func(text string) string {
		f, _ := strconv.ParseFloat(text, 64)
		if strings.ContainsAny(text, ".e") {
			return strconv.FormatFloat(f, 'g', digits, 64)
		}
		return text
	}
}

// TestChangedValuesAreFound checks that a backend which changes values is found within forty seeds.
func TestChangedValuesAreFound(t *testing.T) {
	skipShort(t)
	exact := []law.Law{law.Exact, law.Stamp, law.Four, law.Invented}
	checkAll(t, []broken{
		{"integers limited to int64", numbers(saturated), exact},
		{"numbers rounded to fifteen digits", numbers(rounded(15)), exact},
		{"exponents dropped", numbers(func(text string) string { before, _, _ := strings.Cut(text, "e"); return before }), exact},
		{"numbers rounded to six decimals", numbers(func(text string) string {
			f, _ := strconv.ParseFloat(text, 64)
			if strings.Contains(text, ".") {
				return fmt.Sprintf("%.6f", f)
			}
			return text
		}), exact},
		{"strings used as formats", text(func(s string) string { return fmt.Sprintf(s, []any{}...) }), exact},
		{"strings cut at NUL", text(func(s string) string { s, _, _ = strings.Cut(s, "\x00"); return s }), exact},
		{"strings cut at 300 bytes", text(func(s string) string { return s[:min(len(s), 300)] }), exact},
		{"dates converted to UTC", text(func(s string) string { return strings.Replace(s, "12:00:00+02:00", "10:00:00Z", 1) }), exact},
		{"trailing spaces dropped", text(func(s string) string { return strings.TrimRight(s, " ") }), exact},
		{"quotes doubled", text(func(s string) string { return strings.ReplaceAll(s, "'", "''") }), exact},
		{"backslashes dropped", text(func(s string) string { return strings.ReplaceAll(s, `\`, "") }), exact},
		{"strings parsed as numbers", text(func(s string) string {
			if f, err := strconv.ParseFloat(s, 64); err == nil {
				return strconv.FormatFloat(f, 'g', -1, 64)
			}
			return s
		}), exact},
		{"true becomes 1", with(quirks{stores: storesAs(instead(record.Bool(true), record.Int(1)))}), append(exact, law.Revive, law.Tombstone)},
	}, func(t *testing.T, b broken) { b.checkFew(t, 40) })
}
