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

// numbers stores numbers otherwise.
func numbers(as func(text string) string) newBackend {
	return with(quirks{stores: storesAs(func(v record.FieldValue) record.FieldValue {
		if text := v.Value.JSON(); !v.Deleted() && json.Valid([]byte(text)) && strings.Trim(text[:1], "-0123456789") == "" {
			v.Value, _ = record.ParseValue([]byte(as(text)))
		}
		return v
	})})
}

// saturated holds integers in 64 bits, and rounds none.
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

// TestChangedValues: values that come back as others are found within forty seeds.
func TestChangedValues(t *testing.T) {
	skipShort(t)
	exact := []law.Law{law.Exact, law.Stamp, law.Four, law.Invented}
	checkAll(t, []broken{
		{"integers above 2^63", numbers(saturated), exact},
		{"fifteen digits", numbers(rounded(15)), exact},
		{"no exponents", numbers(func(text string) string { before, _, _ := strings.Cut(text, "e"); return before }), exact},
		{"fixed digits", numbers(func(text string) string {
			f, _ := strconv.ParseFloat(text, 64)
			if strings.Contains(text, ".") {
				return fmt.Sprintf("%.6f", f)
			}
			return text
		}), exact},
		{"a format", text(func(s string) string { return fmt.Sprintf(s, []any{}...) }), exact},
		{"up to NUL", text(func(s string) string { s, _, _ = strings.Cut(s, "\x00"); return s }), exact},
		{"300 characters", text(func(s string) string { return s[:min(len(s), 300)] }), exact},
		{"a date in UTC", text(func(s string) string { return strings.Replace(s, "12:00:00+02:00", "10:00:00Z", 1) }), exact},
		{"spaces at the end", text(func(s string) string { return strings.TrimRight(s, " ") }), exact},
		{"quotes", text(func(s string) string { return strings.ReplaceAll(s, "'", "''") }), exact},
		{"backslashes", text(func(s string) string { return strings.ReplaceAll(s, `\`, "") }), exact},
		{"numbers in texts", text(func(s string) string {
			if f, err := strconv.ParseFloat(s, 64); err == nil {
				return strconv.FormatFloat(f, 'g', -1, 64)
			}
			return s
		}), exact},
		{"truth as a number", with(quirks{stores: storesAs(instead(record.Bool(true), record.Int(1)))}), append(exact, law.Revive, law.Tombstone)},
	}, func(t *testing.T, b broken) { b.checkFew(t, 40) })
}
