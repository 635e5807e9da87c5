package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// shownOn runs the program with a screen for its output.
func shownOn(t *testing.T, s screen, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	require.Zero(t, streams{out: &out, err: &errs, screen: s}.run(args), errs.String())
	return out.String()
}

// outputs returns command lines whose output consists of lines for people.
func outputs() [][]string {
	return [][]string{
		{small}, {}, {"-explain", "tasks/1/title", small}, {sample},
		{"-explain", "tasks/fence/description", sample}, {"-explain", "tasks/shed/due", sample}, {"-timeline", "tasks/fence/description", sample},
	}
}

// TestLinesFitTheTerminal checks that no line is wider than the terminal, and that nothing but the line
// breaks and the drawing, which has a width of its own, depends on the width.
func TestLinesFitTheTerminal(t *testing.T) {
	for _, args := range outputs() {
		whole := shownOn(t, screen{}, args...)
		for _, width := range []int{60, 80, 100, 200} {
			text := shownOn(t, screen{width: width}, args...)
			for line := range strings.Lines(text) {
				require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), width, "%q: %q", args, line)
			}
			if len(args) == 0 || args[0] != "-timeline" {
				require.Equal(t, strings.Join(strings.Fields(whole), ""), strings.Join(strings.Fields(text), ""), "%q", args)
			}
		}
	}
	require.Equal(t, shownOn(t, screen{}, "-state", sample), shownOn(t, screen{width: 60, colour: true}, "-state", sample), "lines of JSON stay whole")
}

func TestColoursAreForScreensAlone(t *testing.T) {
	for _, args := range outputs() {
		none := shownOn(t, screen{}, args...)
		require.NotContains(t, none, "\x1b", "%q", args)
		colours := shownOn(t, screen{colour: true}, args...)
		require.Contains(t, colours, "\x1b[1m", "%q", args)
		require.Equal(t, none, plain(colours), "%q", args)
		for line := range strings.Lines(colours) {
			require.Equal(t, 2*strings.Count(line, "\x1b[0m"), strings.Count(line, "\x1b"), "a colour does not end in its line: %q", line)
		}
	}
	require.Contains(t, shownOn(t, screen{colour: true}, "-explain", "tasks/fence/description", sample), "\x1b[31mLost edit\x1b[0m: write 2")
}

// TestFilesAndPipesGetPlainLines checks the screens of outputs that are not terminals. There is no terminal
// in the tests.
func TestFilesAndPipesGetPlainLines(t *testing.T) {
	none := func(string) string { return "" }
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	defer w.Close()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	require.NoError(t, err)
	defer null.Close()
	require.Equal(t, screen{}, screenOf(w, none))
	require.Equal(t, screen{}, screenOf(openFile(t, inFile(t, "log", nil)), none))
	require.Equal(t, screen{}, screenOf(new(bytes.Buffer), none))
	require.Zero(t, screenOf(null, none).width)
}

func TestColoursAreNotShownIfUnwanted(t *testing.T) {
	for name, value := range map[string]string{"NO_COLOR": "1", "TERM": "dumb"} {
		require.False(t, wantsColour(func(n string) string {
			if n == name {
				return value
			}
			return ""
		}), name)
	}
	require.True(t, wantsColour(func(n string) string { return map[string]string{"TERM": "xterm"}[n] }))
}

func TestLongLinesHangBelowTheirLastColumn(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"one two three four five", "one two three four\nfive"},
		{"  12  one two three four", "  12  one two three\n      four"},
		{"       one two three four", "       one two three\n       four"},
		{"onetwothreefourfivesix", "onetwothreefourfives\nix"},
		{"   onetwothreefourfivesix", "   onetwothreefourfi\n   vesix"},
		{"12345678901234567890 x", "12345678901234567890\nx"},
		{red("one") + " two three " + bold("four five"), red("one") + " two three \x1b[1mfour\nfive\x1b[0m"},
		{"exactly twenty runes", "exactly twenty runes"},
		{"", ""},
	} {
		p := page{screen: screen{width: 20, colour: true}}
		require.Equal(t, c.want, p.fit(c.line))
	}
}

// TestWrappedLinesLoseNothing wraps random lines.
func TestWrappedLinesLoseNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.StringOfN(rapid.RuneFrom([]rune("ab \u00e9")), 0, 80, -1).Draw(t, "line")
		width := rapid.IntRange(10, 40).Draw(t, "width")
		var out bytes.Buffer
		p := &page{screen: screen{width: width}, out: &out}
		for part := range strings.SplitAfterSeq(line+"\n", "a") { // lines come in parts
			_, err := p.Write([]byte(part))
			require.NoError(t, err)
		}
		require.NoError(t, p.flush())
		for l := range strings.Lines(out.String()) {
			require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(l, "\n")), width)
		}
		require.Equal(t, strings.ReplaceAll(line, " ", ""), strings.NewReplacer(" ", "", "\n", "").Replace(out.String()))
	})
}
