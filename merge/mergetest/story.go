package mergetest

import (
	"fmt"
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
		w.story.events = append(w.story.events, event{w.now.Sub(schedule.Start()), does, sees})
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
	fmt.Fprintf(&b, "  %-*s  what happens; times are since %s\n", after, "after", schedule.Start().Format(time.RFC3339))
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
		w.tell(map[bool]string{true: "now that ends", false: r.pull.name + " pulls"}[r.met], listed(all))
	}
}
