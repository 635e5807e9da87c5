package jsontext_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/record/internal/jsontext"
	"github.com/fieldlww/fieldlww/record/internal/opinion"
)

// keyOrder are object keys in the order of the bytes of their text. The order of their UTF-16
// differs, because U+10000 is below U+E000 there. So does the order of their escaped forms,
// where a quotation mark or a backslash begins with a backslash, and a control character with
// \u.
var keyOrder = []string{
	"", "\x00", "\x00\x00", "\x00a", "\x01", "\b", "\t", "\n", "\v", "\f", "\r", "\x1f", " ", "!", "\"", "\"!", "\"\"", "\"a", "#", "0", "A", "A\n", "A ", "A\"", "AA", "A\\",
	"[", "\\", "\\\\", "\\n", "\\u", "]", "a", "b", "n", "t", "u", "~", "\x7f", "\u0080", "é", "\u07ff", "\u0800", "\u2028", "\ud7ff", "\ue000", "\ufeff", "\uff5a",
	"\ufffd", "\uffff", "\U00010000", "😀", "\U0010ffff",
}

// TestKeysAreSortedByTheirBytes sorts all pairs of keys, in both orders and in all spellings.
func TestKeysAreSortedByTheirBytes(t *testing.T) {
	require.True(t, slices.IsSorted(keyOrder))
	spell := []func(string) string{opinion.Quote, func(s string) string { return opinion.EscapeAll(s, "%04x") }}
	for i, a := range keyOrder {
		for _, b := range keyOrder[i+1:] {
			want := `{` + opinion.Quote(a) + `:1,` + opinion.Quote(b) + `:2}`
			for _, form := range []string{
				`{` + spell[0](a) + `:1,` + spell[0](b) + `:2}`, `{` + spell[0](b) + `:2,` + spell[0](a) + `:1}`,
				`{` + spell[1](a) + `:1,` + spell[0](b) + `:2}`, `{` + spell[1](b) + `:2,` + spell[0](a) + `:1}`,
			} {
				value, err := canonical(form)
				require.NoError(t, err)
				require.Equal(t, want, value)
			}
		}
	}
}

// TestObjectsOfManyMembersAreSorted nests the objects in each other.
func TestObjectsOfManyMembersAreSorted(t *testing.T) {
	names := slices.Clone(keyOrder)
	for i := range 60 {
		names = append(names, fmt.Sprintf("k%d\"", i))
	}
	slices.Sort(names)
	rapid.Check(t, func(t *rapid.T) {
		order := rapid.Permutation(names).Draw(t, "order")
		n := rapid.IntRange(1, len(names)).Draw(t, "n")
		var drawn, sorted []string
		for i, name := range order[:n] {
			value := []string{"1", `"}]\",:{["`, `{"b":[{"z":1,"a":"\\\""}],"a":{}}`, "[]"}[i%4]
			drawn = append(drawn, opinion.EscapeAll(name, "%04X")+" : "+value)
		}
		kept := slices.Sorted(slices.Values(order[:n]))
		for _, name := range kept {
			value := []string{"1", `"}]\",:{["`, `{"a":{},"b":[{"a":"\\\"","z":1}]}`, "[]"}[slices.Index(order, name)%4]
			sorted = append(sorted, opinion.Quote(name)+":"+value)
		}
		value, err := canonical("{" + strings.Join(drawn, " , ") + "}")
		require.NoError(t, err)
		require.Equal(t, "{"+strings.Join(sorted, ",")+"}", value)

		// A member that occurs twice is refused, wherever it is.
		twice := drawn[rapid.IntRange(0, n-1).Draw(t, "twice")]
		value, err = canonical("{" + strings.Join(append(drawn, twice), ",") + "}")
		require.ErrorIs(t, err, jsontext.ErrDuplicate)
		require.Zero(t, value)
	})
}

// genStringText draws JSON strings, some of them broken.
var genStringText = rapid.Custom(func(t *rapid.T) string {
	parts := rapid.SliceOfN(rapid.SampledFrom([]string{
		"a", "plain text", "12345678", "é", "😀", "\u2028", "\x7f", "<", "/", `\/`, `\"`, `\\`, `\b`, `\t`, `\n`, `\f`, `\r`, `\u0000`, `\u001F`, `\u0022`, `\u005c`,
		`\u00e9`, `\ud83d\ude00`, `\uD83D\uDE00`, `\uffff`, `\ufffd`, "\ufffd",
		`\ud83d`, `\ude00`, "\xff", "\xed\xa0\x80", "\xc3", "\n", "\x00", `\x`, `\u12`, `"`,
	}), 0, 12).Draw(t, "parts")
	return `"` + strings.Join(parts, "") + `"`
})

// TestStringsAgreeWithTheSecondOpinion checks that the library, package opinion and
// encoding/json read strings alike.
func TestStringsAgreeWithTheSecondOpinion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := genStringText.Draw(t, "text")
		value, err := canonical(text)
		want, _, refused := opinion.Of([]byte(text))
		if refused != nil {
			require.Error(t, err)
			return
		}
		require.NoError(t, err)
		require.Equal(t, want, value)
		var plain string
		require.NoError(t, json.Unmarshal([]byte(text), &plain))
		require.Equal(t, plain, jsontext.Unquote(value))
	})
}

// TestSpecialCharactersAtEveryPosition puts each kind of character at every position of a
// string, because strings are read eight bytes at a time.
func TestSpecialCharactersAtEveryPosition(t *testing.T) {
	for length := range 26 {
		for _, special := range []string{"\"", "\\", "\n", "\x1f", "\x00", "é", "😀", "\x7f", " ", "!", "[", "\ufffd"} {
			for at := range length + 1 {
				text := strings.Repeat("x", at) + special + strings.Repeat("y", length-at)
				value, err := canonical(opinion.Quote(text))
				require.NoError(t, err)
				require.Equal(t, text, jsontext.Unquote(value))
				if special < " " {
					_, err = canonical(`"` + text + `"`)
					require.ErrorIs(t, err, jsontext.ErrSyntax)
				}
			}
		}
		for b := 0x80; b < 0x100; b++ {
			text := strings.Repeat("x", length) + string([]byte{byte(b)}) + "12345678"
			_, err := canonical(`"` + text + `"`)
			require.ErrorIs(t, err, jsontext.ErrUTF8)
		}
	}
}
