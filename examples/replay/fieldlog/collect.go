package fieldlog

import (
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/record"
)

// Collector collects the logs of all fields that a path TABLE/ID/FIELD can mean: tables, IDs and
// fields may contain slashes. It must not be used from two goroutines at once.
type Collector struct {
	path   string
	all    []*Log
	unread []int
}

// NewCollector returns a Collector for a path.
func NewCollector(path string) *Collector { return &Collector{path: path} }

// Logs returns the logs of the fields that were stored, or that a push wrote or tried to write, in
// the order of their first lines. Add changes them.
func (c *Collector) Logs() []*Log {
	return slices.DeleteFunc(slices.Clone(c.all), func(l *Log) bool { return !l.touched })
}

// Unread returns the lines with refused items whose writes the journal does not contain, because the
// items could not be read or were refused as gone. Such a write may have been meant for one of the
// fields. The lines ascend, and each occurs once.
func (c *Collector) Unread() []int { return c.unread }

// Add adds one push. Add all pushes in the order of the journal.
func (c *Collector) Add(p Push) {
	for _, r := range p.Stored.Records {
		if l := c.logOf(r.Key()); l != nil {
			l.addUnpushed(p)
		}
	}
	for i, r := range p.Answer.Results {
		l := c.logOf(r.Key)
		unread := !r.Accepted() && p.Request.Items[i].Mutation.Data.Len() == 0
		nameless := r.Key.Table == "" || r.Key.ID == ""
		switch {
		case unread && (nameless || l != nil && !l.names(r.Refusal.Path)):
			c.addUnread(p, l, i)
		case l != nil:
			l.addItem(p, i)
		}
	}
	for _, r := range p.Stored.Records {
		if l := c.logOf(r.Key()); l != nil {
			l.setStands(p)
		}
	}
}

// addUnread adds a refused item whose writes are not in the journal. The log is nil if the item does
// not name its record.
func (c *Collector) addUnread(p Push, l *Log, item int) {
	if n := len(c.unread); n == 0 || c.unread[n-1] != p.Line {
		c.unread = append(c.unread, p.Line)
	}
	if l != nil {
		l.Unread = append(l.Unread, Unread{p.Line, p.Request.Wall, p.Request.Actor, p.Answer.Results[item].Refusal})
	}
}

// logOf returns the log of the requested field in the given record, or nil. A log begins with the
// first push that names the record, because the record may be deleted before the field is written.
func (c *Collector) logOf(key record.Key) *Log {
	field, ok := FieldIn(key, c.path)
	if !ok {
		return nil
	}
	i := slices.IndexFunc(c.all, func(l *Log) bool { return l.Key == key && l.Field == field })
	if i < 0 {
		i = len(c.all)
		c.all = append(c.all, &Log{Key: key, Field: field, stands: make(map[string]record.FieldValue)})
	}
	return c.all[i]
}

// FieldIn returns the field that path names within the record with the given key, if path leads
// there. Names may contain slashes, so a path may lead into several records, but to only one field
// of each.
func FieldIn(key record.Key, path string) (field string, ok bool) {
	rest, ok := strings.CutPrefix(path, key.Table+"/")
	if ok {
		rest, ok = strings.CutPrefix(rest, key.ID+"/")
	}
	return rest, ok && rest != ""
}
