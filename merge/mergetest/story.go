package mergetest

import (
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// event is what happened in a run, for people to read.
type event struct {
	at   time.Duration // since the start
	does string
	sees string // what came of it
}

// tell adds an event to the story.
func (w *world) tell(does, sees string) {
	if w.serving != nil {
		does = "  " + does // it happens within a request
	}
	w.addEvent(does, sees)
}

// addEvent adds an event that does not happen within a request.
func (w *world) addEvent(does, sees string) {
	if w.telling {
		w.story = append(w.story, event{w.now.Sub(schedule.Start()), does, sees})
	}
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
	if !w.telling {
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
	if !w.telling {
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
