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

// server is the backend of package memory, with rules. It needs no clock for stamps, because
// it makes no writes of its own: a derived record takes its stamps from the records that it
// is derived from.
type server struct {
	memory.Server
	name    string
	checker *violation.Checker
	view    *violation.Memory // the same records, indexed by room
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

// Push is the push handler; client is the authenticated client. With a database, the whole of Push
// would be one transaction.
func (s *server) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	items, err := s.Engine.Decode(batch)
	if err != nil {
		return nil, err // the batch is malformed, and none of it was applied
	}
	answer, err := s.Apply(merge.Request{Actor: client, Wall: s.Now(), Items: items})
	if err != nil {
		return nil, err
	}
	return answer.AppendJSON(nil), s.check(answer.Updates)
}

// join joins the user-written fields of another server. It refuses nothing: servers that
// hold the same writes must end in the same state.
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

// check stores the violations that changes open or close. A rule that fails does not stop a
// push. A real server would log its error; here the error ends the story, so that it is not
// overlooked.
func (s *server) check(changes []merge.Update) error {
	report := s.checker.Check(context.Background(), violation.Input{View: s.view, Changes: changes, Now: s.now()})
	for _, u := range changes {
		s.view.Put(u.After)
	}
	s.replace(report.Updates)
	return report.Err
}

// audit checks all records, as a server does each night, and finds violations that were missed.
func (s *server) audit() error {
	report := s.checker.Audit(s.Records(), s.now())
	s.replace(report.Updates)
	return report.Err
}

// replace stores records in place of those with the same keys.
func (s *server) replace(updates []merge.Update) {
	for _, u := range updates {
		s.Put(u.After)
		s.view.Put(u.After)
	}
}

// now returns the time by which the rules judge whether a violation still matters.
func (s *server) now() clock.Timestamp { return clock.TimestampOf(s.Now()) }

// exchange lets each of two servers join the user-written fields of the other.
func exchange(a, b *server) error {
	ofA, ofB := rooms.UserWrites(a.Records()), rooms.UserWrites(b.Records())
	return errors.Join(a.join(ofB), b.join(ofA))
}
