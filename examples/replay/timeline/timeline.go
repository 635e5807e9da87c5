package timeline

import (
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/replay/fieldlog"
	"github.com/fieldlww/fieldlww/record"
)

// Options are the choices of a reader. The zero Options are valid.
type Options struct {
	// Name returns what a client is called. The text is escaped where it is shown. Nil stands for
	// the first 8 characters of the ID.
	Name func(clock.ClientID) string
	// Values shows the values that users wrote. They may be private.
	Values bool
	// Note is a sentence about the journal that the drawing ends with. The text is escaped where it is
	// shown. An empty one is left out.
	Note string
	// Zone is the time zone of the shown times. Nil means UTC.
	Zone *time.Location
}

// Timeline is the history of one field, ready to be drawn. It is immutable, so it can be drawn from
// several goroutines.
type Timeline struct {
	options Options
	key     record.Key
	field   string
	lanes   []string // names of authors and senders, in the order of their first marks
	index   map[clock.ClientID]int
	marks   []mark // in the order of the journal
	spans   []span
	ending  []string // sentences about the end
}

// New makes the timeline of a log. It keeps nothing of the log that may change.
func New(l *fieldlog.Log, o Options) *Timeline {
	if o.Name == nil {
		o.Name = func(c clock.ClientID) string { return c.String()[:8] }
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	t := &Timeline{options: o, key: l.Key, field: l.Field, index: make(map[clock.ClientID]int)}
	t.addMarks(l)
	t.mergeLanes()
	t.addSpans(l)
	t.ending = t.endingOf(l)
	return t
}

// title returns the three names of the field, safe to print.
func (t *Timeline) title() string {
	return fieldlog.Printable(t.key.Table + "/" + t.key.ID + "/" + t.field)
}

// unnamed is the name of a client without an ID.
const unnamed = "an unnamed client"

// name returns the name of a client, safe to print.
func (t *Timeline) name(c clock.ClientID) string {
	if c.IsZero() {
		return unnamed
	}
	return fieldlog.Printable(t.options.Name(c))
}

// date returns a time of day with its date, as the sentences show it.
func (t *Timeline) date(at time.Time) string {
	return at.In(t.options.Zone).Format("2 Jan 2006, 15:04:05")
}

// minute returns a time as date shows it, without the seconds.
func (t *Timeline) minute(at time.Time) string {
	return at.In(t.options.Zone).Format("2 Jan 2006, 15:04")
}

// zone returns the name of the time zone.
func (t *Timeline) zone() string {
	if t.options.Zone == time.UTC {
		return "UTC"
	}
	return fieldlog.Printable(t.options.Zone.String())
}
