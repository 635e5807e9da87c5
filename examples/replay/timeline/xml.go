package timeline

import (
	"html"
	"strings"
	"unicode/utf8"

	"github.com/fieldlww/fieldlww/examples/replay/fieldlog"
)

// escaped returns a text for XML and HTML, as content or in an attribute in quotation marks. It
// replaces characters that are invalid in XML.
func escaped(s string) string { return html.EscapeString(fieldlog.Printable(s)) }

// cut returns s, cut to the given number of characters.
func cut(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:max(0, most-1)]) + "…"
}

// upper returns s with a capital first letter.
func upper(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	return strings.ToUpper(string(first)) + s[size:]
}

// wrapped returns the words of s in lines of at most the given number of characters. Longer words
// are divided.
func wrapped(s string, width int) (lines []string) {
	line := ""
	for word := range strings.FieldsSeq(s) {
		if r := []rune(word); len(r) > width {
			if line != "" {
				lines = append(lines, line)
				line = ""
			}
			for ; len(r) > width; r = r[width:] {
				lines = append(lines, string(r[:width]))
			}
			word = string(r)
		}
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			lines = append(lines, line)
			line = ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
