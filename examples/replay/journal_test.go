package main

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"pgregory.net/rapid"
)

// changed returns the sample with one line changed.
func changed(t *testing.T, line int, from, to string) string {
	t.Helper()
	lines := strings.SplitAfter(sampleJournal(t), "\n")
	if !strings.Contains(lines[line-1], from) {
		t.Fatalf("line %d does not contain %q", line, from)
	}
	lines[line-1] = strings.Replace(lines[line-1], from, to, 1)
	return strings.Join(lines, "")
}

// TestChangedJournalIsDetectedAndStillPrinted: any change behind the server's back makes an answer
// differ, whichever result was requested.
func TestChangedJournalIsDetectedAndStillPrinted(t *testing.T) {
	digest := regexp.MustCompile(`"answer":"....`).FindString(strings.Split(sampleJournal(t), "\n")[8])
	for name, c := range map[string]struct {
		line     int
		from, to string
	}{
		"an answer":                          {9, digest, `"answer":"0000`},
		"a value that was stored":            {5, `"value":"Both sides."`, `"value":"Both ends."`},
		"a value that was pushed":            {2, "fence green", "fence red"},
		"a stamp that was pushed":            {2, "14:00:00.000000000Z", "14:00:00.000000001Z"},
		"a base":                             {6, `"base":{"description":{"updatedAt":"2026-03-02T09`, `"base":{"description":{"updatedAt":"2026-03-02T17`},
		"the pushing client":                 {9, `"actor":"d4`, `"actor":"d5`},
		"the server's time":                  {9, `"wall":"2026-03-03`, `"wall":"2026-03-02`},
		"a watermark":                        {20, `"marks":[{"updatedAt":"2026-03-05`, `"marks":[{"updatedAt":"2026-03-01`},
		"a refusal by the guard":             {11, `,"refused":{"code":"forbidden"}`, ""},
		"the code of a refusal by the guard": {11, `"code":"forbidden"`, `"code":"forgotten"`},
	} {
		t.Run(name, func(t *testing.T) {
			text := changed(t, c.line, c.from, c.to)
			for _, args := range [][]string{{}, {"-state"}, {"-explain", "tasks/fence/title"}} {
				var out, errs bytes.Buffer
				if status := run(append(args, "-"), strings.NewReader(text), &out, &errs); status != 2 || out.Len() == 0 {
					t.Fatalf("%q: status %d, standard output %q", args, status, out.String())
				}
				if want := fmt.Sprintf("standard input: the answers of line %d differ", c.line); !strings.Contains(errs.String(), want) {
					t.Errorf("%q: standard error %q does not say %q", args, errs.String(), want)
				}
				if want := fmt.Sprintf("\n1 of 21 answers differ from the recorded ones: line %d.\n", c.line); len(args) == 0 && !strings.HasSuffix(out.String(), want) {
					t.Errorf("the report does not say %q:\n%s", want, out.String())
				}
			}
		})
	}
}

func TestReportListsTheFirst20DifferingLines(t *testing.T) {
	text := strings.ReplaceAll(strings.Repeat(sampleJournal(t), 2), `"answer":"`, `"answer":"00`)
	text = regexp.MustCompile(`("answer":"[0-9a-f]{64})[0-9a-f]*`).ReplaceAllString(text, "$1")
	var out, errs bytes.Buffer
	run([]string{"-"}, strings.NewReader(text), &out, &errs)
	if want := "42 of 42 answers differ from the recorded ones: lines 1, 2, "; !strings.Contains(out.String(), want) || !strings.HasSuffix(out.String(), ", 20 and 22 others.\n") {
		t.Errorf("the report does not say %q, or does not count the others:\n%s", want, out.String())
	}
}

// TestReplayNeedsNoGuard: the guard ran when the server answered. A journal keeps the refusals of
// the guard.
func TestReplayNeedsNoGuard(t *testing.T) {
	for name, guard := range map[string]merge.Guard{
		"none": nil,
		"all": func(clock.ClientID, record.Mutation) error {
			return &merge.Refusal{Code: "closed\x1b[2J", Retryable: true}
		},
		"guests": readOnly(newDevice("e5").id),
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(guard)
			guest := newDevice("e5")
			s.push(guest.at("02 09:00:00.000"), guest.set("shed", "02 08:00:00.000", "title", "Mine"))
			report := replayed(t, string(s.journal))
			if !strings.HasSuffix(report, "\nThe answer is byte-equal to the recorded one.\n") {
				t.Errorf("the answer differs:\n%s", report)
			}
			story := replayed(t, string(s.journal), "-explain", "tasks/shed/title")
			if want := pick(guard == nil, "accepted, applied", "refused, "); !strings.Contains(story, want) {
				t.Errorf("the story does not say %q:\n%s", want, story)
			}
			if name == "all" && (!strings.Contains(report+story, `closed\u001b[2J`) || strings.Contains(report+story, "\x1b") ||
				!strings.Contains(story, "may be accepted later") || !strings.Contains(story, "nothing is stored in this field")) {
				t.Errorf("the refusal by an application's guard is shown wrong:\n%s\n%s", report, story)
			}
		})
	}
}

func TestCodeOfEarlierVersionsIsExplained(t *testing.T) {
	text, err := os.ReadFile("../../merge/testdata/journals/earlier.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	report := replayed(t, string(text))
	if !strings.HasSuffix(report, "\nAll 70 answers are byte-equal to the recorded ones.\n") || !strings.Contains(report, "An earlier version of the server did not load the record") {
		t.Errorf("an answer differs from the earlier version's, or its code is not explained:\n%s", report)
	}
}

// TestJournalIsDetectedByItsFirstLine: this also works if the input is compressed or has blank
// lines.
func TestJournalIsDetectedByItsFirstLine(t *testing.T) {
	text := sampleJournal(t)
	want := replayed(t, text)
	begin := strings.Index(text, "\n") + 1
	for name, content := range map[string]string{
		"gzip":              string(zipped(t, text)),
		"segments":          string(zipped(t, text[:begin], text[begin:])),
		"CRLF":              strings.ReplaceAll(text, "\n", "\r\n"),
		"no last newline":   strings.TrimSuffix(text, "\n"),
		"blank lines after": text + "\n \n",
	} {
		if got := replayed(t, content); got != want {
			t.Errorf("%s: got\n%s", name, got)
		}
	}
	if got := replayed(t, "\n \n"+text); !strings.Contains(got, "line 5: tasks/fence/title") {
		t.Errorf("blank lines before the journal are not counted:\n%s", got)
	}
	history := strings.Replace(line("a", goodA), `{"table"`, `{"wall":"x","keys":[],"items":[],"table"`, 1)
	if got := replayed(t, history); !strings.HasPrefix(got, "Merged ") {
		t.Errorf("a mutation with unknown members was taken for a journal:\n%s", got)
	}
}

func TestDamagedJournalLineIsNamedWithoutItsContent(t *testing.T) {
	good := sampleJournal(t)
	for name, c := range map[string]struct {
		text string
		want string
	}{
		"cut off":                   {good + `{"wall":"2026-03-02T09:00:00Z","actor":"secret`, "line 22: each line must be one entry of a journal: invalid JSON"},
		"cut off on the first line": {`{"wall":"2026-03-02T09:00:00Z","actor":"secret`, "line 1: each line must be one entry of a journal: invalid JSON"},
		"a mutation":                {good + line("a", `{"value":"secret",`+stampA+`}`), "line 22: "},
		"no digest":                 {good + `{"wall":"2026-03-02T09:00:00Z","keys":[],"items":[]}`, "line 22: answer: "},
		"a damaged record":          {changed(t, 2, `"current":[{"table":"tasks"`, `"current":[{"table":5`), "line 2: current[0].table: wrong type"},
		"a damaged item":            {changed(t, 2, `"value":"Paint the fence green"`, `"value":secret`), "line 2: each line must be one entry of a journal: invalid JSON"},
		"an item without a stamp":   {changed(t, 2, `"value":"Paint the fence green","updatedAt"`, `"value":"secret","at"`), "line 2: items[0].data.title.updatedAt: missing member"},
		"a line that is not JSON":   {changed(t, 3, "\n", "\nsecret\n"), "line 4: each line must be one entry of a journal: invalid JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, args := range [][]string{{}, {"-state"}, {"-explain", "tasks/fence/title"}} {
				var out, errs bytes.Buffer
				if status := run(append(args, "-"), strings.NewReader(c.text), &out, &errs); status != 1 || out.Len() > 0 {
					t.Fatalf("%q: status %d, standard output %q", args, status, out.String())
				}
				if !strings.HasPrefix(errs.String(), "replay: standard input, "+c.want) {
					t.Errorf("%q: standard error %q does not say %q", args, errs.String(), c.want)
				}
				if strings.Contains(errs.String(), "secret") || strings.Count(errs.String(), "\n") != 1 {
					t.Errorf("%q: the message contains a value, or is not one line: %q", args, errs.String())
				}
			}
		})
	}
}

func TestJournalCannotBeShuffledOrSplit(t *testing.T) {
	for _, args := range [][]string{{"-shuffle", "1"}, {"-split", "2"}, {"-state", "-split", "2"}} {
		var out, errs bytes.Buffer
		status := run(append(args, sample), nil, &out, &errs)
		if want := "replay: " + sample + ": a journal is replayed in its own order: -shuffle and -split are for histories\n"; status != 2 || out.Len() > 0 || errs.String() != want {
			t.Errorf("%q is not refused as wrong usage: status %d, standard output %q, standard error %q", args, status, out.String(), errs.String())
		}
	}
}

func TestStateOfAJournalIsTheServersState(t *testing.T) {
	want := string(sampleServer().state.AppendLines(nil))
	if got := replayed(t, sampleJournal(t), "-state"); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// FuzzJournal: the program ends with a result or an error, whatever the lines are.
func FuzzJournal(f *testing.F) {
	for line := range strings.Lines(sampleJournal(f)) {
		f.Add(line)
	}
	f.Add(`{"wall":"0000-01-01T00:00:00Z","marks":[{}],"keys":[],"current":[],"items":[],"answer":"` + strings.Repeat("0", 64) + `"}`)
	f.Fuzz(func(t *testing.T, text string) { survives(t, text) })
}

func TestRandomlyDamagedJournalGivesAResultOrAnError(t *testing.T) {
	text := sampleJournal(t)
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.IntRange(0, len(text)-1).Draw(t, "from")
		to := min(len(text), from+rapid.IntRange(0, 40).Draw(t, "cut"))
		survives(t, text[:from]+rapid.SampledFrom([]string{"", "null", "{}", `"`, "0", "-", "\n", "9999"}).Draw(t, "put")+text[to:])
	})
}

func survives(t tb, text string) {
	t.Helper()
	for _, args := range [][]string{{}, {"-state"}, {"-explain", "tasks/fence/description"}} {
		var out, errs bytes.Buffer
		if status := run(append(args, "-"), strings.NewReader(text), &out, &errs); (status == 0) != (errs.Len() == 0) {
			t.Fatalf("%q: status %d, standard error %q", args, status, errs.String())
		}
	}
}
