package main

import (
	"regexp"
	"strings"
)

// paint matches the sequences that switch colours. Texts of strangers do not contain them, because
// fieldlog.Printable escapes all control characters.
var paint = regexp.MustCompile("\x1b\\[[0-9;]*m")

// plain returns a text without colours.
func plain(text string) string {
	if strings.IndexByte(text, '\x1b') < 0 {
		return text
	}
	return paint.ReplaceAllString(text, "")
}

// painted returns a text between two sequences, or an empty text unchanged.
func painted(code, text string) string {
	if text == "" {
		return ""
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// The colours say the same as the words. A page removes them if its screen shows none.
func bold(text string) string   { return painted("1", text) }
func dim(text string) string    { return painted("2", text) }
func red(text string) string    { return painted("31", text) }
func green(text string) string  { return painted("32", text) }
func yellow(text string) string { return painted("33", text) }
