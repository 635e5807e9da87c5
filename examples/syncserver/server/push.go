package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/violation"
)

// servePush answers POST /v1/push, of which the body is a batch of mutations.
func (s *Server) servePush(w http.ResponseWriter, r *http.Request, m member) error {
	body, release, err := s.readPush(w, r, m)
	if err != nil {
		return err
	}
	defer release()
	// A client waits for its own pushes first. So all of them together have one place in the queue
	// of the workspace, and each is admitted by what those before it have cost.
	done, err := s.own.enter(r.Context(), m.workspace+"/"+m.client.String())
	if err != nil {
		return err
	}
	defer done()
	// Once the body was read: a client that still sends might not get to see the answer.
	if err := s.pushes.admit(m.workspace, m.client.String()); err != nil {
		return err
	}
	out, err := s.push(r.Context(), m, body)
	if fail := new(failure); err == nil || r.Context().Err() == nil && errors.As(err, &fail) && fail.status == http.StatusServiceUnavailable {
		s.health.recordPush(m.workspace, err == nil)
	}
	if err != nil {
		return err
	}
	s.logPush(r.Context(), m, out)
	return writeJSON(w, out.answerJSON(clock.TimestampOf(s.options.Now())))
}

// readPush reads the body of a push. One that is large waits for a place first, which must
// be released. The usual one needs none, so that nobody can keep it waiting who takes all
// places and sends no more.
func (s *Server) readPush(w http.ResponseWriter, r *http.Request, m member) (body []byte, release func(), err error) {
	whole := bodyOf(w, r, maxBody)
	body, err = readAll(io.LimitReader(whole, smallBody))
	if err != nil || len(body) < smallBody {
		return body, func() {}, err
	}
	if whole.upload, err = s.uploads.enter(r.Context(), w, m); err != nil {
		return nil, nil, err
	}
	whole.upload.takes(time.Now())
	rest, err := readAll(whole)
	whole.upload.takes(time.Time{})
	if err != nil {
		whole.upload.leave()
		return nil, nil, err
	}
	return append(body, rest...), whole.upload.leave, nil
}

// outcome is what came of a push.
type outcome struct {
	answer merge.Answer     // to its items
	report violation.Report // of what now makes no sense, or does again
	ahead  []aheadWrite     // stored, if an item was refused because it is too far ahead
	read   int              // bytes of the records that it is about
}

// push decides about a batch, and stores what comes of it. After an error nothing of it is
// stored, or, if it was the commit that failed, perhaps all: the client sends the same again.
func (s *Server) push(ctx context.Context, m member, body []byte) (out outcome, err error) {
	done, err := s.turns.enter(ctx, m.workspace)
	if err != nil {
		return out, err
	}
	defer done()
	items, err := s.decode(body)
	if err != nil {
		return out, malformed(err)
	}
	release, err := s.working.enter(ctx, m.workspace)
	if err != nil {
		return out, err
	}
	defer release()
	push := s.engine.Prepare(merge.Request{Actor: m.client, Wall: s.options.Now(), Items: items})
	ctx, cancel := context.WithTimeout(ctx, pushTimeout)
	defer cancel()
	seq, err := s.database.locked(ctx, m.workspace, func(tx *session) (err error) {
		if out, err = s.apply(ctx, tx, push); err != nil {
			return err
		}
		cost := len(body) + len(items)*costOfItem + out.read + tx.written + tx.indexed*costOfScope
		return s.pushes.charge(m.workspace, m.client.String(), float64(cost))
	})
	if err != nil {
		return out, unavailable(err)
	}
	s.feed.advance(m.workspace, seq)
	return out, nil
}

// apply does in a transaction what a push asks for.
func (s *Server) apply(ctx context.Context, tx *session, push *merge.Push) (out outcome, err error) {
	actor, wall := push.Request().Actor, push.Request().Wall
	if err := s.afford(ctx, tx, push); err != nil {
		return out, err
	}
	stored, err := tx.load(ctx, actor, push.Keys())
	if err != nil {
		return out, err
	}
	stored.StorageFull = s.options.Storage >= 0 && tx.bytes >= s.options.Storage
	out.read = tx.read
	if out.answer, err = push.Apply(stored); err != nil {
		return out, err
	}
	if out.ahead, err = s.ahead(ctx, tx, wall, out.answer); err != nil {
		return out, err
	}
	if err := s.boundScopes(out.answer.Updates); err != nil {
		return out, err
	}
	made := violation.Input{Changes: out.answer.Updates, Now: clock.TimestampOf(wall)}
	if out.report, err = tx.check(ctx, s.options.Rules, made); err != nil {
		return out, err
	}
	// A row of a violation can be among both: what the rules say of it comes last.
	for _, updates := range [][]merge.Update{out.answer.Updates, out.report.Updates} {
		if err := tx.store(ctx, s.options.Rules, updates); err != nil {
			return out, err
		}
	}
	if err := tx.putMarks(ctx, out.answer.Watermarks); err != nil {
		return out, err
	}
	if s.options.Journal {
		err = tx.writeJournal(ctx, push.AppendJournal(nil, stored, out.answer), maxJournal)
	}
	return out, err
}

// afford refuses a push whose records are too large for what its client has left of the quota,
// before they are read.
func (s *Server) afford(ctx context.Context, tx *session, push *merge.Push) error {
	if !s.pushes.inDebt(tx.workspace) {
		return nil
	}
	size, err := tx.size(ctx, push.Keys())
	if err != nil {
		return err
	}
	if size > maxLoaded { // no quota permits it, and a part of the push may succeed
		return tooManyBytes(maxLoaded)
	}
	return s.pushes.afford(tx.workspace, push.Request().Actor.String(), float64(size))
}

// boundScopes refuses updates that are in too many scopes of rules. A single
// record is never refused.
func (s *Server) boundScopes(updates []merge.Update) error {
	n := 0
	for _, u := range updates {
		n += len(s.options.Rules.ScopesOf(u.Before)) + len(s.options.Rules.ScopesOf(u.After))
		if n > maxScopes && len(updates) > 1 {
			return tooLarge(fmt.Errorf("the records are in more than %d scopes of rules: push fewer at once", maxScopes))
		}
	}
	return nil
}

// pushAnswer is what a push is answered with.
type pushAnswer struct {
	// Results has a merge.Reply for each item, in their order.
	Results json.RawMessage `json:"results"`
	// Violations are those that the push opened, closed or changed, at most maxTold of
	// them. The rows are pulled like all data; this is to tell the user at once.
	Violations []violation.Violation `json:"violations"`
	// Unchecked are the names of rules that could not check all that the push touched: it
	// is stored, and may be in conflict with something. Without such rules it is left out.
	Unchecked []string `json:"unchecked,omitempty"`
	// Ahead are some of the stored writes that are stamped too far ahead, if an item was
	// refused because it is. A client that pulled them stamps above them: it is not its clock
	// that is wrong, and the server has to be repaired. Without such writes it is left out.
	Ahead []aheadWrite `json:"ahead,omitempty"`
	// ServerTime is the wall clock of the server, as in the header Server-Time.
	ServerTime clock.Timestamp `json:"serverTime"`
}

// maxTold is how many violations an answer tells of.
const maxTold = 100

// answerJSON returns what the client gets.
func (o outcome) answerJSON(now clock.Timestamp) pushAnswer {
	a := pushAnswer{
		Results: o.answer.AppendJSON(nil), Violations: []violation.Violation{}, Unchecked: rulesOf(o.report),
		Ahead: o.ahead, ServerTime: now,
	}
	for _, u := range o.report.Updates {
		// The row of a conflict of the past is stored, and is nothing to tell anybody.
		before, _ := violation.Parse(u.Before)
		after, err := violation.Parse(u.After)
		was, is := before.StatusAt(now), after.StatusAt(now)
		if err != nil || was != violation.Open && is != violation.Open || len(a.Violations) == maxTold {
			continue
		}
		after.Status = is
		a.Violations = append(a.Violations, after)
	}
	return a
}
