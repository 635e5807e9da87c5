package server

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/replay/fieldlog"
	"github.com/fieldlww/fieldlww/examples/replay/timeline"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// The limits of histories. The journal has no index by record, so a history reads the end of the journal. A byte of it
// costs more than a byte of a pull, because each line with the record is decided again.
const (
	historyBytes    = 8 << 20 // of the journal; the last segment or line may exceed it
	historyCost     = 8       // bytes of the quota of pulls for each byte
	maxHistories    = 2       // at once; the others wait
	historiesOfUser = 1
	namesOfHistory  = 100
	maxNameOfClient = 100 // bytes
)

// asked is what a request for a history asks for.
type asked struct {
	record.Key
	field string
	names map[clock.ClientID]string
	zone  *time.Location
}

// serveHistory answers GET /v1/history?table=T&id=I&field=F with a drawing of the writes of one field, and the same as a
// table, as a part of an HTML page without scripts and styles; the style sheet is [timeline.Style]. It has no values.
//
// A user who may not read the record is answered as if it did not exist. A user who may read it now also sees which
// clients wrote when it was in other buckets.
func (s *Frontend) serveHistory(w http.ResponseWriter, r *http.Request, m Sender) error {
	what, err := askedFor(r)
	if err != nil {
		return Malformed(err)
	}
	old, err := s.lensOf(r)
	if err != nil {
		return err
	}
	var known bool
	if what.field, known = raisedName(old, what.Table, what.field); !known {
		return noHistory("the version of this client has no such field")
	}
	sql, ok := s.backend.(sqlBackend)
	if !ok || !s.options.Journal {
		return noHistory("this server keeps no journal")
	}
	if err := s.chargePull(m); err != nil {
		return err
	}
	done, err := s.histories.enter(r.Context(), m.Workspace+"/"+m.User)
	if err != nil {
		return err
	}
	defer done()
	page, err := sql.history(r.Context(), m, what)
	if err != nil {
		return Unavailable(err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	setWriteDeadline(w)
	_, err = w.Write([]byte(page))
	return err
}

// noHistory returns the failure for a history that the server does not have.
func noHistory(why string) error {
	return &failure{http.StatusNotFound, "no_history", why, errors.New(why)}
}

// askedFor reads the query of a request for a history.
func askedFor(r *http.Request) (a asked, err error) {
	query := r.URL.Query()
	a.Key = record.Key{Table: query.Get("table"), ID: query.Get("id")}
	if a.field = query.Get("field"); a.Table == "" || a.ID == "" || a.field == "" {
		return a, errors.New("table, id and field: must not be empty")
	}
	if a.zone, err = time.LoadLocation(query.Get("zone")); err != nil || a.zone == time.Local {
		a.zone = time.UTC // the drawing says so
	}
	names := query["name"]
	if len(names) > namesOfHistory {
		return a, fmt.Errorf("name: must occur at most %d times", namesOfHistory)
	}
	a.names = make(map[clock.ClientID]string)
	for _, pair := range names {
		id, name, _ := strings.Cut(pair, ":")
		client, err := clock.ParseClientID(id)
		if err != nil || name == "" || len(name) > maxNameOfClient {
			return a, fmt.Errorf("name: must be a client ID, a colon and at most %d bytes", maxNameOfClient)
		}
		a.names[client] = name
	}
	return a, nil
}

// history returns the drawing of a field. It looks up the rights before it reads the journal, and again after that, so that
// it shows nothing that was stored after the user has lost the record.
func (s *Server) history(ctx context.Context, m Sender, a asked) (string, error) {
	if err := s.mayRead(ctx, m, a.Key); err != nil {
		return "", err
	}
	h := historyOf{key: a.Key, words: wordsOf(a.Key), log: fieldlog.NewCollector(a.Table + "/" + a.ID + "/" + a.field)}
	end, err := s.database.journalEnd(ctx, m.Workspace, h.concerns)
	s.pulls.count(m.Workspace, m.User, float64(historyCost*end.size))
	if err != nil {
		return "", err
	}
	for _, l := range end.lines {
		h.add(l)
	}
	if err := s.mayRead(ctx, m, a.Key); err != nil {
		return "", err
	}
	for _, l := range h.log.Logs() {
		if l.Key == a.Key && l.Field == a.field {
			return timeline.New(l, timeline.Options{Name: a.name, Zone: a.zone, Note: h.note(end)}).Figure(), nil
		}
	}
	return "", noHistory("the journal of this server holds no write of this field")
}

// name returns what the reader calls a client, or the beginning of its ID.
func (a asked) name(c clock.ClientID) string {
	if name, ok := a.names[c]; ok {
		return name
	}
	return c.String()[:8]
}

// mayRead returns nil if the user of a request may read a record.
func (s *Server) mayRead(ctx context.Context, m Sender, key record.Key) error {
	granted, err := s.database.granted(ctx, m)
	if err != nil {
		return fmt.Errorf("read the buckets of a user: %w", err)
	}
	var r record.Record
	var fence clock.Timestamp
	var version string
	err = s.database.db.QueryRowContext(ctx, `
		SELECT k.data, w.fence_stamp, w.division FROM records AS k JOIN workspaces AS w ON w.name = k.workspace
		WHERE k.workspace = $1 AND k.tbl = $2 AND k.id = $3 AND k.purge <> $4`, m.Workspace, key.Table, key.ID, departed).Scan(&r, &fence, &version)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("look up a record: %w", err)
	}
	if err == nil && version != s.division.version {
		return Unavailable(errDivision)
	}
	rights := buckets.Rights{Of: s.division.of, Fence: fence, Read: func(name string) bool { _, ok := granted[name]; return ok }}
	if r = r.WithKey(key); err == nil && key.Table != violation.DefaultTable && rights.MayRead(r) {
		return nil
	}
	err = errors.New("there is no such record, or the user may not read it")
	return &failure{http.StatusNotFound, "unknown_record", err.Error(), err}
}

// historyOf collects the log of a field from lines of the journal.
type historyOf struct {
	key    record.Key
	words  [][]byte // each line about the record contains one of these texts; nil if that is unknown
	log    *fieldlog.Collector
	unread int // lines that could not be read
}

// wordsOf returns the words of a record.
func wordsOf(key record.Key) [][]byte {
	if !plainID.MatchString(key.ID) {
		return nil
	}
	return [][]byte{[]byte(key.ID)}
}

// concerns reports whether a line may concern the field.
func (h *historyOf) concerns(line []byte) bool { return isEvent(line) || containsAny(line, h.words) }

// add adds a line. It replays a push only if the push names the record.
func (h *historyOf) add(l entryLine) {
	if n, ok, err := fieldlog.ParseNotice(l.text); ok && err == nil {
		n.Line = int(l.entry)
		h.log.AddNotice(n)
		return
	}
	push, err := merge.ParseJournalLine(l.text)
	if err == nil && !names(push, h.key) {
		return
	}
	var answer merge.Answer
	if err == nil {
		answer, err = push.Replay()
	}
	if err != nil {
		if !bytes.Equal(l.text, []byte("{}")) { // which an erasure leaves of such a line
			h.unread++
		}
		return
	}
	h.log.Add(fieldlog.Push{Line: int(l.entry), JournalLine: push, Answer: answer})
}

// names reports whether a push names a record.
func names(push merge.JournalLine, key record.Key) bool {
	for _, r := range push.Stored.Records {
		if r.Key() == key {
			return true
		}
	}
	for _, item := range push.Request.Items {
		if item.Mutation.Data.Key() == key {
			return true
		}
	}
	return false
}

// note says what the drawing lacks.
func (h *historyOf) note(end journalEnd) string {
	var all []string
	if end.cut {
		all = append(all, "Earlier writes are in a part of the journal that is not shown here, or that the server no longer has.")
	}
	if h.unread > 0 {
		all = append(all, fmt.Sprintf("Lines of the journal that could not be read: %d.", h.unread))
	}
	return strings.Join(all, " ")
}
