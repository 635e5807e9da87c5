package sim

import (
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// Event is an event of a run, in words.
type Event struct {
	At   time.Duration // since the start of the run
	Does string
	Sees string // its result
}

// Tell adds an event to the story.
func (w *world) Tell(does, sees string) {
	if w.serving != nil {
		does = "  " + does // indented, because it happens within a request
	}
	w.addEvent(does, sees)
}

// addEvent adds an event without the indentation of events within a request.
func (w *world) addEvent(does, sees string) {
	if w.telling {
		w.story = append(w.story, Event{w.Now.Sub(schedule.Start()), does, sees})
	}
}

// lastStamp describes the stamp of the device's last edit.
func (d *device) lastStamp() string {
	if d.client != nil {
		return d.client.note
	}
	if len(d.outbox) == 0 || len(d.outbox[len(d.outbox)-1].Writes) == 0 {
		return ""
	}
	return "stamped " + check.When(d.outbox[len(d.outbox)-1].Writes[0].Time)
}

// tellPush describes a push and its verdicts.
func (w *world) tellPush(does string, b check.Batch, replies []merge.Reply) {
	if !w.telling {
		return
	}
	var sees []string
	for i, r := range replies {
		sent := ""
		if i < len(b.Items) {
			sent = b.Items[i].Text() + ": "
		}
		sees = append(sees, sent+check.ReplyText(r))
		if i < len(b.Items) && b.Items[i].Spelled {
			sees = append(sees, "  it arrived as "+check.Spelling(b.Items[i].Raw))
		}
	}
	w.Tell(does, strings.Join(check.Elided(sees, 5), "\n"))
}

// tellPull describes a pull and the pulled fields.
func (w *world) tellPull(r *request, p page) {
	if !w.telling {
		return
	}
	all := map[oracle.FieldKey]oracle.Write{}
	for _, l := range p.lines {
		for name, v := range l.record.All() {
			if id, ok := w.IDOf(l.record.Key()); ok {
				all[oracle.FieldKey{ID: id, Field: name}] = check.WriteOf(v)
			}
		}
	}
	if len(all) > 0 || !w.finishing { // most of the last pulls return nothing and need no line
		w.Tell(map[bool]string{true: "that request ends now", false: r.pull.name + " pulls"}[r.met], check.Listed(all))
	}
}
