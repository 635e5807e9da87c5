package replica

import (
	"cmp"
	"encoding/json"
	"errors"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/fieldlww/fieldlww/record"
)

// EntryError says that a saved entry cannot be read. Err may be a *record.Error, or an error of
// package encoding/json.
type EntryError struct {
	Key string // of the entry
	Err error
}

// Error names the entry, and not its value.
func (e *EntryError) Error() string {
	return "replica: saved entry " + strconv.QuoteToASCII(e.Key) + ": " + e.Err.Error()
}

// Unwrap returns the reason.
func (e *EntryError) Unwrap() error { return e.Err }

// errKey is the reason if it is the key of an entry that makes no sense.
var errKey = errors.New("unknown key")

// loading is what is known while saved entries are read.
type loading struct {
	*Replica
	saved state
}

// load reads what was saved.
func (r *Replica) load(saved iter.Seq[Entry]) error {
	l := loading{Replica: r}
	for e := range saved {
		if err := l.entry(e); err != nil {
			return &EntryError{e.Key, err}
		}
	}
	slices.SortFunc(r.outbox, func(a, b *item) int { return cmp.Compare(a.number, b.number) })
	for _, it := range r.outbox {
		h := r.hold(it.m.Data.Key())
		h.waiting = append(h.waiting, it)
	}
	r.cursor = l.saved.Cursor
	if err := r.newClock(l.saved.Last); err != nil {
		return &EntryError{stateKey, err}
	}
	if r.owns() {
		return nil
	}
	return r.restamp(r.outbox) // the server would refuse it
}

// owns reports whether all that waits is stamped with the ID of the client.
func (r *Replica) owns() bool {
	for _, it := range r.outbox {
		for _, w := range it.m.Data.All() {
			if w.Stamp.Client != r.id {
				return false
			}
		}
	}
	return true
}

// entry reads one entry.
func (l *loading) entry(e Entry) error {
	if e.Key == stateKey {
		return l.readState(e.Value)
	}
	if number, ok := strings.CutPrefix(e.Key, outboxPrefix); ok {
		return l.readItem(number, e.Value)
	}
	if name, ok := strings.CutPrefix(e.Key, recordPrefix); ok {
		return l.readRecord(name, e.Value)
	}
	if name, ok := strings.CutPrefix(e.Key, whyPrefix); ok {
		return l.readWhys(name, e.Value)
	}
	return errKey
}

// readState reads the state. The clock starts above all stamps that are held, if the state
// has been lost.
func (l *loading) readState(value string) error {
	var s state
	if err := json.Unmarshal([]byte(value), &s); err != nil {
		return err
	}
	s.Last = max(s.Last, l.saved.Last)
	l.saved = s
	return nil
}

func (l *loading) readItem(number, value string) error {
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil || len(number) != numberWidth {
		return errKey
	}
	m, err := l.decoder.Mutation([]byte(value))
	if err != nil {
		return err
	}
	l.saved.Last = max(l.saved.Last, newest(m.Data))
	l.outbox = append(l.outbox, &item{n, m})
	return nil
}

func (l *loading) readRecord(name, value string) error {
	key, err := parseKey(name)
	if err != nil {
		return err
	}
	rec, err := l.decoder.Record(key, []byte(value))
	if err != nil {
		return err
	}
	l.saved.Last = max(l.saved.Last, newest(rec))
	h := l.hold(key)
	h.confirmed = rec.WithKey(h.key)
	return nil
}

func (l *loading) readWhys(name, value string) error {
	key, err := parseKey(name)
	if err != nil {
		return err
	}
	whys, err := l.parseWhys(key, value)
	if err == nil {
		l.hold(key).whys = whys
	}
	return err
}

// parseKey reads a record's key from that of its entry.
func parseKey(name string) (record.Key, error) {
	table, id, ok := strings.Cut(name, separator)
	if !ok {
		return record.Key{}, errKey
	}
	key := record.Key{Table: table, ID: id}
	return key, key.Check()
}
