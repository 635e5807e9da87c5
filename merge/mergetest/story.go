package mergetest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// story is what happened in a run, for people to read.
type story struct{ events []event }

type event struct {
	at         time.Duration // since the start
	does, sees string
}

// tell adds an event, if somebody listens.
func (w *world) tell(does, sees string) {
	if w.serving != nil {
		does = "  " + does // it happens within a request
	}
	w.told(does, sees)
}

func (w *world) told(does, sees string) {
	if w.story != nil {
		w.story.events = append(w.story.events, event{w.now.Sub(start()), does, sees})
	}
}

// String returns the events in three columns, below a line that says what they are.
func (s *story) String() string {
	var b strings.Builder
	after, width := len("after     "), 0
	for _, e := range s.events {
		after = max(after, len(e.at.String()))
		width = max(width, min(utf8.RuneCountInString(e.does), 44))
	}
	fmt.Fprintf(&b, "  %-*s  what happens; times are since %s\n", after, "after", start().Format(time.RFC3339))
	for _, e := range s.events {
		pad := max(0, width-utf8.RuneCountInString(e.does))
		for i, sees := range strings.Split(e.sees, "\n") {
			line := fmt.Sprintf("  %-*s  %s%s   %s", after, e.at, e.does, strings.Repeat(" ", pad), sees)
			if i > 0 {
				line = strings.Repeat(" ", 2+after+2+width+3) + sees
			}
			b.WriteString(strings.TrimRight(line, " ") + "\n")
		}
	}
	return b.String()
}

// lastStamp says how the last edit of the device was stamped.
func (d *device) lastStamp() string {
	if d.client != nil {
		return d.client.note
	}
	if len(d.outbox) == 0 || len(d.outbox[len(d.outbox)-1].writes) == 0 {
		return ""
	}
	return "stamped " + when(d.outbox[len(d.outbox)-1].writes[0].Time)
}

// tellPush tells of a push and its verdicts.
func (w *world) tellPush(does string, b batch, replies []merge.Reply) {
	if w.story == nil {
		return
	}
	var sees []string
	for i, r := range replies {
		sent := ""
		if i < len(b.items) {
			sent = b.items[i].brief() + ": "
		}
		sees = append(sees, sent+brief(r))
		if i < len(b.items) && b.items[i].spelled {
			sees = append(sees, "  it came as "+spelling(b.items[i].raw))
		}
	}
	w.tell(does, strings.Join(elided(sees, 5), "\n"))
}

// spelling returns the text of an item in one line, or the beginning of it.
func spelling(raw []byte) string {
	text := strings.NewReplacer("\t", `\t`, "\r", `\r`, "\n", `\n`).Replace(string(raw))
	if runes := []rune(text); len(runes) > 400 {
		return string(runes[:400]) + "…"
	}
	return text
}

// elided returns lines without those in the middle, if there are many more than at both ends.
func elided(lines []string, ends int) []string {
	if len(lines) <= 2*ends+1 {
		return lines
	}
	more := fmt.Sprintf("… %d more …", len(lines)-2*ends)
	return slices.Concat(lines[:ends], []string{more}, lines[len(lines)-ends:])
}

// brief returns an item in short.
func (it *item) brief() string {
	var parts []string
	for _, x := range it.writes {
		parts = append(parts, short(x))
	}
	if it.bad != "" {
		parts = append(parts, "("+strings.TrimSuffix(it.bad+": "+it.told, ": ")+")")
	}
	return schedule.Clipped(it.id) + " " + strings.Join(elided(parts, 20), " ")
}

// brief returns a reply in short.
func brief(r merge.Reply) string {
	text := r.Verdict
	if r.Code != "" {
		text += ", " + string(r.Code)
	}
	if r.Retryable {
		text += ", retryable"
	}
	if r.Changed {
		text += ", changed"
	}
	var fields []string
	for _, name := range slices.Sorted(maps.Keys(r.Fields)) {
		fields = append(fields, ", "+schedule.Clipped(name)+" "+r.Fields[name].Outcome)
	}
	text += strings.Join(elided(fields, 20), "")
	for _, note := range r.Notes {
		text += ", note " + string(note)
	}
	return text
}

// tellPull tells of a pull and what came.
func (w *world) tellPull(r *request, p page) {
	if w.story == nil {
		return
	}
	all := map[oracle.FieldKey]oracle.Write{}
	for _, r := range p.records {
		for name, v := range r.All() {
			if id, ok := w.idOf(r.Key()); ok {
				all[oracle.FieldKey{ID: id, Field: name}] = writeOf(v)
			}
		}
	}
	if len(all) > 0 || !w.finishing { // most of the last pulls bring nothing, and need no line
		w.tell(map[bool]string{true: "now that ends", false: r.pull.name + " pulls"}[r.met], w.listed(all))
	}
}

// listed returns the fields of records in short, one record a line.
func (w *world) listed(all map[oracle.FieldKey]oracle.Write) string {
	fields := map[string][]string{}
	for _, k := range slices.SortedFunc(maps.Keys(all), oracle.CompareFields) {
		fields[k.ID] = append(fields[k.ID], short(oracle.Written{FieldKey: k, Write: all[k]}))
	}
	var lines []string
	for _, id := range slices.Sorted(maps.Keys(fields)) {
		lines = append(lines, schedule.Clipped(id)+" "+strings.Join(elided(fields[id], 20), "  "))
	}
	return cmp.Or(strings.Join(lines, "\n"), "nothing new")
}

// short describes a write in short.
func short(x oracle.Written) string {
	return fmt.Sprintf("%s=%s (%s %s)", schedule.Clipped(x.Field), shownValue(x.Write), schedule.Whose(x.Client), when(x.Time))
}

// shownValue returns the value of a write in short.
func shownValue(w oracle.Write) string {
	if w.Deleted {
		return "deleted"
	}
	return schedule.Clipped(w.Value)
}

// when returns a time of a stamp since the start: +5m0s, and its counter, if it has one.
func when(at int64) string {
	t := time.Duration(at - start().UnixNano())
	counter := ""
	if n := at % 1e6; n > 0 {
		counter = fmt.Sprintf("#%d", n)
	}
	sign := map[bool]string{true: "+"}[t >= 0]
	return sign + t.Truncate(time.Millisecond).String() + counter
}
