package main

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/roombooking/rooms"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// server is a backend. Its maps stand for tables, and a method for a transaction. It
// needs no clock of its own to stamp with, since it writes nothing of its own: what
// it derives is stamped by what it is derived from.
type server struct {
	name    string
	wall    *wall
	engine  merge.Engine
	checker *violation.Checker
	view    *violation.Memory // the records once more, found by room
	rows    map[record.Key]row
	marks   map[clock.ClientID]clock.Timestamp
	seq     int
}

// row is a stored record, and the sequence at which it last changed.
type row struct {
	record.Record
	seq int
}

// newServer returns an empty server.
func newServer(name string, w *wall) *server {
	checker := rooms.Checker()
	return &server{
		name: name, wall: w, checker: checker, view: violation.NewMemory(checker),
		engine: merge.Engine{Guard: violation.Guard(violation.DefaultTable, nil)},
		rows:   make(map[record.Key]row), marks: make(map[clock.ClientID]clock.Timestamp),
	}
}

// push is the push handler: client is who was authenticated.
func (s *server) push(client clock.ClientID, body []byte) ([]byte, error) {
	items, err := s.engine.Decode(body)
	if err != nil {
		return nil, err // the batch makes no sense, and nothing of it was applied
	}
	push := s.engine.Prepare(merge.Request{Actor: client, Wall: s.wall.read(), Items: items})
	answer, err := push.Apply(merge.Stored{
		Records:    s.load(push.Keys()).Lookup(push.Keys()),
		Watermarks: []clock.Stamp{{Time: s.marks[client], Client: client}},
	})
	if err != nil {
		return nil, err
	}
	for _, mark := range answer.Watermarks {
		s.marks[mark.Client] = mark.Time
	}
	return answer.AppendJSON(nil), s.save(answer.Updates)
}

// pull is the pull handler: all that changed after the cursor, violations as well as
// meetings, and the next cursor.
func (s *server) pull(cursor int) (lines []byte, next int) {
	for _, r := range slices.SortedFunc(maps.Values(s.rows), func(a, b row) int { return cmp.Compare(a.seq, b.seq) }) {
		if r.seq > cursor {
			lines = append(record.Mutation{Data: r.Record}.AppendJSON(lines), '\n')
			cursor = r.seq
		}
	}
	return lines, cursor
}

// take joins what people wrote on another server. It cannot refuse anything: servers
// that hold the same writes must end up the same.
func (s *server) take(theirs merge.Collection) error {
	mine := s.state()
	joined := merge.Join(mine, theirs)
	var changes []merge.Update
	for news := range merge.Delta(mine, joined).All() {
		before, ok := mine.Get(news.Key())
		if !ok {
			before = record.New(news.Key())
		}
		after, _ := joined.Get(news.Key())
		changes = append(changes, merge.Update{Before: before, After: after})
	}
	return s.save(changes)
}

// save stores changes together with the violations that come of them. A rule that
// fails does not stop a push, and a real server would log it; here it ends the story,
// so that nobody overlooks it.
func (s *server) save(changes []merge.Update) error {
	report := s.checker.Check(context.Background(), violation.Input{View: s.view, Changes: changes, Now: s.now()})
	s.put(changes)
	s.put(report.Updates)
	return report.Err
}

// audit looks at everything, as a server does each night: it finds what was missed.
func (s *server) audit() error {
	report := s.checker.Audit(s.state(), s.now())
	s.put(report.Updates)
	return report.Err
}

// put stores records in place of what is there, each with a new sequence.
func (s *server) put(updates []merge.Update) {
	for _, u := range updates {
		s.seq++
		s.rows[u.After.Key()] = row{u.After, s.seq}
		s.view.Put(u.After)
	}
}

// load returns those of the records that there are.
func (s *server) load(keys []record.Key) merge.Collection {
	var found []record.Record
	for _, key := range keys {
		found = append(found, s.rows[key].Record)
	}
	return merge.Collect(found...)
}

// state returns all that is stored.
func (s *server) state() merge.Collection {
	return s.load(slices.Collect(maps.Keys(s.rows)))
}

// now returns the time by which it is judged what still matters.
func (s *server) now() clock.Timestamp { return clock.TimestampOf(s.wall.read()) }

// exchange lets two servers join what people wrote on the other one.
func exchange(a, b *server) error {
	ofA, ofB := rooms.Written(a.state()), rooms.Written(b.state())
	return errors.Join(a.take(ofB), b.take(ofA))
}
