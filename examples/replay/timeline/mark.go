package timeline

import (
	"math"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/replay/fieldlog"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// server stands for the band of the server where a lane is expected.
const server = -1

// mark is one event, or a refused item that may have been one.
type mark struct {
	number  int // the number of the event in the log, from 1; 0 for a notice, and for an item that could not be read
	lane    int // the lane of the author or sender, or server
	made    time.Time
	arrived time.Time // by the server's clock, but never before the arrival of the mark before
	shape   shape
	found   bool   // whether it came to the server without a push
	clock   bool   // whether the author's clock was wrong, or has just been corrected
	label   string // what it did, if that is not to write a value
	moot    bool   // whether it changed nothing at the server
	unseen  bool   // whether it replaced a write that its author had not seen
	row     row
}

// row holds the facts about a mark, safe to print.
type row struct {
	line     int       // line of the journal
	who      string    // who wrote it, or tried to
	made     time.Time // by the author's clock; zero if it is unknown
	arrived  time.Time // by the server's clock
	headline string    // what happened
	outcome  string    // how it ended
	details  []string  // further sentences
	exact    string    // the sentence of the decision, or the reason of the refusal
}

// addMarks adds a mark for each event, for each item that could not be read, and for each notice.
func (t *Timeline) addMarks(l *fieldlog.Log) {
	b := newBook(l)
	unread, notices := l.Unread, l.Notices()
	last := time.Time{}
	for i, e := range l.Events {
		for len(unread) > 0 && unread[0].Line < e.Line {
			notices, last = t.addNotices(notices, unread[0].Line, last)
			last = t.addUnread(unread[0], last)
			unread = unread[1:]
		}
		notices, last = t.addNotices(notices, e.Line, last)
		m := mark{number: i + 1, made: e.Incoming.Stamp.Time.Time(), arrived: later(e.Wall, last), found: e.Found, shape: b.fate(e, i+1)}
		if e.Found && !e.Incoming.IsZero() && !e.IncomingImported && m.made.Before(m.arrived) {
			m.arrived = later(m.made, last) // the journal does not say when: this is the earliest time
		}
		last = m.arrived
		m.label, m.clock = labelOf(e), b.faults[i+1] != nil || !e.Found && ahead(e) >= time.Minute
		m.lane, m.moot, m.unseen = t.laneOfEvent(e), !e.Found && !e.Won(), e.Lost() && e.Won()
		if e.Incoming.IsZero() || e.IncomingImported || b.isRepeated(e, i+1) {
			m.made = m.arrived // it was made before, or it is unknown when
		}
		m.row = t.rowOf(b, e, m)
		t.marks = append(t.marks, m)
	}
	for _, u := range unread {
		notices, last = t.addNotices(notices, u.Line, last)
		last = t.addUnread(u, last)
	}
	t.addNotices(notices, math.MaxInt, last)
}

// labelOf returns what a write did in one word, or nothing if it wrote a value.
func labelOf(e fieldlog.Event) string {
	deletes, _ := e.Incoming.Value.Bool()
	switch {
	case e.Incoming.IsZero():
		return ""
	case e.IncomingImported:
		return "imported"
	case e.Field == record.DeletedField:
		return pick(deletes, "deleted", "restored")
	case e.Incoming.Deleted():
		return "cleared"
	}
	return ""
}

// laneOfEvent returns the lane of the author of an event, or else of its sender.
func (t *Timeline) laneOfEvent(e fieldlog.Event) int {
	switch {
	case !e.Incoming.IsZero():
		return t.laneOf(e.Incoming.Stamp.Client)
	case e.Found:
		return server
	}
	return t.laneOf(e.Actor)
}

// addUnread adds a mark for an item that could not be read, and returns when it arrived.
func (t *Timeline) addUnread(u fieldlog.Unread, last time.Time) time.Time {
	at := later(u.Wall, last)
	t.marks = append(t.marks, mark{lane: t.laneOf(u.Actor), made: at, arrived: at, shape: unread, row: t.rowOfUnread(u)})
	return at
}

// later returns the later one of two times.
func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// shape says how a write ended. The shapes are sorted: the later ones matter more to a reader.
type shape uint8

const (
	repeat  shape = iota // sent again, which changed nothing
	late                 // a later write already counted
	won                  // counted until another write replaced it
	notice               // of the server: not a write
	unread               // refused, and perhaps meant for this field
	stands               // counts at the end
	removed              // no longer stored: not a write
	refused              // the server refused it, or its field was purged
	lost                 // a lost edit
)

// shapes lists the shapes from the one that matters most.
func shapes() []shape {
	return []shape{lost, refused, removed, stands, unread, notice, won, late, repeat}
}

// sign returns the shape as a character for a terminal.
func (s shape) sign() rune { return []rune("·○●△?◉◇⊘✕")[s] }

// meaning returns the meaning of the shape for the key below a drawing.
func (s shape) meaning() string {
	return []string{
		"sent again, changed nothing",
		"a later write already counted",
		"counted, then replaced",
		"something at the server",
		"refused, perhaps meant for this field",
		"counts at the end",
		"no longer stored",
		"refused by the server",
		"lost edit: overruled by someone who had not seen it",
	}[s]
}

// word returns the meaning in one or two words.
func (s shape) word() string {
	return []string{"sent again", "too late", "replaced", "at the server", "unreadable", "counts", "removed", "refused", "lost edit"}[s]
}

// isFirst reports whether nothing was stored before the write of an event.
func isFirst(e fieldlog.Event) bool { return e.Step() == merge.FirstWrite }

// ahead returns how far the stamp of a write was ahead of the server's clock when it arrived. The stamp
// of an import comes from no clock.
func ahead(e fieldlog.Event) time.Duration {
	if e.IncomingImported {
		return 0
	}
	ms := e.Incoming.Stamp.Time.Millis() - clock.TimestampOf(e.Wall).Millis()
	return time.Duration(ms) * time.Millisecond
}
