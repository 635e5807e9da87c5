package main

import (
	"bytes"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/record"
	"github.com/stretchr/testify/require"
)

// drawn draws a field of the sample into a file, and returns its text.
func drawn(t *testing.T, field, name string, args ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	args = append(args, "-timeline", field, "-name", "a1=Ana", "-name", "b2=Ben", "-name", "c3=Cleo", "-name", "d4=Dov", "-o", file, sample)
	var out, errs bytes.Buffer
	require.Zero(t, run(args, nil, &out, &errs), errs.String())
	require.Empty(t, errs.String())
	require.Contains(t, out.String(), "The drawing is in "+file+".\n")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(text)
}

// TestDrawingsEqualTheGoldenFiles compares whole drawings, so that a change shows in the diff.
func TestDrawingsEqualTheGoldenFiles(t *testing.T) {
	for _, name := range []string{"timeline-description.html", "timeline-description.svg"} {
		golden(t, "testdata/"+name, []byte(drawn(t, "tasks/fence/description", name)))
	}
	for name, field := range map[string]string{
		"description": "tasks/fence/description", "title": "tasks/fence/title", "status": "tasks/fence/status",
		"refused": "tasks/shed/due", "deleted": "tasks/gate/description", "collision": "tasks/shed/priority",
	} {
		var out, errs bytes.Buffer
		require.Zero(t, run([]string{"-timeline", field, sample}, nil, &out, &errs), errs.String())
		golden(t, "testdata/timeline-"+name+".golden", out.Bytes())
	}
}

func TestDrawingShowsValuesOnlyOnRequest(t *testing.T) {
	const value = "leave the ivy alone"
	for _, name := range []string{"x.html", "x.svg"} {
		require.NotContains(t, drawn(t, "tasks/fence/description", name), value)
		text := drawn(t, "tasks/fence/description", name, "-values")
		require.Contains(t, text, value)
		require.Contains(t, text, "a write of &#34;Both sides.&#34; by a1000000", "the sentence of the decision")
	}
	args := []string{"-timeline", "tasks/fence/description"}
	require.NotContains(t, replayed(t, sampleJournal(t), args...), value)
	require.Contains(t, replayed(t, sampleJournal(t), append(args, "-values")...), value)
}

func TestDrawingFlagsThatCannotWorkAreRefused(t *testing.T) {
	dir := t.TempDir()
	for _, args := range [][]string{
		{"-timeline", ""}, {"-o", "x.html"}, {"-values"}, {"-name", "a=b"}, {"-timeline", "a/b/c", "-name", "a"},
		{"-timeline", "a/b/c", "-name", "=b"}, {"-timeline", "a/b/c", "-o", "x.png"}, {"-timeline", "a/b/c", "-state"},
		{"-timeline", "a/b/c", "-explain", "a/b/c"}, {"-timeline", "a/b/c", "-shuffle", "1"}, {"-timeline", "a/b/c", "-split", "2"},
		{"-timeline", "tasks/1/title", small},
	} {
		var out, errs bytes.Buffer
		require.Equal(t, 2, run(args, nil, &out, &errs), "%q: %s", args, errs.String())
		require.Empty(t, out.String())
	}
	for _, args := range [][]string{
		{"-timeline", "tasks/fence/nothing", sample},
		{"-timeline", "tasks/fence/title", "-o", filepath.Join(dir, "no", "x.html"), sample},
	} {
		var out, errs bytes.Buffer
		require.Equal(t, 1, run(args, nil, &out, &errs), "%q", args)
		require.NotEmpty(t, errs.String())
	}
}

func TestDrawingOfAnAmbiguousPathNeedsTheTerminal(t *testing.T) {
	ana := newDevice("a1")
	s := newServer(nil)
	s.push(ana.at("02 09:00:00.000"), ana.set("1", "02 09:00:00.000", "a/b", 1), ana.set("1/a", "02 09:00:00.000", "b", 2))
	require.Contains(t, replayed(t, string(s.journal), "-timeline", "tasks/1/a/b"), "can mean 2 fields")
	var out, errs bytes.Buffer
	require.Equal(t, 1, run([]string{"-timeline", "tasks/1/a/b", "-o", filepath.Join(t.TempDir(), "x.svg"), "-"}, bytes.NewReader(s.journal), &out, &errs))
	require.Contains(t, errs.String(), "can mean 2 fields")
}

// TestNameOfAnUnknownClientIsRefused: it is probably mistyped. A name of a client that did not write the
// field is accepted.
func TestNameOfAnUnknownClientIsRefused(t *testing.T) {
	dir := t.TempDir()
	for _, file := range []string{"", filepath.Join(dir, "x.html")} {
		args := []string{"-timeline", "tasks/fence/description", "-name", "d4=Dov", "-name", "zz=Zoe"}
		if file != "" {
			args = append(args, "-o", file)
		}
		var out, errs bytes.Buffer
		require.Equal(t, 1, run(append(args, sample), nil, &out, &errs))
		require.Empty(t, out.String())
		require.Equal(t, "replay: -name zz=Zoe: the journal has no client whose ID begins with zz\n", errs.String())
		require.NoFileExists(t, filepath.Join(dir, "x.html"))
	}
	args := []string{"-timeline", "tasks/fence/status", "-name", "f6=Fay"}
	require.Contains(t, replayed(t, sampleJournal(t), args...), "Fay wrote this field.", "a client whose write was found stored")
}

// TestDrawingsTellAboutItemsThatNameNoField: such an item may be the write that a reader is looking for.
func TestDrawingsTellAboutItemsThatNameNoField(t *testing.T) {
	const one = "Line 8 of the journal has a refused item that names no field; it may have been meant for this one."
	require.Equal(t, 1, strings.Count(drawn(t, "tasks/fence/title", "x.html"), "<p>"+one+"</p>"))
	require.Contains(t, strings.Join(strings.Fields(replayed(t, sampleJournal(t), "-timeline", "tasks/fence/title")), " "), one)
	s := newServer(nil)
	ana := newDevice("a1")
	s.push(ana.at("02 09:00:00.000"), ana.set("1", "02 09:00:00.000", "f", 1))
	for range 2 {
		s.push(ana.at("02 09:00:01.000"), `5`)
	}
	require.Contains(t, replayed(t, string(s.journal), "-explain", "tasks/1/f"),
		"\nLines 2, 3 of the journal have refused items that name no field; they may have been meant for this one.\n")
}

// TestReadmeShowsTheDrawingOfItsCommand runs the first command with -name in the README.
func TestReadmeShowsTheDrawingOfItsCommand(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	command := regexp.MustCompile(`(?m)^go run ./examples/replay (-timeline \S+(?: -name \S+)+) examples/replay/(\S+)$`).FindSubmatch(readme)
	require.NotNil(t, command)
	var out, errs bytes.Buffer
	require.Zero(t, run(append(strings.Fields(string(command[1])), string(command[2])), nil, &out, &errs), errs.String())
	drawing := strings.Split(out.String(), "\n\n")[1]
	require.Contains(t, string(readme), "```\n"+drawing+"\n```\n")
}

// TestDrawingIsWellFormedAndEscapesNames: names of records and clients may contain markup.
func TestDrawingIsWellFormedAndEscapesNames(t *testing.T) {
	const name = "</title><script>alert(1)</script>&\x00\x1b\u202e\""
	ana := newDevice("a1")
	s := newServer(nil)
	field := "a<b>&\x01'\"" + strings.Repeat("W", 200)
	s.push(ana.at("02 09:00:00.000"), ana.edit("1", "02 09:00:00.000", func(e *record.Edit) *record.Edit { return e.Set(field, "<i>]]>\x02") }))
	for _, file := range []string{"x.svg", "x.html"} {
		file = filepath.Join(t.TempDir(), file)
		var out, errs bytes.Buffer
		require.Zero(t, run([]string{"-timeline", "tasks/1/" + field, "-values", "-name", "a1=" + name, "-o", file, "-"}, bytes.NewReader(s.journal), &out, &errs), errs.String())
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NotContains(t, string(text), "<script")
		require.NotContains(t, string(text), "<i>")
		require.NotContains(t, string(text), "\u202e")
		svg := text
		if filepath.Ext(file) == ".html" {
			begin, end := bytes.Index(text, []byte("<main>")), bytes.Index(text, []byte("</main>"))
			svg = text[begin : end+len("</main>")]
		}
		for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
		}
	}
}
