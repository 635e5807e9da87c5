package server

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// servePush answers POST /v1/push, whose body is a batch of mutations. A client of an earlier
// version, which does not send v=2, joins an accepted item as a whole. So its items that are partly
// gone are refused as a whole; see merge.Request.WholeItems.
//
// A client of this version also sends the cursor of its last pull. If the database was restored
// since that pull, the push is refused with the status 409 and the code epoch_changed, before any
// item is judged. The client pulls first, and sends again its own writes that the restored state
// lacks. A cursor that the server cannot read is refused with the status 400 and the code
// invalid_cursor, also before any item is judged.
func (s *Frontend) servePush(w http.ResponseWriter, r *http.Request, m Sender) error {
	body, release, err := s.readPush(w, r, m)
	if err != nil {
		return err
	}
	defer release()
	// A push first waits for the earlier pushes of its user. So the pushes of a user take only
	// one slot in the queue of the workspace, and the quota counts the earlier pushes before it
	// admits the next.
	done, err := s.own.enter(r.Context(), m.Workspace+"/"+m.User)
	if err != nil {
		return err
	}
	defer done()
	// The quota is checked after the body is read: a client that is still sending might not
	// receive the answer.
	if err := s.pushes.admit(m.Workspace, m.User); err != nil {
		return err
	}
	p := Pushed{Body: body, Whole: r.URL.Query().Get("v") != "2", Budget: Budget{s.pushes, m.Workspace, m.User}}
	if p.Cursor, err = cursorOf(r); err != nil {
		return err
	}
	if p.old, err = s.oldForm(r); err != nil {
		return err
	}
	begun, wall := time.Now(), s.options.Now()
	out, err := s.backend.Push(r.Context(), m, p)
	if err == nil || r.Context().Err() == nil && isUnavailable(err) {
		s.health.recordPush(m.Workspace, err == nil)
	}
	if err != nil {
		return Unavailable(err)
	}
	s.logPush(r.Context(), m, out)
	s.metrics.pushTime.Observe(time.Since(begun).Seconds())
	s.metrics.pushed.Add(float64(len(body)))
	s.metrics.countPush(out, wall)
	return writeJSON(w, out.answerJSON(p.old, clock.TimestampOf(s.options.Now())))
}

// readPush reads the body of a push. A large body waits for an upload slot, which the caller
// must release. A small body needs no slot, so clients that take every slot and then stall cannot
// delay it.
func (s *Frontend) readPush(w http.ResponseWriter, r *http.Request, m Sender) (body []byte, release func(), err error) {
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

// push decides on a batch and stores the result, in a turn that the push may share with others. If it
// returns an error, it has stored nothing, unless the commit failed: then it may have stored
// everything. The client retries either way.
func (s *Server) push(ctx context.Context, m Sender, b Pushed) (Outcome, error) {
	p := &pushing{ctx: ctx, by: m, Pushed: b, done: make(chan struct{})}
	if err := s.groups.take(p, s.pushGroup); err != nil {
		return Outcome{}, err
	}
	if p.panicked != nil {
		panic(p.panicked) // ends this request, as if it had not shared a turn
	}
	return p.out, p.err
}

// pushWithin decides on a push and stores the result within a transaction.
func (s *Server) pushWithin(ctx context.Context, tx *session, p *pushing) (err error) {
	if p.Cursor.Epoch() != "" && (p.Cursor.Epoch() != tx.epoch || p.Cursor.Reached() > tx.seq) {
		return EpochChanged()
	}
	if err := s.afford(ctx, tx, p.by.User, p.push.Keys()); err != nil {
		return err
	}
	if p.out, err = s.apply(ctx, tx, p); err != nil {
		return err
	}
	if err := tx.placeRest(ctx, s.options.Rules); err != nil { // so that the push is charged for it
		return err
	}
	cost := float64(len(p.Body) + len(p.items)*costOfItem + p.out.read + tx.written + tx.indexed*costOfScope)
	if err := s.pushes.charge(tx.workspace, p.by.User, cost); err != nil {
		return err
	}
	p.cost = cost
	return nil
}

// apply applies a push within a transaction.
func (s *Server) apply(ctx context.Context, tx *session, p *pushing) (out Outcome, err error) {
	wall := p.push.Request().Wall
	if len(tx.imports.of) > 0 && !p.server {
		s.prepare(tx, p, p.push.Request()) // it was prepared before the workspace was locked
	}
	stored, actor, err := tx.load(ctx, p)
	if err != nil {
		return out, err
	}
	stored.StorageFull = !p.noted && s.options.Storage >= 0 && tx.bytes >= s.options.Storage
	stored.MayRead, stored.MayWrite = s.rightsOf(tx, actor, stored.StorageFull)
	out.read = tx.read
	j, err := s.judge(ctx, tx, p, &stored)
	if err != nil {
		return out, err
	}
	out.Answer, out.Push = j.answer, j.Push
	if tooFarAhead(out.Answer) {
		if out.Ahead, err = s.ahead(ctx, tx, wall, stored.MayRead); err != nil {
			return out, err
		}
	}
	if err := s.boundScopes(out.Answer.Updates); err != nil {
		return out, err
	}
	p.writes = true
	made := violation.Input{Changes: slices.Concat(out.Answer.Updates, j.lost), Now: clock.TimestampOf(wall)}
	if out.Report, err = tx.check(ctx, s.options.Rules, made); err != nil {
		return out, err
	}
	unstored(out.Report.Updates, j.lost)
	out.Told = readable(out.Report.Updates, stored.MayRead)
	// A violation row can be in both lists. The rules derive their row from the pushed row, so the
	// derived row is stored last.
	for _, updates := range [][]merge.Update{out.Answer.Updates, withoutPlaced(j.lost, out.Report), out.Report.Updates} {
		if err := tx.store(ctx, s.options.Rules, updates); err != nil {
			return out, err
		}
	}
	if err := tx.boundLostEdits(ctx, j.lost); err != nil {
		return out, err
	}
	if !p.server {
		if err := tx.putMarks(ctx, out.Answer.Watermarks); err != nil {
			return out, err
		}
	}
	if s.options.Journal {
		var line []byte
		if line, err = tx.withoutErased(ctx, j.AppendJournal(nil, stored, out.Answer), out.Answer.Results); err == nil {
			err = tx.writeJournal(ctx, line, maxJournal)
		}
	}
	return out, err
}

// afford refuses a push if the stored records that it names are too large for the remaining quota
// of its user. It does not read these records.
func (s *Server) afford(ctx context.Context, tx *session, user string, keys []record.Key) error {
	if !s.pushes.inDebt(tx.workspace) {
		return nil
	}
	size, err := tx.size(ctx, keys)
	if err != nil {
		return err
	}
	if size > maxLoaded { // no quota allows this, but a part of the push may succeed
		return tooManyBytes(maxLoaded)
	}
	return s.pushes.afford(tx.workspace, user, float64(size))
}

// boundScopes refuses updates that are in too many scopes of rules and buckets. It never refuses a
// single record.
func (s *Server) boundScopes(updates []merge.Update) error {
	n := 0
	for _, u := range updates {
		for _, r := range []record.Record{u.Before, u.After} {
			n += len(s.options.Rules.ScopesOf(r))
			if s.division.of != nil {
				n += len(s.division.of.Of(r, 0))
			}
		}
		if n > maxScopes && len(updates) > 1 {
			return TooLarge(fmt.Errorf("the records are in more than %d scopes of rules and buckets: push fewer records at once", maxScopes))
		}
	}
	return nil
}

// pushAnswer is the answer to a push.
type pushAnswer struct {
	// Results has a merge.Reply for each item, in the order of the items.
	Results json.RawMessage `json:"results"`
	// Violations lists the violations that the push opened, closed or changed and that the user may
	// read, at most maxTold.
	// Clients pull the rows like all records; this list lets them tell the user at once.
	Violations []violation.Violation `json:"violations"`
	// Unchecked names the rules that could not check all changed records. The push is stored, and
	// may have created a violation that is not reported. Omitted if there is no such rule.
	Unchecked []string `json:"unchecked,omitempty"`
	// Ahead lists some stored writes that are stamped too far ahead, if an item was refused for
	// that reason. A client that pulled them gives its own writes later stamps: its clock is not
	// the cause, and the server must be repaired. Omitted if there is no such write.
	Ahead []AheadWrite `json:"ahead,omitempty"`
	// ServerTime is the wall clock time of the server, as in the header Server-Time.
	ServerTime clock.Timestamp `json:"serverTime"`
}

// maxTold is the maximum number of violations in an answer.
const maxTold = 100

// answerJSON returns the answer to the client, in the form of the client.
func (o Outcome) answerJSON(old *oldForm, now clock.Timestamp) pushAnswer {
	a := pushAnswer{
		Results: old.results(o), Violations: []violation.Violation{}, Unchecked: rulesOf(o.Report),
		Ahead: old.ahead(o.Ahead), ServerTime: now,
	}
	for _, u := range o.Told {
		// A violation that does not matter any longer, such as a conflict in the past, is stored
		// but not reported.
		before, _ := violation.Parse(u.Before)
		after, err := violation.Parse(old.row(u.After))
		was, is := before.StatusAt(now), after.StatusAt(now)
		if err != nil || was != violation.Open && is != violation.Open || len(a.Violations) == maxTold {
			continue
		}
		after.Status = is
		a.Violations = append(a.Violations, after)
	}
	return a
}
