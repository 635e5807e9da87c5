package replica

import (
	"cmp"
	"encoding/json"
	"errors"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// EntryError reports a saved entry that cannot be read. Err may be a *record.Error or an error of
// package encoding/json.
type EntryError struct {
	Key string // of the entry
	Err error
}

// Error names the entry's key and the reason, never its value.
func (e *EntryError) Error() string {
	return "replica: saved entry " + strconv.QuoteToASCII(e.Key) + ": " + e.Err.Error()
}

// Unwrap returns the reason.
func (e *EntryError) Unwrap() error { return e.Err }

// errKey is the reason for an entry with an invalid key.
var errKey = errors.New("unknown key")

// loading is the state of one call of load.
type loading struct {
	*Replica
	saved state
	items []*item
}

// load reads the saved entries.
func (r *Replica) load(saved iter.Seq[Entry]) error {
	l := loading{Replica: r}
	for e := range saved {
		if err := l.entry(e); err != nil {
			return &EntryError{e.Key, err}
		}
	}
	slices.SortFunc(l.items, func(a, b *item) int { return cmp.Compare(a.number, b.number) })
	for _, it := range l.items {
		r.findOrAdd(it.m.Data.Key()).add(it)
		it.put(&r.outbox.fresh)
		r.outbox.last = it.number
		r.stored[it.number] = true
	}
	r.cursor, r.savedAs = l.saved.Cursor, l.saved.Client
	r.newClock(l.last())
	if r.owns() {
		return nil
	}
	if r.id.IsZero() {
		return &record.Error{Path: "clientId", Offset: -1, Err: record.ErrStamp}
	}
	r.forget()
	r.restampWaiting(0, 0, nil)
	return nil
}

// last returns the greatest saved time, ignoring times that the clock must not follow.
func (l *loading) last() clock.Timestamp {
	last := min(l.saved.Last.Timestamp, endless)
	for _, it := range l.items {
		last = max(last, newestUpTo(it.m.Data, endless))
	}
	for _, table := range l.tables {
		for _, h := range table {
			last = max(last, newestUpTo(h.confirmed, endless))
		}
	}
	return last
}

// owns reports whether everything saved belongs to the client that the Replica writes as, or to no
// client.
func (r *Replica) owns() bool {
	for _, it := range r.outbox.items() {
		if it.stamp().Client != r.id {
			return false
		}
	}
	return r.id.IsZero() || r.savedAs.IsZero() || r.savedAs == r.id
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

func (l *loading) readState(value string) error {
	return json.Unmarshal([]byte(value), &l.saved)
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
	it := &item{number: n, m: m, sent: true} // it may have been sent
	it.wall = it.stamp().Time.Time()
	l.items = append(l.items, it)
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
	h := l.findOrAdd(key)
	h.confirmed, h.stored = rec.WithKey(h.key), true
	for _, v := range rec.All() {
		if v.Stamp.Client == l.id {
			l.mark = max(l.mark, v.Stamp.Time)
		}
	}
	return nil
}

func (l *loading) readWhys(name, value string) error {
	key, err := parseKey(name)
	if err != nil {
		return err
	}
	whys, err := l.parseWhys(key, value)
	if err == nil {
		h := l.findOrAdd(key)
		h.whys, h.whyStored = whys, true
	}
	return err
}

// parseKey reads a record's key from the key of its entry.
func parseKey(name string) (record.Key, error) {
	table, id, ok := strings.Cut(name, separator)
	if !ok {
		return record.Key{}, errKey
	}
	key := record.Key{Table: table, ID: id}
	return key, key.Check()
}
