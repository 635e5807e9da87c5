package mergetest

import (
	"bytes"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

var composed = strings.NewReplacer("e\u0301", "é", "E\u0301", "É")

// converted returns a backend that converts the values of one Go type.
func converted[T any](as func(x T) any) newBackend {
	return with(quirks{stores: storesAs(func(v record.FieldValue) record.FieldValue {
		var x any
		if v.Deleted() || json.Unmarshal([]byte(v.Value.JSON()), &x) != nil {
			return v
		}
		if y, ok := x.(T); ok {
			v.Value = record.MustOf(as(y))
		}
		return v
	})})
}

func number(text string) any {
	var n float64
	if json.Unmarshal([]byte(text), &n) == nil {
		return n
	}
	return text
}

func notEmpty(list []any) any {
	if len(list) == 0 {
		return nil
	}
	return list
}

func cents(n float64) any {
	if n < 1e6 {
		return float64(int(n*100)) / 100
	}
	return record.Int(int64(n) + 1) // only one of the numbers is this large
}

// lacking returns a backend that never stores the given value.
func lacking(value record.Value) newBackend {
	return with(quirks{stores: storesWithout(func(name string, v record.FieldValue) bool {
		return name != record.DeletedField && v.Value == value
	})})
}

// combining returns a backend that merges stored and incoming values.
func combining(both func(old, in any) any) newBackend {
	return with(quirks{stores: func(fields map[string]record.FieldValue, name string, v record.FieldValue) {
		var old, in any
		json.Unmarshal([]byte(fields[name].Value.JSON()), &old)
		json.Unmarshal([]byte(v.Value.JSON()), &in)
		if x := both(old, in); x != nil && !v.Deleted() {
			v.Value = record.MustOf(x)
		}
		fields[name] = v
	}})
}

func deepMerge(old, in any) any {
	x, ok := old.(map[string]any)
	y, also := in.(map[string]any)
	if !ok || !also {
		return nil
	}
	maps.Copy(x, y)
	return x
}

func listUnion(old, in any) any {
	x, ok := old.([]any)
	y, also := in.([]any)
	if !ok || !also {
		return nil
	}
	return append(x, y...)
}

// named returns a backend that stores fields under other names.
func named(as func(string) string) newBackend {
	return with(quirks{stores: func(fields map[string]record.FieldValue, name string, v record.FieldValue) { fields[as(name)] = v }})
}

// pulled returns a backend that changes the pulled lines.
func pulled(as func(lines []byte) []byte) newBackend {
	return ownOf(own{pull: func(o *own, client clock.ClientID, cursor string) ([]byte, string, error) {
		lines, next, err := o.memory.Pull(client, cursor)
		return as(lines), next, err
	}})
}

func inPulls(old, new string) newBackend {
	return pulled(func(lines []byte) []byte { return bytes.ReplaceAll(lines, []byte(old), []byte(new)) })
}

// tieBy returns a backend that compares values at equal stamps after a conversion.
func tieBy(as func(value string) string) newBackend {
	return with(quirks{wins: func(old, in record.FieldValue) bool {
		if old.Stamp != in.Stamp || old.Deleted() || in.Deleted() {
			return rightly(old, in)
		}
		return as(in.Value.JSON()) > as(old.Value.JSON())
	}})
}

func inUTF16(text string) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(text)) {
		b.Write([]byte{byte(unit >> 8), byte(unit)})
	}
	return b.String()
}

// byGUID compares the first four bytes of a client ID in reverse order.
func byGUID(old, in record.FieldValue) bool {
	for _, v := range []*record.FieldValue{&old, &in} {
		c := &v.Stamp.Client
		c[0], c[1], c[2], c[3] = c[3], c[2], c[1], c[0]
	}
	return rightly(old, in)
}

// TestMistakesWithRareNamesAndValuesAreFound checks that default Options find mistakes which affect only a few
// names, values or IDs.
func TestMistakesWithRareNamesAndValuesAreFound(t *testing.T) {
	changed := []law.Law{law.Exact, law.Four, law.Stamp}
	lost := []law.Law{law.Names, law.Vanish, law.Invented, law.Tombstone, law.Revive}
	checkAll(t, []broken{
		{"false is not stored", lacking(record.Bool(false)), []law.Law{law.Vanish, law.Later, law.Four}},
		{"zero is not stored", lacking(record.Int(0)), []law.Law{law.Vanish, law.Later, law.Four}},
		{"numbers in objects pass through float64", converted(func(x map[string]any) any { return x }), changed},
		{"strings become numbers", converted(number), changed},
		{"empty lists become null", converted(notEmpty), changed},
		{"numbers are cut to two decimals", converted(cents), changed},
		{"line ends are converted", text(func(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }), changed},
		{"strings are normalized", text(composed.Replace), changed},
		{"characters beyond 16 bits are replaced", text(func(s string) string { return strings.ReplaceAll(s, "😀", "?") }), changed},
		{"objects are merged", combining(deepMerge), changed},
		{"lists are joined", combining(listUnion), changed},
		{"names are normalized", named(composed.Replace), lost},
		{"names are cut", named(func(name string) string { return name[:min(len(name), 64)] }), lost},
		{"names are trimmed", named(strings.TrimSpace), lost},
		{"IDs are cut", inPulls(strings.Repeat("long", 50), strings.Repeat("long", 16)), lost},
		{"IDs are trimmed", inPulls(`"a "`, `"a"`), append(lost, law.Later, law.Stays, law.Exact, law.Stamp)},
		{"two tables become one", inPulls(`"notes"`, `"tasks"`), append(lost, law.Later, law.Stays)},
		{"client IDs compared as GUIDs", with(quirks{wins: byGUID}), []law.Law{law.Client}},
		{"ties decided ignoring case", tieBy(strings.ToLower), []law.Law{law.Value}},
		{"ties decided in UTF-16 order", tieBy(inUTF16), []law.Law{law.Value}},
	}, func(t *testing.T, b broken) { b.check(t, Options{}) })
}
