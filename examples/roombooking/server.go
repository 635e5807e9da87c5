package main

import (
	"context"
	"errors"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/roombooking/rooms"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/memory"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// server is the backend of package memory, with rules. It needs no clock of its own to
// stamp with, since it writes nothing of its own: what it derives is stamped by what it is
// derived from.
type server struct {
	memory.Server
	name    string
	checker *violation.Checker
	view    *violation.Memory // the records once more, found by room
}

// newServer returns an empty server.
func newServer(name string, w *wall) *server {
	checker := rooms.Checker()
	engine := merge.Engine{Guard: violation.Guard(violation.DefaultTable, nil)}
	return &server{
		Server: memory.Server{Engine: engine, Now: w.read}, name: name,
		checker: checker, view: violation.NewMemory(checker),
	}
}

// Push is the push handler: client is who was authenticated. A database would do all of it
// in one transaction.
func (s *server) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	items, err := s.Engine.Decode(batch)
	if err != nil {
		return nil, err // the batch makes no sense, and nothing of it was applied
	}
	answer, err := s.Apply(merge.Request{Actor: client, Wall: s.Now(), Items: items})
	if err != nil {
		return nil, err
	}
	return answer.AppendJSON(nil), s.check(answer.Updates)
}

// join joins what people wrote on another server. It cannot refuse anything: servers
// that hold the same writes must end up the same.
func (s *server) join(theirs merge.Collection) error {
	mine := s.Records()
	joined := merge.Join(mine, theirs)
	var changes []merge.Update
	for news := range merge.Delta(mine, joined).All() {
		keys := []record.Key{news.Key()}
		changes = append(changes, merge.Update{Before: mine.Lookup(keys)[0], After: joined.Lookup(keys)[0]})
	}
	for _, u := range changes {
		s.Put(u.After)
	}
	return s.check(changes)
}

// check stores the violations that come of changes. A rule that fails does not stop a push,
// and a real server would log it; here it ends the story, so that it is not overlooked.
func (s *server) check(changes []merge.Update) error {
	report := s.checker.Check(context.Background(), violation.Input{View: s.view, Changes: changes, Now: s.now()})
	for _, u := range changes {
		s.view.Put(u.After)
	}
	s.replace(report.Updates)
	return report.Err
}

// audit looks at everything, as a server does each night: it finds what was missed.
func (s *server) audit() error {
	report := s.checker.Audit(s.Records(), s.now())
	s.replace(report.Updates)
	return report.Err
}

// replace stores records in place of what is there.
func (s *server) replace(updates []merge.Update) {
	for _, u := range updates {
		s.Put(u.After)
		s.view.Put(u.After)
	}
}

// now returns the time by which it is judged what still matters.
func (s *server) now() clock.Timestamp { return clock.TimestampOf(s.Now()) }

// exchange lets two servers join what people wrote on the other one.
func exchange(a, b *server) error {
	ofA, ofB := rooms.UserWrites(a.Records()), rooms.UserWrites(b.Records())
	return errors.Join(a.join(ofB), b.join(ofA))
}
