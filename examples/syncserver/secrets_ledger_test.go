package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// ledger knows who may know what at which time. Each value, name and ID that a test writes is a text of
// its own, a secret, and the ledger looks for all secrets in everything that a device receives.
//
// A change takes effect at some moment between its first request and its acknowledgement, and an answer is
// made at some moment between the request and the last byte. So the ledger permits a secret if the user may
// have been entitled to it at any moment of the answer. It never raises a false alarm.
type ledger struct {
	mu      sync.Mutex
	places  map[string]map[string][]span // by record ID and bucket
	members map[string]map[string][]span // by user and bucket
	secrets map[string]secret
	sent    map[clock.ClientID]map[string]bool // the secrets that a client has sent itself
	faults  []string
	read    int // bytes of answers
	found   int // permitted secrets in them
	lefts   int // lines that say that a record has left
	rows    int // violation rows
	lost    int // rows of lost edits
}

// span is a span of time. The zero to means that it has not ended.
type span struct{ from, to time.Time }

// secret is a text of a record.
type secret struct {
	record, by string // by is the user who wrote it
	span       span
}

func newLedger() *ledger {
	return &ledger{places: make(map[string]map[string][]span), members: make(map[string]map[string][]span), secrets: make(map[string]secret), sent: make(map[clock.ClientID]map[string]bool)}
}

// The kinds of secrets.
const (
	secretID    = 'i'
	secretName  = 'n'
	secretValue = 'v'
)

// secretText matches a secret; see make.
var secretText = regexp.MustCompile(`zq([inv])-[0-9]{6}`)

// make returns a new secret of a record. An empty record means the ID of the record itself.
func (l *ledger) make(kind rune, record, by string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := fmt.Sprintf("zq%c-%06d", kind, len(l.secrets))
	if record == "" {
		record = text
	}
	l.secrets[text] = secret{record, by, span{from: time.Now()}}
	return text
}

// end says that a secret has been overwritten.
func (l *ledger) end(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s, ok := l.secrets[text]; ok && s.span.to.IsZero() {
		s.span.to = time.Now()
		l.secrets[text] = s
	}
}

// begin and stop say that a record is in a bucket, or a user has it, from now on or until now. Call begin
// before the first request, and stop after the acknowledgement.
func (l *ledger) begin(of map[string]map[string][]span, name, bucket string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if of[name] == nil {
		of[name] = make(map[string][]span)
	}
	spans := of[name][bucket]
	if n := len(spans); n == 0 || !spans[n-1].to.IsZero() {
		of[name][bucket] = append(spans, span{from: time.Now()})
	}
}

func (l *ledger) stop(of map[string]map[string][]span, name, bucket string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if spans := of[name][bucket]; len(spans) > 0 && spans[len(spans)-1].to.IsZero() {
		spans[len(spans)-1].to = time.Now()
	}
}

// and returns the time that two spans have in common.
func (s span) and(o span) (span, bool) {
	if o.from.After(s.from) {
		s.from = o.from
	}
	if s.to.IsZero() || !o.to.IsZero() && o.to.Before(s.to) {
		s.to = o.to
	}
	return s, s.to.IsZero() || !s.to.Before(s.from)
}

// mayRead reports whether a user may have read a record at some moment. The caller holds the lock.
func (l *ledger) mayRead(user, record string, when span) bool {
	for bucket, there := range l.places[record] {
		for _, here := range l.members[user][bucket] {
			both, ok := here.and(when)
			if !ok {
				continue
			}
			for _, s := range there {
				if _, ok := s.and(both); ok {
					return true
				}
			}
		}
	}
	return false
}

// unreadable reports whether a user may certainly not read a record during a span.
func (l *ledger) unreadable(user, record string, when span) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.mayRead(user, record, when)
}

// sends says that a client sends a request, with the secrets that it has guessed.
func (l *ledger) sends(client clock.ClientID, request string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sent[client] == nil {
		l.sent[client] = make(map[string]bool)
	}
	for _, text := range secretText.FindAllString(request, -1) {
		l.sent[client][text] = true
	}
}

// answer is what a device received.
type answer struct {
	user    string
	client  clock.ClientID
	when    span
	request string // with its path and body: it may contain secrets that the user knows
	text    []byte
}

// check looks for secrets in an answer.
func (l *ledger) check(a answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.read += len(a.text)
	for line := range bytes.Lines(a.text) {
		for _, row := range rowsOf(line) {
			l.checkLine(a, row)
		}
	}
}

// rowsOf returns the rows of a line of columns, each as a line of its own. Any other line is returned as it is,
// also a line that was cut off.
func rowsOf(line []byte) (lines [][]byte) {
	d := record.Decoder{Trusted: true}
	rows, err := d.Columns(bytes.TrimSuffix(line, []byte("\n")))
	if err != nil {
		return [][]byte{line}
	}
	for _, row := range rows {
		in, _ := json.Marshal(row.In)
		lines = append(lines, fmt.Appendf(nil, `{"in":%s,%s`, in, record.Mutation{Data: row.Record}.AppendJSON(nil)[1:]))
	}
	return lines
}

func (l *ledger) checkLine(a answer, line []byte) {
	var left struct {
		ID   string
		Left bool
	}
	ever := json.Unmarshal(line, &left) == nil && left.Left
	if ever {
		l.lefts++
	}
	lost := l.checkRow(a, line)
	ids := l.withoutOthers(line)
	for _, m := range secretText.FindAllSubmatch(line, -1) {
		text, kind := string(m[0]), rune(m[1][0])
		s, ok := l.secrets[text]
		when := a.when
		switch {
		case !ok || s.by == a.user || bytes.Contains([]byte(a.request), m[0]):
			continue
		case strings.Contains(lost, text) && l.sent[a.client][text]:
			continue // the client gets the value back that it wrote
		case kind == secretID && ever:
			when.from = time.Time{}
		case kind == secretID && !bytes.Contains(ids, m[0]):
			continue
		}
		if when, ok = when.and(s.span); ok && l.mayRead(a.user, s.record, when) {
			l.found++
			continue
		}
		request := a.request[:min(len(a.request), 300)]
		l.fault("%s received %s of the record %s, written by %s:\n  %.600s\n  after %s", a.user, text, s.record, s.by, line, request)
	}
}

// checkRow checks that the row of a lost edit is for the client that received it, and not for another one of its user.
// It returns the losing value, or an empty text for any other line.
func (l *ledger) checkRow(a answer, line []byte) (losing string) {
	var m record.Mutation
	if json.Unmarshal(line, &m) != nil {
		return "" // not a record, or cut off
	}
	clients := authorsOf(m.Data)
	if len(clients) == 0 {
		return ""
	}
	l.lost++
	if !slices.Contains(clients, a.client) {
		l.fault("%s received a row of %v:\n  %.600s\n  after %.300s", a.client, clients, line, a.request)
	}
	w, _ := m.Data.Get("losing")
	return w.Value.String()
}

// authorsOf returns the clients that the row of a lost edit is for, or none for any other record.
func authorsOf(r record.Record) (clients []clock.ClientID) {
	if r.Key().Table != violation.DefaultTable {
		return nil
	}
	names := []string{"loser"}
	if w, _ := r.Get("keep"); w.Value == record.Bool(true) {
		names = append(names, "winner")
	}
	for _, name := range names {
		var stamp struct{ ClientID clock.ClientID }
		if w, ok := r.Get(name); ok && w.Value.Decode(&stamp) == nil {
			clients = append(clients, stamp.ClientID)
		}
	}
	return clients
}

// withoutOthers returns a line without the IDs that violations list in addition to the record that they
// are about.
func (l *ledger) withoutOthers(line []byte) []byte {
	if !bytes.Contains(line, []byte(`"conflictingRecords"`)) {
		return line
	}
	l.rows++
	var v any
	if json.Unmarshal(line, &v) != nil {
		return nil // it was cut off
	}
	forget(v)
	line, _ = json.Marshal(v)
	return line
}

func forget(v any) {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "conflictingRecords")
		for _, w := range v {
			forget(w)
		}
	case []any:
		for _, w := range v {
			forget(w)
		}
	}
}

// fault notes a fault. The caller holds the lock.
func (l *ledger) fault(format string, args ...any) {
	if len(l.faults) < 10 {
		l.faults = append(l.faults, fmt.Sprintf(format, args...))
	}
}
