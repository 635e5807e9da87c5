package lawtest

import (
	"fmt"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
)

// The stamps of a view, below and above its fence. What others write is above all that the client
// wrote before, and a new item is above that.
const (
	lowOldItem clock.Timestamp = 1_772_452_800e9 + iota // a server without the time accepts nothing
	oldWrite
	oldItem
	viewFence
	lowItem
	newWrite
	newItem
)

var (
	viewKey    = record.Key{Table: "tasks", ID: "1"}
	viewClient = clock.ClientID{1}
	viewOther  = clock.ClientID{2}
)

// inOf is the buckets.Func of the views: the field in names the buckets.
func inOf(r record.Record) []string {
	w, _ := r.Get("in")
	text, _ := w.Value.Text()
	return strings.Split(text, ",")[:strings.Count(text, ",")]
}

// bucketNames returns the buckets of a set.
func bucketNames(b bucketSet) []string {
	return [...][]string{{}, {"a"}, {"b"}, {"a", "b"}}[b]
}

// bucketsNamed returns the set of some buckets.
func bucketsNamed(names []string) (b bucketSet) {
	for _, name := range names {
		b |= 1 << (name[0] - 'a')
	}
	return b
}

func textOf(b bucketSet) string {
	var text strings.Builder
	for _, name := range bucketNames(b) {
		text.WriteString(name + ",")
	}
	return text.String()
}

// viewEngine puts each question to the real functions once.
type viewEngine struct {
	engine  merge.Engine
	builder record.Builder
	records map[viewData]record.Record
	places  map[viewData]bucketSet
	moved   map[[2]viewData][2]bucketSet
	pushes  map[viewPush]viewAnswer
	told    [4]string // the fingerprint of each set of buckets
	isTold  map[string]bucketSet
	cursors map[viewCursor]buckets.Cursor
	texts   map[string]viewCursor
}

func newViewEngine() *viewEngine {
	e := &viewEngine{
		records: make(map[viewData]record.Record), places: make(map[viewData]bucketSet), moved: make(map[[2]viewData][2]bucketSet),
		pushes: make(map[viewPush]viewAnswer), isTold: make(map[string]bucketSet),
		cursors: make(map[viewCursor]buckets.Cursor), texts: map[string]viewCursor{"": {}},
	}
	for has := range bucketSet(4) {
		var c buckets.Cursor
		c.Begin(buckets.Snapshot{Epoch: "1", Granted: grants(has, [2]rank{})})
		c.Settle(0)
		e.told[has] = strings.TrimPrefix(c.String(), "1.0~")
		e.isTold[e.told[has]] = has
	}
	return e
}

func grants(has bucketSet, granted [viewBuckets]rank) map[string]int64 {
	m := make(map[string]int64, viewBuckets)
	for b, name := range bucketNames(3) {
		if has.has(b) {
			m[name] = int64(granted[b])
		}
	}
	return m
}

// record returns the record with some content.
func (e *viewEngine) record(d viewData) record.Record {
	r, found := e.records[d]
	if found {
		return r
	}
	at := func(own int8) clock.Stamp {
		switch {
		case own != 0 && d.old:
			return clock.Stamp{Time: oldItem, Client: viewClient}
		case own != 0:
			return clock.Stamp{Time: newItem, Client: viewClient}
		case d.old:
			return clock.Stamp{Time: oldWrite, Client: viewOther}
		}
		return clock.Stamp{Time: newWrite, Client: viewOther}
	}
	r, err := e.builder.Record(viewKey, func(yield func(string, record.FieldValue) bool) {
		switch {
		case d.kind == viewAbsent:
		case d.kind == viewDeleted && !yield(record.DeletedField, record.FieldValue{Value: record.Bool(true), Stamp: at(0)}):
		case yield("in", record.FieldValue{Value: record.MustOf(textOf(d.in)), Stamp: at(d.own & ownIn)}):
			yield("title", record.FieldValue{Value: record.Int(1), Stamp: at(d.own & ownTitle)})
		}
	})
	if err == nil && d.kind == viewErased {
		r, err = merge.Erase(r, clock.Stamp{Client: viewOther})
	}
	if err != nil {
		panic(err) // the fields are valid
	}
	e.records[d] = r
	return r
}

// in returns the buckets of a record, by buckets.Func.Of.
func (e *viewEngine) in(d viewData) bucketSet {
	in, found := e.places[d]
	if !found {
		in = bucketsNamed(buckets.Func(inOf).Of(e.record(d), viewFence))
		e.places[d] = in
	}
	return in
}

// moves returns the buckets in which a record is afterwards, and those that it has left, by
// buckets.Func.Moves.
func (e *viewEngine) moves(before, after viewData) (in, left bucketSet) {
	key := [2]viewData{before, after}
	m, found := e.moved[key]
	if !found {
		in, left := buckets.Func(inOf).Moves(merge.Update{Before: e.record(before), After: e.record(after)}, viewFence)
		m = [2]bucketSet{bucketsNamed(in), bucketsNamed(left)}
		e.moved[key] = m
	}
	return m[0], m[1]
}

// isDead reports whether merge.Purge leaves nothing of a record.
func (e *viewEngine) isDead(d viewData) bool {
	return d.kind != viewAbsent && merge.Purge(e.record(d), viewFence, 2).Len() == 0
}

// cursor returns a cursor that is read from its text.
func (e *viewEngine) cursor(c viewCursor) buckets.Cursor {
	cursor, found := e.cursors[c]
	if found || c.epoch == 0 {
		return cursor
	}
	text := fmt.Appendf(nil, "%d.%d~%s", c.epoch, c.seq, e.told[c.told])
	for _, l := range c.loads[:c.n] {
		text = fmt.Appendf(text, "~%d_%d_%d", l.from, l.after, l.begun)
	}
	cursor, err := buckets.ParseCursor(string(text))
	if err != nil {
		panic(err) // the text comes from cursorOf
	}
	e.cursors[c] = cursor
	return cursor
}

// cursorOf reads the text of a cursor.
func (e *viewEngine) cursorOf(cursor buckets.Cursor) viewCursor {
	text := cursor.String()
	c, found := e.texts[text]
	if !found {
		c = e.read(text)
		e.texts[text] = c
	}
	return c
}

func (e *viewEngine) read(text string) (c viewCursor) {
	head, rest, _ := strings.Cut(text, "~")
	var l viewLoad
	if n, _ := fmt.Sscanf(head, "%d.%d.%d", &c.epoch, &c.seq, &l.begun); n == 3 {
		l.after = c.seq
		c.loads[0], c.n = l, 1
	}
	told, rest, _ := strings.Cut(rest, "~")
	c.told = e.isTold[told]
	for part := range strings.SplitSeq(rest, "~") {
		if _, err := fmt.Sscanf(part, "%d_%d_%d", &l.from, &l.after, &l.begun); err == nil {
			c.loads[c.n] = l
			c.n++
		}
	}
	return c
}
