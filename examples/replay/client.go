package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"sort"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/replay/clientlog"
	"github.com/fieldlww/fieldlww/examples/replay/fieldlog"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// errNoServer reports that -client was used with a history.
var errNoServer = errors.New("-client needs a journal: a history does not say what the server did")

// client compares the log of a client with a journal: what the client did, and what the server did
// with the same edits and fields.
type client struct {
	log    clientlog.File
	edits  []*edit // in the order in which they were made
	byKey  map[editKey]*edit
	fields map[record.Key]map[string]*fieldView
	pulled time.Time // when the last settled pull of the log ended; zero if there is none
}

// editKey identifies an edit.
type editKey struct {
	record.Key
	clock.Stamp
}

// edit is one edit of the log.
type edit struct {
	key    record.Key
	stamp  clock.Stamp
	fields []clientlog.Field
	made   time.Time
	seen   record.Seen
	pulled time.Time // when the last settled pull before the edit ended; zero if the log does not have it
	sent   time.Time // last; zero if the log does not have it
	// The answer that the client got last, and the reason for which it dropped the edit.
	answered time.Time
	answer   clientlog.Record
	dropped  string
	arrivals []arrival
}

// arrival is an edit in the journal.
type arrival struct {
	line   int
	wall   time.Time
	result merge.Result
}

// fieldView is what both sides say about one field.
type fieldView struct {
	shown    clock.Stamp // the last write that the client showed; zero if none
	shownAt  time.Time
	isShown  bool                      // whether the log says what was shown
	received map[clock.Stamp]time.Time // when the client received a write first
	stands   []stand
}

// stand is a write that the journal shows stored from a line on.
type stand struct {
	line  int
	wall  time.Time
	stamp clock.Stamp // zero if nothing is stored any longer
}

// readClient reads an exported log.
func readClient(name string) (*client, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	log, err := clientlog.Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return newClient(log), nil
}

func newClient(log clientlog.File) *client {
	c := &client{log: log, byKey: make(map[editKey]*edit), fields: make(map[record.Key]map[string]*fieldView)}
	for _, e := range log.Events {
		c.take(e)
	}
	return c
}

// take takes one event of the log.
func (c *client) take(e clientlog.Event) {
	if e.Kind == clientlog.Received && !e.More {
		c.pulled = e.At
	}
	for _, r := range e.Records {
		switch e.Kind {
		case clientlog.Edited:
			d := &edit{key: r.Key(), stamp: clock.Stamp(r.Stamp), fields: r.Fields, made: e.At, seen: e.Seen, pulled: c.pulled}
			c.edits, c.byKey[editKey{d.key, d.stamp}] = append(c.edits, d), d
			for _, f := range r.Fields {
				c.field(r.Key(), f.Name)
			}
		case clientlog.Received, clientlog.Shown:
			c.takeFields(e, r)
		default:
			c.takeEdit(e, r)
		}
	}
}

// takeEdit takes an event about an edit that was made before.
func (c *client) takeEdit(e clientlog.Event, r clientlog.Record) {
	was := cmp.Or(clock.Stamp(r.Was), clock.Stamp(r.Stamp))
	d := c.byKey[editKey{r.Key(), was}]
	if d == nil {
		return // it was made before the log begins
	}
	switch e.Kind {
	case clientlog.Restamped:
		delete(c.byKey, editKey{d.key, d.stamp})
		d.stamp = clock.Stamp(r.Stamp)
		c.byKey[editKey{d.key, d.stamp}] = d
	case clientlog.Sent:
		d.sent = e.At
	case clientlog.Answered:
		d.answered, d.answer = e.At, r
	case clientlog.Dropped:
		d.dropped = e.Why
	}
}

// takeFields takes what was received or shown of a record.
func (c *client) takeFields(e clientlog.Event, r clientlog.Record) {
	for _, f := range r.Fields {
		v, stamp := c.field(r.Key(), f.Name), clock.Stamp(f.Stamp)
		if e.Kind == clientlog.Shown {
			v.shown, v.shownAt, v.isShown = stamp, e.At, true
		} else if _, twice := v.received[stamp]; !twice {
			v.received[stamp] = e.At
		}
	}
}

// field returns the view of a field, and adds it if there is none.
func (c *client) field(key record.Key, name string) *fieldView {
	views := c.fields[key]
	if views == nil {
		views = make(map[string]*fieldView)
		c.fields[key] = views
	}
	if views[name] == nil {
		views[name] = &fieldView{received: make(map[clock.Stamp]time.Time)}
	}
	return views[name]
}

// edited reports whether the log has an edit of a field that a path can mean. The client may be nil.
func (c *client) edited(path string) bool {
	return c != nil && slices.ContainsFunc(c.edits, func(d *edit) bool {
		return slices.ContainsFunc(d.fields, func(f clientlog.Field) bool {
			field, ok := fieldlog.FieldIn(d.key, path)
			return ok && field == f.Name
		})
	})
}

// add takes one push of the journal.
func (c *client) add(p fieldlog.Push) {
	for _, r := range p.Stored.Records {
		c.addStored(p, r.Key())
	}
	for i, result := range p.Answer.Results {
		if d := c.byKey[editKey{result.Key, stampOf(p.Request.Items[i].Mutation)}]; d != nil {
			d.arrivals = append(d.arrivals, arrival{p.Line, p.Request.Wall, result})
		}
	}
}

// addStored notes which writes of a record stand before and after a push.
func (c *client) addStored(p fieldlog.Push, key record.Key) {
	for name, v := range c.fields[key] {
		for _, state := range []record.Record{p.Before(key), p.After(key)} {
			w, _ := state.Get(name)
			if len(v.stands) == 0 && !w.IsZero() || len(v.stands) > 0 && v.stands[len(v.stands)-1].stamp != w.Stamp {
				v.stands = append(v.stands, stand{p.Line, p.Request.Wall, w.Stamp})
			}
		}
	}
}

// stampOf returns the greatest stamp of a mutation. All writes of a client's edit have one stamp.
func stampOf(m record.Mutation) (last clock.Stamp) {
	for _, w := range m.Data.All() {
		if w.Stamp.Compare(last) > 0 {
			last = w.Stamp
		}
	}
	return last
}

// unseen returns the write of another client that stood in a field of an edit when it arrived, if the
// user had been shown an earlier one. The base tells that without comparing clocks.
func (c *client) unseen(d *edit, f clientlog.Field) (s stand, ok bool) {
	if f.Base == nil || len(d.arrivals) == 0 {
		return s, false
	}
	stands := c.field(d.key, f.Name).stands // in the order of their lines
	if i := sort.Search(len(stands), func(i int) bool { return stands[i].line >= d.arrivals[0].line }); i > 0 {
		s = stands[i-1]
	}
	return s, s.stamp.Compare(clock.Stamp(*f.Base)) > 0 && s.stamp.Client != d.stamp.Client
}
