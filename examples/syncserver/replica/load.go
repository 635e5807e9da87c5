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
	items map[string][]*item // by the prefix of their keys
}

// load reads the saved entries.
func (r *Replica) load(saved iter.Seq[Entry]) error {
	l := loading{Replica: r, items: make(map[string][]*item)}
	for e := range saved {
		if err := l.entry(e); err != nil {
			return &EntryError{e.Key, err}
		}
	}
	if l.saved.User != "" && r.user != "" && l.saved.User != r.user {
		return ErrUser
	}
	r.user = cmp.Or(r.user, l.saved.User)
	r.unsaved.state = r.user != l.saved.User
	l.takeState()
	l.takeItems()
	r.newClock(max(min(l.saved.Last.Timestamp, endless), r.newestKnown(endless), r.newestWaiting(), r.floor))
	if r.owns() {
		return nil
	}
	if r.id.IsZero() {
		return &record.Error{Path: "clientId", Offset: -1, Err: record.ErrStamp}
	}
	r.startOver()
	r.restampWaiting(0, 0, nil)
	return nil
}

// takeState takes the saved state. An earlier version did not pull in chunks. Its cursor cannot be
// used, so the next pull brings everything, and replaces what is confirmed.
func (l *loading) takeState() {
	s := &l.saved
	l.savedAs = s.Client
	if s.Chunks {
		l.cursor, l.chunked, l.loading, l.seen = s.Cursor, true, s.Loading, s.Seen
	}
	if s.Buckets != nil {
		slices.Sort(s.Buckets)
		l.buckets = heldForm(s.Buckets)
	}
	l.answered = s.Answered
	l.fence, l.level, l.floor = s.Fence, s.Level, min(s.Clock, endless)
}

// takeItems restores the queues and the overlays, in the order of the item numbers.
func (l *loading) takeItems() {
	for _, it := range l.sorted(&l.entries.outbox) {
		if it.stamp().Time > l.fence {
			it.floor = l.fence // otherwise it was made before, and must stay below the fence
		}
		l.findOrAdd(it.m.Data.Key()).add(it)
		if it.later > 0 {
			it.put(&l.outbox.later)
		} else {
			it.put(&l.outbox.fresh)
		}
		l.outbox.last = it.number
	}
	for _, it := range l.sorted(&l.entries.accepted) {
		l.overlay(l.findOrAdd(it.m.Data.Key()), it)
		it.answered = it.number
		l.answered, l.mark = max(l.answered, it.number), max(l.mark, it.stamp().Time)
	}
	l.tentative = true // unless an item says otherwise
	for _, it := range l.sorted(&l.entries.again) {
		key := it.m.Data.Key()
		l.aside[key] = append(l.aside[key], it)
		l.tentative = l.tentative && it.tentative
	}
	if l.saved.Cursor != "" && !l.saved.Chunks {
		l.markCreations()
	}
}

// markCreations marks the waiting edits that create a record. An earlier version, which did not pull in
// chunks, did not mark them.
func (l *loading) markCreations() {
	edited := make(map[*held]bool)
	for _, it := range l.outbox.items() {
		h := l.find(it.m.Data.Key())
		if h.confirmed.Len() == 0 && h.over == nil && !edited[h] {
			it.m.New = true
			l.entries.outbox.put(it)
		}
		edited[h] = true
	}
}

// sorted returns the items of a kind in the order of their numbers, and notes that they are stored.
func (l *loading) sorted(kind *itemEntries) []*item {
	items := l.items[kind.prefix]
	slices.SortFunc(items, func(a, b *item) int { return cmp.Compare(a.number, b.number) })
	for _, it := range items {
		kind.stored[it.number] = true
	}
	return items
}

// newestWaiting returns the greatest time of a waiting edit that the clock may follow.
func (r *Replica) newestWaiting() (last clock.Timestamp) {
	for _, it := range r.outbox.items() {
		last = max(last, newestUpTo(it.m.Data, endless))
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
	for _, kind := range l.entries.kinds() {
		if number, ok := strings.CutPrefix(e.Key, kind.prefix); ok {
			return l.readItem(kind, number, e.Value)
		}
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

func (l *loading) readItem(kind *itemEntries, number, value string) error {
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
	it.parseSuffixes(value)
	l.items[kind.prefix] = append(l.items[kind.prefix], it)
	return nil
}

func (l *loading) readRecord(name, value string) error {
	key, err := parseKey(name)
	if err != nil {
		return err
	}
	w, err := l.unwrap(value)
	if err != nil {
		return err
	}
	rec, err := l.decoder.Record(key, []byte(w.fields))
	if err != nil {
		return err
	}
	h := l.findOrAdd(key)
	h.confirmed, h.created, h.in, h.stored = rec.WithKey(h.key), w.created, w.in, true
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
