package replica

import (
	"fmt"
	"strings"
)

// entries are the saved entries of all items.
type entries struct {
	outbox   itemEntries
	accepted itemEntries // overlays
	again    itemEntries // own writes from before a reset
}

func newEntries() (e entries) {
	e.outbox.prefix, e.accepted.prefix, e.again.prefix = outboxPrefix, acceptedPrefix, againPrefix
	for _, kind := range e.kinds() {
		kind.unsaved, kind.stored = make(map[uint64]*item), make(map[uint64]bool)
	}
	return e
}

func (e *entries) kinds() [3]*itemEntries {
	return [...]*itemEntries{&e.outbox, &e.accepted, &e.again}
}

// itemEntries are the saved entries of one kind of items.
type itemEntries struct {
	prefix  string
	unsaved map[uint64]*item // nil for an item that was removed and is in the storage
	stored  map[uint64]bool  // numbers of the items in the storage
}

// put notes that an item must be saved.
func (e *itemEntries) put(it *item) { e.unsaved[it.number] = it }

// remove notes that an item must not be saved any longer.
func (e *itemEntries) remove(it *item) {
	if e.stored[it.number] {
		e.unsaved[it.number] = nil
	} else {
		delete(e.unsaved, it.number)
	}
}

// These members end the value of an item that is sent again, of one that is sent once more later, of one
// that was set aside by a reset of a server that was not restored, and of one that is hidden, in this
// order. Decoders of mutations skip them.
const (
	againSuffix     = `,"again":true`
	laterSuffix     = `,"later":true`
	tentativeSuffix = `,"tentative":true`
	hiddenSuffix    = `,"hidden":true`
)

// appendItem appends the value of the entry for an item.
func appendItem(dst []byte, it *item) []byte {
	dst = it.m.AppendJSON(dst)
	dst = dst[:len(dst)-1] // without its closing brace
	switch {
	case it.again:
		dst = append(dst, againSuffix...)
	case it.later > 0:
		dst = append(dst, laterSuffix...)
	case it.tentative:
		dst = append(dst, tentativeSuffix...)
	}
	if it.hidden {
		dst = append(dst, hiddenSuffix...)
	}
	return append(dst, '}')
}

// parseSuffixes reads the members at the end of the value of an item.
func (it *item) parseSuffixes(value string) {
	value = strings.TrimSuffix(value, "}")
	value, it.hidden = strings.CutSuffix(value, hiddenSuffix)
	if strings.HasSuffix(value, laterSuffix) {
		it.later = 1
	}
	it.again, it.tentative = strings.HasSuffix(value, againSuffix), strings.HasSuffix(value, tentativeSuffix)
}

// take appends the entries to write, and forgets them.
func (e *itemEntries) take(entries []Entry) []Entry {
	var buf []byte
	for number, it := range e.unsaved {
		buf = buf[:0]
		if it != nil {
			buf = appendItem(buf, it)
			e.stored[number] = true
		} else {
			delete(e.stored, number)
		}
		entries = append(entries, Entry{fmt.Sprintf("%s%0*d", e.prefix, numberWidth, number), string(buf)})
	}
	if len(e.unsaved) > 0 {
		e.unsaved = make(map[uint64]*item)
	}
	return entries
}
