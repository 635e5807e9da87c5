package main

import (
	"bufio"
	"bytes"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/replay/fieldlog"
	"github.com/fieldlww/fieldlww/examples/replay/timeline"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestDrawingAgreesWithTheStory compares the table of each drawing with -explain, fact by fact.
func TestDrawingAgreesWithTheStory(t *testing.T) {
	text := sampleJournal(t)
	for _, path := range pathsIn(t, text) {
		agree(t, text, path)
	}
	rapid.Check(t, func(t *rapid.T) {
		text := drawJournal(t)
		if paths := pathsIn(t, text); len(paths) > 0 {
			agree(t, text, rapid.SampledFrom(paths).Draw(t, "path"))
		}
	})
}

// both is the common part of *testing.T and *rapid.T that the checks below need.
type both interface {
	tb
	require.TestingT
}

// pathsIn returns the paths of all fields that a journal tells about, sorted.
func pathsIn(t tb, text string) []string {
	var paths []string
	for _, v := range journalOracle(t, text).told {
		paths = append(paths, strings.Join(v.path[:], "/"))
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// agree checks all fields that a path can mean.
func agree(t both, text, path string) {
	t.Helper()
	j := newJournal(options{explain: path}, nil)
	in, err := openInput(options{file: "-"}, strings.NewReader(text))
	require.NoError(t, err)
	require.NoError(t, j.run(in))
	for _, l := range j.logs.Logs() {
		tell := tellerOf(l, &j.counts)
		var story bytes.Buffer
		out := bufio.NewWriter(&page{out: &story})
		printLog(out, l, tell)
		out.Flush()
		o := timeline.Options{Name: func(c clock.ClientID) string { return tell.names.of(c) }}
		compareFacts(t, story.String(), timeline.New(l, o).HTML(), l)
	}
}

// factOf is what a story and a drawing say about one event.
type factOf struct {
	number, line, arrived, made, who string
	pusher, refusal, again, sight    string
	margin                           string
	notes, effects                   []string
}

var (
	eventHead = regexp.MustCompile(`(?m)^ +(\d+)  ((?:line|between lines|before line).*)$`)
	tableLine = regexp.MustCompile(`<tr><th scope="row">.*</tr>`)
)

// compareFacts compares a story with a page.
func compareFacts(t require.TestingT, story, page string, l *fieldlog.Log) {
	heads := eventHead.FindAllStringSubmatchIndex(story, -1)
	var rows []string
	for _, row := range tableLine.FindAllString(page, -1) {
		if !strings.Contains(row, `<span class="n">?</span>`) {
			rows = append(rows, row)
		}
	}
	require.Len(t, rows, len(heads), "the number of events differs:\n%s\n%s", story, page)
	lost := make(map[string]bool)
	for i, h := range heads {
		end := len(story)
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		body, _, _ := strings.Cut(story[h[1]:end], "\n\n")
		told := storyFact(story[h[2]:h[3]], story[h[4]:h[5]], body, l.Events[i])
		shown := pageFact(rows[i])
		if shown.refusal != "" || strings.Contains(rows[i], ">before line") {
			shown.again = "" // the story does not say that such a write is known from an earlier event
		}
		require.Equal(t, told, shown, "event %d:\n%s\n%s", i+1, story, rows[i])
		if m := regexp.MustCompile(`Lost edit: write (\d+)`).FindStringSubmatch(body); m != nil {
			lost[m[1]] = true
		} else if strings.Contains(body, "Lost edit: this write") {
			lost[firstOf(l, i)] = true
		}
	}
	for i, row := range rows {
		isLost := lost[firstOf(l, i)] && !strings.Contains(row, "sent again</span>") && !strings.Contains(row, "refused</span>")
		require.Equal(t, isLost, strings.Contains(row, "lost edit</span>"), "event %d:\n%s\n%s", i+1, story, row)
	}
	compareEndings(t, story, page)
}

// firstOf returns the number of the event that first shows the write of event i.
func firstOf(l *fieldlog.Log, i int) string {
	at := slices.IndexFunc(l.Events, func(e fieldlog.Event) bool {
		return e.Field == l.Events[i].Field && e.Incoming == l.Events[i].Incoming
	})
	return fmt.Sprint(at + 1)
}

// storyFact reads the facts from an event of a story. Of a found change, the story does not tell
// the time, so it is taken from the event.
func storyFact(number, head, body string, e fieldlog.Event) factOf {
	f := factOf{number: number}
	f.line = regexp.MustCompile(`lines? (\d+)(?: and (\d+))?`).FindString(head)
	f.line = f.line[strings.LastIndexByte(f.line, ' ')+1:]
	f.arrived = stamp(e.Wall)
	if m := regexp.MustCompile(`pushed by (.*) at (.*)`).FindStringSubmatch(head); m != nil {
		f.who, f.arrived = m[1], dotted(m[2])
	}
	if m := regexp.MustCompile(`, written(?: by (\S+))? at (\S+ \S+?),?(?: |\n|$)`).FindStringSubmatch(body); m != nil {
		f.made = dotted(m[2])
		if m[1] != "" {
			f.pusher, f.who = f.who, m[1]
		}
	}
	if e.Found && e.Incoming.IsZero() {
		f.who = "the server"
	}
	if m := regexp.MustCompile(`(?m)^ +refused, (.*)$`).FindStringSubmatch(body); m != nil {
		f.refusal = m[1]
	}
	if m := regexp.MustCompile(`a retry of write (\d+)|write (\d+) again:`).FindStringSubmatch(body); m != nil {
		f.again = m[1] + m[2]
	}
	if m := regexp.MustCompile(`which its author had (not )?seen`).FindStringSubmatch(body); m != nil {
		f.sight = m[1] + "seen"
	}
	if m := regexp.MustCompile(`accepted, [a-z]+: (?:a retry of write \d+; )?(\d.*?) (?:later|earlier) than write (\d+)`).FindStringSubmatch(body); m != nil {
		f.margin = m[2] + " " + m[1]
	}
	for _, m := range regexp.MustCompile(`(?m)^ +([a-z_]+): `).FindAllStringSubmatch(body, -1) {
		if m[1] != "lost_edit" {
			f.notes = append(f.notes, m[1])
		}
	}
	for _, m := range regexp.MustCompile(`From then on (.*)`).FindAllStringSubmatch(body, -1) {
		f.effects = append(f.effects, m[1])
	}
	return f
}

// pageFact reads the facts from a row of a page.
func pageFact(row string) factOf {
	find := func(pattern string) string {
		m := regexp.MustCompile(pattern).FindStringSubmatch(row)
		return html.UnescapeString(strings.Join(m[min(1, len(m)):], ""))
	}
	var f factOf
	f.number, f.line, f.who = find(`class="n">(\d+)<`), find(`>line (\d+)<`), find(`data-c="Who">(.*?)</td>`)
	f.made, f.arrived = find(`data-c="Made"><time datetime="(.*?)"`), find(`server"><time datetime="(.*?)"`)
	f.pusher, f.refusal = find(`It was pushed by (.*?)\.</p>`), find(`<p class="mute">refused, (.*?)</p>`)
	f.again = find(`sent write (\d+) again|It is write (\d+) again`)
	f.sight = strings.TrimPrefix(find(`, which [^,]* had ((?:not )?seen)\.`), " ")
	if m := regexp.MustCompile(`[wW]rite (\d+)(?: by \S+?)?, made ([^,]*?) (?:earlier|later)`).FindStringSubmatch(row); m != nil {
		f.margin = m[1] + " " + m[2]
	}
	for _, m := range regexp.MustCompile(`Note ([a-z_]+): `).FindAllStringSubmatch(row, -1) {
		f.notes = append(f.notes, m[1])
	}
	for _, m := range regexp.MustCompile(`From then on (.*?)</p>`).FindAllStringSubmatch(row, -1) {
		f.effects = append(f.effects, m[1])
	}
	return f
}

// compareEndings compares the last sentences of a story with the first ones of a page.
func compareEndings(t require.TestingT, story, page string) {
	_, page, _ = strings.Cut(page, "</h1>")
	page, _, _ = strings.Cut(page, "<figure>")
	_, story, _ = strings.Cut(story, "\nAt the end, ")
	for said, shown := range map[string]string{
		`^write (\d+) by `:                    `(?:\(write %s\)|Write %[1]s by)`,
		`^nothing is stored`:                  `nothing is stored|not shown, because`,
		`The record is deleted \(write (\d+)`: `deleted the record on .* \(write %s\)`,
		`write (\d+) restored it`:             `restored it on .* \(write %s\)`,
		`the value above is shown again`:      `is shown again if the record is restored`,
		`has no value and is not shown`:       `The field is empty|had cleared the field`,
	} {
		m := regexp.MustCompile(said).FindStringSubmatch(story)
		if m == nil {
			continue
		}
		if len(m) > 1 {
			shown = fmt.Sprintf(shown, m[1])
		}
		require.Regexp(t, shown, page, "%s\n%s", story, page)
	}
}

// dotted returns a time of a story as it is in the page.
func dotted(text string) string { return strings.Replace(text, " ", "T", 1) + "Z" }

func stamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }
