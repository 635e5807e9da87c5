package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/record"
)

// event returns a line of a journal that is not a push, as the server of examples/syncserver writes it.
func event(kind, day, members string) []byte {
	return fmt.Appendf(nil, `{"event":%q,"wall":"2026-03-%sZ"%s}`+"\n", kind, strings.Replace(day, " ", "T", 1), members)
}

// journalOfEvents returns the journal of a task whose title is cleared, with all kinds of events of the server.
func journalOfEvents() []byte {
	ana, ben := newDevice("a1"), newDevice("b2")
	reset := fmt.Sprintf(`,"client":%q,"why":`, ben.id)
	fence := func(day string) string { return `,"fence":"2026-03-` + day + `T00:00:00.000000000Z","level":1` }
	s := newServer(nil)
	s.journal = append(s.journal, event("fence", "01 09:00:00", fence("01"))...) // before the first write
	s.push(ana.at("02 09:00:00.000"), ana.set("1", "02 09:00:00.000", "title", "x"))
	s.journal = append(s.journal, event("fence", "04 09:00:00", fence("02"))...) // purges nothing of the title
	s.push(ana.at("05 09:00:00.000"), ana.edit("1", "05 09:00:00.000", func(e *record.Edit) *record.Edit { return e.Delete("title") }))
	for _, day := range []string{"06", "07"} { // only the first one purges the title
		s.journal = append(s.journal, event("fence", day+" 09:00:00", fence(day))...)
	}
	s.journal = append(s.journal, event("reset", "08 09:00:00", reset+`"fence"`)...)
	s.journal = append(s.journal, event("epoch", "09 09:00:00", "")...)
	s.journal = append(s.journal, event("reset", "10 09:00:00", reset+`"epoch"`)...)
	s.journal = append(s.journal, event("weather", "11 09:00:00", `,"sun":true`)...) // of a later version
	s.push(ben.at("12 09:00:00.000"), ben.set("1", "12 09:00:00.000", "title", "y"))
	stranger := fmt.Sprintf(`,"client":%q,"why":"fence"`, newDevice("c3").id) // never wrote the title
	s.journal = append(s.journal, event("reset", "13 09:00:00", stranger)...)
	s.journal = append(s.journal, event("epoch", "14 09:00:00", "")...)
	return s.journal
}

func TestEventsOfTheServerAreTold(t *testing.T) {
	journal := string(journalOfEvents())
	report := replayed(t, journal)
	for _, want := range []string{
		"3 pushes by 2 clients, 2026-03-01 09:00 to 2026-03-14 09:00",
		"\n  events                       9  ", "\n    fences                     4  ", "\n    epochs                     2  ", "\n    resets                     3  ",
		"All 3 answers are byte-equal",
	} {
		require.Contains(t, report, want)
	}
	require.NotContains(t, replayed(t, sampleJournal(t)), "events")

	story := replayed(t, journal, "-explain", "tasks/1/title")
	require.Contains(t, story, `
       line 5: at the server at 2026-03-06 09:00:00.000
       The fence rose: the server purges what was deleted until 6 Mar 2026, 00:00 UTC.

       line 7: at the server at 2026-03-08 09:00:00.000
       b2000000 was told to pull everything again, because it was away for longer than the retention.

       line 8: at the server at 2026-03-09 09:00:00.000
       The server began a new epoch, as after a restore from a backup: all clients pull everything again.

       line 9: at the server at 2026-03-10 09:00:00.000
       b2000000 was told to pull everything again, because the server has a new epoch.

    3  line 11: pushed by b2000000 at`)
	require.Equal(t, 1, strings.Count(story, "The fence rose"), "other fences do not concern the field")
	require.NotContains(t, story, "line 10")
	require.NotContains(t, story, "c3000000")
	require.Contains(t, story, "line 13: at the server", "after the last write")
}

// TestEventsOfTheServerAreDrawn compares the drawings with the story.
func TestEventsOfTheServerAreDrawn(t *testing.T) {
	journal := string(journalOfEvents())
	file := filepath.Join(t.TempDir(), "x.html")
	var out, errs bytes.Buffer
	require.Zero(t, run([]string{"-timeline", "tasks/1/title", "-o", file, "-"}, strings.NewReader(journal), &out, &errs), errs.String())
	page, err := os.ReadFile(file)
	require.NoError(t, err)
	text := replayed(t, journal, "-timeline", "tasks/1/title")
	golden(t, "testdata/timeline-events.golden", []byte(text))
	told := regexp.MustCompile(`(?m)^       (line \d+): at the server at (\S+) (\S+)\n       (.*)$`).FindAllStringSubmatch(replayed(t, journal, "-explain", "tasks/1/title"), -1)
	require.Len(t, told, 5)
	words := strings.Join(strings.Fields(text), " ")
	for _, notice := range told {
		require.Contains(t, words, "– △ "+notice[4])
		require.Regexp(t, regexp.QuoteMeta(`<time datetime="`+notice[2]+"T"+notice[3]+`Z">`)+`[^<]*</time> <span class="mute line">`+notice[1]+`</span></td><td data-c="What happened"><p class="first">`+
			regexp.QuoteMeta(notice[4]+`</p><p class="mute">`+notice[1]+": at the server at "+notice[2]+" "+notice[3]+" UTC</p></td></tr>"), string(page))
	}
	require.Equal(t, len(told), strings.Count(string(page), `<span class="n">–</span>`))
	require.NotContains(t, replayed(t, sampleJournal(t), "-timeline", "tasks/fence/title"), "△")
}

// TestEventsChangeNoState: the records are the same without the events, and a journal may begin with one.
func TestEventsChangeNoState(t *testing.T) {
	var pushes []byte
	for line := range bytes.Lines(journalOfEvents()) {
		if !bytes.HasPrefix(line, []byte(`{"event"`)) {
			pushes = append(pushes, line...)
		}
	}
	require.Equal(t, replayed(t, string(pushes), "-state"), replayed(t, string(journalOfEvents()), "-state"))
	require.Contains(t, replayed(t, string(event("epoch", "09 09:00:00", ""))), "0 pushes by 0 clients, 2026-03-09 09:00 to 2026-03-09 09:00")
}

func TestDamagedEventsAreNamedWithoutTheirContent(t *testing.T) {
	for _, line := range []string{
		`{"event":"secret"}`, `{"event":"fence","wall":"secret"}`, `{"event":"fence","wall":"2026-03-09T09:00:00Z"}`, `{"event":5,"wall":"2026-03-09T09:00:00Z"}`,
		`{"event":"reset","wall":"2026-03-09T09:00:00Z"}`, `{"event":"reset","wall":"2026-03-09T09:00:00Z","client":"secret"}`, `{"event":"epoch","wall":"2026`,
	} {
		var out, errs bytes.Buffer
		require.Equal(t, 1, run([]string{"-"}, strings.NewReader(sampleJournal(t)+line+"\n"), &out, &errs), line)
		require.Equal(t, "replay: standard input, line 22: invalid event of the server\n", errs.String(), line)
	}
}
