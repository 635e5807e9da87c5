package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// line returns a history line with one write. Tests put faults into it.
func line(field, value string) string {
	return fmt.Sprintf(`{"table":"t","id":"1","data":{%q:%s}}`, field, value)
}

const (
	stampA = `"updatedAt":"2026-03-02T09:00:00.000Z","clientId":"0a000000-0000-4000-8000-000000000001"`
	goodA  = `{"value":1,` + stampA + `}`
)

// TestRefusedInputIsNamedByLineAndPathWithoutValues: standard output stays empty.
func TestRefusedInputIsNamedByLineAndPathWithoutValues(t *testing.T) {
	good := line("a", goodA) + "\n"
	for _, c := range []struct {
		name, history string
		want          []string
	}{
		{"not JSON", "hello\n", []string{"line 1:", "invalid JSON", "(byte 1)"}},
		{"not JSON on the third line", good + "\n" + "{\n", []string{"line 3:", "invalid JSON"}},
		{"cut off on the last line", good + good[:40], []string{"line 2:", "ends too early"}},
		{"trailing data", good + line("a", goodA) + "{}\n", []string{"line 2:", "invalid JSON"}},
		{"array", "[" + line("a", goodA) + "]\n", []string{"line 1: each line must be one mutation, a JSON object: wrong type (byte 1)"}},
		{"byte order mark", "\ufeff" + good, []string{"line 1:", "byte order mark"}},
		{"missing table", `{"id":"1","data":{}}`, []string{"line 1: table:", "missing member"}},
		{"missing stamp", good + line("title", `{"value":1,"clientId":"0a000000-0000-4000-8000-000000000001"}`),
			[]string{"line 2: data.title.updatedAt:", "missing member"}},
		{"invalid stamp", line("title", `{"value":1,"updatedAt":"yesterday-secret","clientId":"0a000000-0000-4000-8000-000000000001"}`),
			[]string{"line 1: data.title.updatedAt:", "invalid stamp"}},
		{"nil client", line("title", `{"value":1,"updatedAt":"2026-03-02T09:00:00Z","clientId":"00000000-0000-0000-0000-000000000000"}`),
			[]string{"line 1: data.title.clientId:", "invalid client ID"}},
		{"value and deletion", line("title", `{"value":"secret","deleted":true,`+stampA+`}`),
			[]string{"line 1: data.title:", "exactly one of value and deleted"}},
		{"duplicate member", line("title", `{"value":"secret","value":1,`+stampA+`}`),
			[]string{"line 1: data.title.value:", "duplicate name"}},
		{"invalid UTF-8", line("a", `{"value":"secret`+"\xff"+`",`+stampA+`}`), []string{"line 1: data.a.value:", "UTF-8"}},
		{"number out of range", line("a", `{"value":1e999,`+stampA+`}`), []string{"line 1: data.a.value:", "number out of range"}},
		{"value nested too deep", line("a", `{"value":`+strings.Repeat("[", 1001)+strings.Repeat("]", 1001)+`,`+stampA+`}`),
			[]string{"line 1: data.a.value:", "limit exceeded"}},
		{"deletion mark that is not a boolean", line("$deleted", `{"value":"secret",`+stampA+`}`), []string{"line 1: data.$deleted:", "true or false"}},
		{"the log of a client", `{"clientLog":1,"client":"0a000000-0000-4000-8000-000000000001"}`, []string{"line 1: this is the log of a client", "-client LOG JOURNAL"}},
		{"invalid name", `{"table":"__proto__","id":"1","data":{}}`, []string{"line 1: table:", "invalid name"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, args := range [][]string{{}, {"-state"}, {"-shuffle", "1"}, {"-split", "3"}, {"-explain", "t/1/a"}} {
				var out, errs bytes.Buffer
				status := run(append(args, "-"), strings.NewReader(c.history), &out, &errs)
				if status != 1 || out.Len() > 0 {
					t.Fatalf("%q: status %d, standard output %q", args, status, out.String())
				}
				for _, want := range append(c.want, "replay: standard input, ") {
					if !strings.Contains(errs.String(), want) {
						t.Errorf("%q: %q does not name %q", args, errs.String(), want)
					}
				}
				if strings.Contains(errs.String(), "secret") || strings.Count(errs.String(), "\n") != 1 {
					t.Errorf("%q: the message contains a value, or is not one line: %q", args, errs.String())
				}
			}
		})
	}
}

// inFile creates a file and returns its path.
func inFile(t *testing.T, name string, content []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func zipped(t *testing.T, parts ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, part := range parts {
		z := gzip.NewWriter(&b)
		if _, err := io.WriteString(z, part); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// TestInputFormIsDetectedByContent: compression is detected by the content and not by the name.
func TestInputFormIsDetectedByContent(t *testing.T) {
	text := smallHistory(t)
	want := digestIn(t, replayed(t, text))
	half := strings.Index(text, "\n") + 1
	for name, content := range map[string][]byte{
		"plain":              []byte(text),
		"plain, named .gz":   []byte(text),
		"gzip":               zipped(t, text),
		"gzip in two parts":  zipped(t, text[:half], text[half:]),
		"no last newline":    []byte(strings.TrimSuffix(text, "\n")),
		"CRLF":               []byte(strings.ReplaceAll(text, "\n", "\r\n")),
		"blank lines around": []byte("\n \t\n" + text + "\n\n  "),
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			if status := run([]string{inFile(t, name, content)}, nil, &out, &errs); status != 0 {
				t.Fatalf("status %d, standard error %q", status, errs.String())
			}
			if got := digestIn(t, out.String()); got != want {
				t.Errorf("digest %s, want %s", got, want)
			}
			if got := digestIn(t, replayed(t, string(content))); got != want {
				t.Errorf("from standard input: digest %s, want %s", got, want)
			}
		})
	}
}

func TestUnreadableInputGivesNoResult(t *testing.T) {
	whole := zipped(t, smallHistory(t))
	damaged := bytes.Clone(whole)
	damaged[len(damaged)-5] ^= 1 // damages the length after the checksum
	missing := filepath.Join(t.TempDir(), "missing.jsonl")
	for name, c := range map[string]struct{ file, want string }{
		"missing":               {missing, "no such file"},
		"directory":             {t.TempDir(), "directory"},
		"gzip without its end":  {inFile(t, "a", whole[:len(whole)-20]), "ends too early"},
		"gzip without checksum": {inFile(t, "b", whole[:len(whole)-8]), "ends too early"},
		"gzip header alone":     {inFile(t, "c", whole[:2]), "ends too early"},
		"gzip damaged":          {inFile(t, "d", damaged), "damaged"},
		"garbage after gzip":    {inFile(t, "e", append(bytes.Clone(whole), "garbage in here"...)), "damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			if status := run([]string{c.file}, nil, &out, &errs); status != 1 || out.Len() > 0 {
				t.Fatalf("status %d, standard output %q", status, out.String())
			}
			if !strings.Contains(errs.String(), c.want) || !strings.Contains(errs.String(), c.file) {
				t.Errorf("standard error %q does not name %q and the file", errs.String(), c.want)
			}
		})
	}
}

// TestReadErrorIsReportedInsteadOfTheIncompleteLine: the last line breaks off because reading
// failed.
func TestReadErrorIsReportedInsteadOfTheIncompleteLine(t *testing.T) {
	in := io.MultiReader(strings.NewReader(line("a", goodA)+"\n"+line("a", goodA)[:30]), broken{})
	var out, errs bytes.Buffer
	if status := run([]string{"-"}, in, &out, &errs); status != 1 || out.Len() > 0 {
		t.Fatalf("status %d, standard output %q", status, out.String())
	}
	if want := "replay: standard input, near line 2: the cable was pulled\n"; errs.String() != want {
		t.Errorf("standard error %q, want %q", errs.String(), want)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, fmt.Errorf("the cable was pulled") }

func TestEmptyHistoryIsReportedAsEmpty(t *testing.T) {
	for _, history := range []string{"", "\n", " \n\t\n\r\n"} {
		report := replayed(t, history)
		if !strings.Contains(report, "The history is empty.") || digestIn(t, report) != strings.Repeat("0", 64) {
			t.Errorf("%q: %s", history, report)
		}
		for _, args := range [][]string{{"-state"}, {"-state", "-split", "3"}, {"-state", "-shuffle", "1"}} {
			if state := replayed(t, history, args...); state != "" {
				t.Errorf("%q: %q gave the state %q", history, args, state)
			}
		}
	}
}

func TestRecordMayHaveMoreFieldsThanAServerAccepts(t *testing.T) {
	var fields []string
	for i := range 20_000 {
		fields = append(fields, fmt.Sprintf(`"f%d":%s`, i, goodA))
	}
	report := replayed(t, `{"table":"t","id":"1","data":{`+strings.Join(fields, ",")+`}}`)
	if !strings.Contains(report, "20,000 live, 0 deleted") {
		t.Error(report)
	}
}

func TestLinesMayHaveAtMost64MiB(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a few hundred megabytes")
	}
	of := func(length int) string {
		frame := line("a", `{"value":"",`+stampA+`}`)
		return line("a", `{"value":"`+strings.Repeat("x", length-len(frame))+`",`+stampA+`}`)
	}
	for _, end := range []string{"", "\n", "\r\n"} {
		longest := of(maxLine) // the carriage return is not part of the line
		if state := replayed(t, longest+end, "-state"); len(state) < maxLine {
			t.Errorf("a line of %d bytes, ending in %q, gave a state of %d bytes", maxLine, end, len(state))
		}
	}
	for _, more := range []int{1, 2, 3, 4096} {
		var out, errs bytes.Buffer
		status := run([]string{"-"}, strings.NewReader("\n"+of(maxLine+more)+"\n"), &out, &errs)
		if status != 1 || out.Len() > 0 || !strings.Contains(errs.String(), "line 2: limit exceeded") {
			t.Errorf("%d bytes too many: status %d, standard error %q", more, status, errs.String())
		}
	}
}
