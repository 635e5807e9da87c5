package record

import (
	"math"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record/internal/jsontext"
)

// columnWalk takes the elements of the lists of a chunk, record by record.
type columnWalk struct {
	*columnDecoder
	left          columnLists
	kindsInUse    int
	clientsInUse  int
	fieldsBefore  int   // the position of the next field in the chunk
	seq, first    int64 // of the last record
	hasSeq        bool
	hasTick       bool
	kind          *columnKind   // of the record
	recordsStamps []clock.Stamp // different ones
	stampOf       []int32       // if not all fields have the same stamp, and not each its own
}

// walk returns a walk that begins at the first record.
func (c *columnDecoder) walk() *columnWalk {
	for i := range c.names {
		c.names[i].rest = c.names[i].values
	}
	stamps := int64(0)
	for l := c.lists.stamps; l.len > 0; {
		stamps = max(stamps, min(c.take(&l), int64(c.lists.ms.len)))
	}
	return &columnWalk{columnDecoder: c, left: c.lists, recordsStamps: make([]clock.Stamp, 0, stamps), stampOf: make([]int32, 0, min(c.mostFields(), int(c.lists.stamp.len)))}
}

// mostFields returns the greatest number of fields of a record.
func (c *columnDecoder) mostFields() (most int) {
	for _, k := range c.kinds {
		most = max(most, int(k.fields.len))
	}
	return most
}

// take takes the next integer from a list that is not empty.
func (c *columnDecoder) take(l *list) int64 {
	n, end := integerAt(c.text, int(l.at))
	l.at, l.len = int32(end+1), l.len-1
	return n
}

// check compares the lists of the chunk with each other.
func (c *columnDecoder) check() error {
	l := &c.lists
	records, stamps := l.kind.len, l.ms.len
	switch {
	case records == 0:
		return c.wrongIn("kind", l.kind, "no records")
	case l.id.len != records:
		return c.wrongIn("id", l.id, "not one for each record")
	case l.seq.len != records && l.seq.len != 0:
		return c.wrongIn("seq", l.seq, "not one for each record")
	case l.stamps.len != records:
		return c.wrongIn("stamps", l.stamps, "not one for each record")
	case l.tick.len != stamps && l.tick.len != 0:
		return c.wrongIn("tick", l.tick, "not one for each stamp")
	case l.client.len != stamps:
		return c.wrongIn("client", l.client, "not one for each stamp")
	}
	w := c.walk()
	for range records {
		if err := w.next(); err != nil {
			return err
		}
		if err := w.distinctStamps(); err != nil {
			return err
		}
		if err := w.checkValues(); err != nil {
			return err
		}
	}
	return w.end()
}

// wrongIn returns an ErrColumns about the next element of a list.
func (c *columnDecoder) wrongIn(name string, l list, detail string) error {
	c.Pos = min(int(l.at), len(c.text))
	return c.under([]byte(name), wrongColumns(detail))
}

// next goes to the next record. It takes all but the ID and the values.
func (w *columnWalk) next() error {
	at := w.left.kind
	k := int(w.take(&w.left.kind))
	if k < 0 || k > w.kindsInUse || k >= len(w.kinds) {
		return w.wrongIn("kind", at, "out of order")
	}
	w.kindsInUse = max(w.kindsInUse, k+1)
	w.kind = &w.kinds[k]
	if at = w.left.seq; at.len > 0 {
		w.seq += w.take(&w.left.seq)
		if w.seq < 0 || w.seq > maxSeq {
			return w.wrongIn("seq", at, "out of range")
		}
		w.hasSeq = w.hasSeq || w.seq != 0
	}
	return w.takeStamps(int(w.kind.fields.len))
}

// takeStamps takes the stamps of a record with some fields.
func (w *columnWalk) takeStamps(fields int) error {
	at := w.left.stamps
	n := int(w.take(&w.left.stamps))
	if n < min(fields, 1) || n > fields || n > int(w.left.ms.len) {
		return w.wrongIn("stamps", at, "out of range")
	}
	w.recordsStamps = w.recordsStamps[:0]
	last := w.first
	for i := range n {
		if err := w.takeStamp(&last); err != nil {
			return err
		}
		if i == 0 {
			w.first = last
		}
	}
	w.stampOf = w.stampOf[:0]
	if n <= 1 || n == fields {
		return nil
	}
	if int(w.left.stamp.len) < fields {
		return w.wrongIn("stamp", w.left.stamp, "too few")
	}
	used := 0
	for range fields {
		at = w.left.stamp
		i := int(w.take(&w.left.stamp))
		if i < 0 || i > used || i >= n {
			return w.wrongIn("stamp", at, "out of order")
		}
		used = max(used, i+1)
		w.stampOf = append(w.stampOf, int32(i))
	}
	if used < n {
		return w.wrongIn("stamp", at, "unused stamp")
	}
	return nil
}

// takeStamp takes a stamp whose milliseconds are relative to last, and sets last to them.
func (w *columnWalk) takeStamp(last *int64) error {
	const perMilli = 1_000_000
	at, ticks := w.left.ms, w.left.tick
	ms, tick := *last+w.take(&w.left.ms), int64(0)
	if ticks.len > 0 {
		tick = w.take(&w.left.tick)
		w.hasTick = w.hasTick || tick != 0
	}
	if tick < 0 || tick >= perMilli {
		return w.wrongIn("tick", ticks, "out of range")
	}
	time := int64(-1)
	if ms >= 0 && ms <= (math.MaxInt64-tick)/perMilli {
		time = ms*perMilli + tick
	}
	if time <= 0 || !w.trusted && time > int64(clock.MaxTimestamp) {
		w.Pos = int(at.at)
		return w.under([]byte("ms"), ErrStamp)
	}
	*last = ms
	at = w.left.client
	i := int(w.take(&w.left.client))
	if i < 0 || i > w.clientsInUse || i >= len(w.clients) {
		return w.wrongIn("client", at, "out of order")
	}
	w.clientsInUse = max(w.clientsInUse, i+1)
	w.recordsStamps = append(w.recordsStamps, clock.Stamp{Time: clock.Timestamp(time), Client: w.clients[i]})
	return nil
}

// distinctStamps refuses a stamp that the record has twice.
func (w *columnWalk) distinctStamps() error {
	s := w.recordsStamps
	if len(s) > manyStamps {
		return w.distinct(len(s), func(i, j int) int { return s[i].Compare(s[j]) })
	}
	for i := range s {
		for j := range i {
			if s[i] == s[j] {
				return w.wrongIn("ms", w.left.ms, "a stamp twice in a record")
			}
		}
	}
	return nil
}

// checkValues takes the values of a record from their columns.
func (w *columnWalk) checkValues() error {
	fields := w.kind.fields
	for fields.len > 0 {
		i := int(w.take(&fields))
		n := &w.names[i]
		if n.rest.len == 0 {
			return w.under([]byte("values"), w.wrongIn(string(w.name(i)), n.rest, "too few"))
		}
		deleted := w.takeDeleted()
		if w.lists.deleted.len > 0 { // otherwise, the texts of the values do not matter
			at := n.rest
			if text := w.takeValue(n); deleted && string(text) != "null" {
				return w.wrongIn("values", at, "value of a deleted field")
			}
		} else {
			n.rest.len--
		}
	}
	return nil
}

// takeDeleted reports whether the next field is deleted.
func (w *columnWalk) takeDeleted() bool {
	l := w.left.deleted
	deleted := l.len > 0 && w.take(&l) == int64(w.fieldsBefore)
	if w.fieldsBefore++; deleted {
		w.left.deleted = l
	}
	return deleted
}

// takeValue takes the next value of a column.
func (w *columnWalk) takeValue(n *columnName) []byte {
	end := jsontext.SkipCanonical(w.text, int(n.rest.at))
	text := w.text[n.rest.at:end]
	n.rest = list{int32(end + 1), n.rest.len - 1}
	return text
}

// end checks that nothing is left after the last record.
func (w *columnWalk) end() error {
	for _, l := range []struct {
		name string
		list
	}{{"ms", w.left.ms}, {"stamp", w.left.stamp}, {"deleted", w.left.deleted}} {
		if l.len > 0 {
			return w.wrongIn(l.name, l.list, "unused element")
		}
	}
	for i := range w.names {
		if n := &w.names[i]; n.rest.len > 0 {
			return w.under([]byte("values"), w.wrongIn(string(w.name(i)), n.rest, "unused value"))
		}
	}
	last := w.lastID + columnExtra
	for fields := w.kind.fields; fields.len > 0; {
		last += int(w.names[w.take(&fields)].last) + columnExtra
	}
	switch {
	case w.kindsInUse < len(w.kinds):
		return w.wrongIn("kinds", w.kinds[w.kindsInUse].fields, "unused kind")
	case w.clientsInUse < len(w.clients):
		return w.wrongIn("clients", w.left.client, "unused client ID")
	case !w.hasSeq && w.lists.seq.len > 0:
		return w.wrongIn("seq", w.lists.seq, "only zeros")
	case !w.hasTick && w.lists.tick.len > 0:
		return w.wrongIn("tick", w.lists.tick, "only zeros")
	case w.left.id.len > 1 && w.size-last >= columnBytes:
		return w.wrongIn("id", w.left.id, "too long for one chunk")
	}
	return nil
}
