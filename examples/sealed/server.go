package main

import (
	"context"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/roombooking/rooms"
	"github.com/fieldlww/fieldlww/examples/sealed/seal"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/memory"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// codeUnsealed refuses a value that an app forgot to seal.
const codeUnsealed merge.Code = "unsealed"

// server is the backend of package memory, with the rules of the app. Nothing in it knows how to
// open a value.
type server struct {
	memory.Server
	checker *violation.Checker
	view    *violation.Memory // the same records, for the rules
	report  violation.Report  // of the last push
}

func newServer(wall func() time.Time) *server {
	checker := rooms.Checker()
	return &server{
		Server:  memory.Server{Engine: merge.Engine{Guard: guard}, Now: wall},
		checker: checker, view: violation.NewMemory(checker),
	}
}

// Push is the push handler. A rule that reads a sealed field returns violation.ErrUnknown, so it
// opens no violation for the record, and closes none.
func (s *server) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	items, err := s.Engine.Decode(batch)
	if err != nil {
		return nil, err
	}
	answer, err := s.Apply(merge.Request{Actor: client, Wall: s.Now(), Items: items})
	if err != nil {
		return nil, err
	}
	s.report = s.checker.Check(context.Background(), violation.Input{View: s.view, Changes: answer.Updates})
	for _, u := range answer.Updates {
		s.view.Put(u.After)
	}
	for _, u := range s.report.Updates {
		s.Put(u.After)
		s.view.Put(u.After)
	}
	return answer.AppendJSON(nil), s.report.Err
}

// guard accepts sealed values only. It cannot tell whether they open.
func guard(_ clock.ClientID, m record.Mutation) error {
	for name, w := range m.Data.All() {
		if !w.Deleted() && !record.Reserved(name) && !seal.IsSealed(w.Value) {
			return &merge.Refusal{Code: codeUnsealed, Path: "data." + record.PathName(name)}
		}
	}
	return nil
}

// forge stores a record with one write replaced.
func (s *server) forge(r record.Record, name string, w record.FieldValue) error {
	var b record.Builder
	forged, err := b.Record(r.Key(), func(yield func(string, record.FieldValue) bool) {
		for other, stored := range r.All() {
			if other == name {
				stored = w
			}
			if !yield(other, stored) {
				return
			}
		}
	})
	if err == nil {
		s.Put(forged)
	}
	return err
}
