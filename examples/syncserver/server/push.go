package server

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/violation"
)

// pushAnswer is what a push is answered with.
type pushAnswer struct {
	// Results has a merge.Reply for each item, in their order.
	Results json.RawMessage `json:"results"`
	// Violations are those that the push opened, closed or changed. The rows are pulled
	// like all data; this is to tell the user at once.
	Violations []violation.Violation `json:"violations"`
}

// servePush answers POST /v1/push.
func (s *Server) servePush(w http.ResponseWriter, r *http.Request, m member) error {
	if err := s.uploads.take(r.Context()); err != nil {
		return unavailable(err)
	}
	defer s.uploads.give()
	body, err := readBody(w, r, maxBody)
	if err != nil {
		return err
	}
	answer, err := s.push(r.Context(), m, body)
	if err != nil {
		return err
	}
	return writeJSON(w, answer)
}

// push decides about a batch. After an error nothing of it is stored, or, if it was the
// commit that failed, perhaps all of it: the client sends the same again.
func (s *Server) push(ctx context.Context, m member, body []byte) (pushAnswer, error) {
	answer, report, err := s.decide(ctx, m, body)
	if err != nil {
		return pushAnswer{}, err
	}
	s.logPush(ctx, m, answer, report)
	return newPushAnswer(answer, report)
}

// decide decides about a batch, and stores what comes of it.
func (s *Server) decide(ctx context.Context, m member, body []byte) (answer merge.Answer, report violation.Report, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	lane := s.lanes.of(m.workspace)
	if err := lane.take(ctx); err != nil {
		return answer, report, unavailable(err)
	}
	defer lane.give()
	if err := s.turns.take(ctx); err != nil {
		return answer, report, unavailable(err)
	}
	defer s.turns.give()

	items, err := s.engine.Decode(body)
	if err != nil {
		return answer, report, malformed(err)
	}
	in := merge.Input{Actor: m.client, Wall: s.options.Now(), Items: items}
	seq, err := s.database.locked(ctx, m.workspace, func(tx *session) error {
		answer, report, err = s.apply(ctx, tx, in)
		return err
	})
	if err != nil {
		return answer, report, unavailable(err)
	}
	s.feed.advance(m.workspace, seq)
	return answer, report, nil
}

// apply does in a transaction what a push asks for.
func (s *Server) apply(ctx context.Context, tx *session, in merge.Input) (answer merge.Answer, report violation.Report, err error) {
	if in.Marks, err = tx.marks(ctx, in.Actor); err != nil {
		return answer, report, err
	}
	in.Keys = s.engine.Keys(in)
	if in.Current, err = tx.get(ctx, in.Keys); err != nil {
		return answer, report, err
	}
	answer = s.engine.Apply(in)
	report, err = tx.flag(ctx, s.options.Rules, violation.Input{Changes: answer.Updates, Now: clock.TimestampOf(in.Wall)})
	if err != nil {
		return answer, report, err
	}
	// A row may be among both, and what the rules say of it is to stay.
	for _, updates := range [][]merge.Update{answer.Updates, report.Updates} {
		if err := tx.put(ctx, updates); err != nil {
			return answer, report, err
		}
		if err := tx.index(ctx, s.options.Rules, updates); err != nil {
			return answer, report, err
		}
	}
	if err := tx.putMarks(ctx, answer.Marks); err != nil {
		return answer, report, err
	}
	if s.options.Journal {
		err = tx.writeJournal(ctx, s.engine.AppendJournal(nil, in, answer))
	}
	return answer, report, err
}

// newPushAnswer returns what the client gets.
func newPushAnswer(answer merge.Answer, report violation.Report) (pushAnswer, error) {
	a := pushAnswer{Results: answer.AppendJSON(nil), Violations: make([]violation.Violation, len(report.Updates))}
	for i, u := range report.Updates {
		v, err := violation.Parse(u.After)
		if err != nil {
			return pushAnswer{}, err
		}
		a.Violations[i] = v
	}
	return a, nil
}
