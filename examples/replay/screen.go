package main

import (
	"io"
	"os"
	"strings"
	"unicode/utf8"
)

// screen is what shows the output.
type screen struct {
	width  int  // in columns; 0 means that lines are not wrapped
	colour bool // whether it shows colours
}

// screenOf returns the screen that shows what is written to out. A file and a pipe have no width and no
// colours, so that other programs get whole lines of plain text. The function env returns environment
// variables.
func screenOf(out io.Writer, env func(string) string) screen {
	f, isFile := out.(*os.File)
	if !isFile {
		return screen{}
	}
	width, terminal := columnsOf(f)
	if !terminal {
		return screen{}
	}
	return screen{width: width, colour: wantsColour(env)}
}

// wantsColour reports whether the environment permits colours.
func wantsColour(env func(string) string) bool {
	return env("NO_COLOR") == "" && env("TERM") != "dumb"
}

// page fits what is written to it to a screen. It wraps long lines, and removes the colours if the
// screen shows none. Call flush at the end.
type page struct {
	screen
	out  io.Writer
	line []byte // the unfinished line
}

// Write implements io.Writer.
func (p *page) Write(text []byte) (int, error) {
	p.line = append(p.line, text...)
	end := strings.LastIndexByte(string(p.line), '\n') + 1
	var fitted strings.Builder
	for line := range strings.Lines(string(p.line[:end])) {
		fitted.WriteString(p.fit(strings.TrimSuffix(line, "\n")) + "\n")
	}
	p.line = p.line[:copy(p.line, p.line[end:])]
	if _, err := io.WriteString(p.out, fitted.String()); err != nil {
		return 0, err
	}
	return len(text), nil
}

// flush writes an unfinished line.
func (p *page) flush() error {
	_, err := io.WriteString(p.out, p.fit(string(p.line)))
	p.line = nil
	return err
}

// fit returns a line as the screen shows it.
func (p *page) fit(line string) string {
	if !p.colour {
		line = plain(line)
	}
	if p.width == 0 || utf8.RuneCountInString(plain(line)) <= p.width {
		return line
	}
	return strings.Join(wrapped(cellsOf(line), p.width), "\n")
}

// cellsOf returns the characters of a line, each with the colours that begin before it. Colours that end
// the line belong to the last character.
func cellsOf(line string) (cells []string) {
	start, at := 0, 0
	for at < len(line) {
		if line[at] == '\x1b' {
			if found := paint.FindStringIndex(line[at:]); found != nil && found[0] == 0 {
				at += found[1]
				continue
			}
		}
		_, n := utf8.DecodeRuneInString(line[at:])
		at += n
		cells = append(cells, line[start:at])
		start = at
	}
	if n := len(cells); n > 0 {
		cells[n-1] += line[start:]
	}
	return cells
}

// wrapped divides a line at spaces, or within a word that is longer than the width. The further lines
// begin below the last column of the first one.
func wrapped(cells []string, width int) (lines []string) {
	indent := hanging(cells, width)
	begin := ""
	for least := indent; len(cells) > width-len(begin); least = 0 {
		room := width - len(begin)
		end := room
		for end > least && cells[end] != " " {
			end--
		}
		if end <= least {
			end = room
		}
		lines = append(lines, begin+strings.TrimRight(strings.Join(cells[:end], ""), " "))
		for cells = cells[end:]; len(cells) > 0 && cells[0] == " "; cells = cells[1:] {
		}
		begin = strings.Repeat(" ", indent)
	}
	return append(lines, begin+strings.Join(cells, ""))
}

// hanging returns where the last column of a line begins, if that leaves room for some words: after a gap of two
// spaces or more, or after the spaces at the beginning.
func hanging(cells []string, width int) int {
	column, gap := 0, 0
	const words = 20
	for i := range min(len(cells), max(width/2, width-words)) {
		if cells[i] == " " {
			gap++
			continue
		}
		if gap > 1 || gap == i {
			column = i
		}
		gap = 0
	}
	return column
}
