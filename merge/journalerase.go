package merge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// JournalEraser erases records from the lines of a journal, in two passes. Call Collect for each
// line, and then Rewrite for each line, and store what Rewrite returns, all in one transaction.
//
// Field names and values of the erased records become marks. The marks of two names of a record, or
// of two values of a field, compare in the same way as the originals, so they are equal only if the
// originals are. So every decision stays as it was, and every line still replays. Marks say nothing
// else about the originals, unlike hashes, which can be guessed. Keys, stamps and client IDs stay,
// and so do deletions and the fields $deleted and $erased. Paths and details of refusals are left
// out, because they may quote names. A rewritten line lists its erased records.
//
// An eraser keeps the distinct values that it has collected in memory. It must not be used from
// two goroutines at once.
type JournalEraser struct {
	// Erases selects the records to erase. It gets stored records, and records with the fields of
	// an item. If it selects one, all records with that key are erased, in every line. But Collect takes
	// in nothing before the first line with a selected record, so marks of names and values that occur
	// only in earlier lines may not have the order of the originals. Nil selects none.
	Erases func(r record.Record) bool

	fields map[record.Key]*erasedFields
	tables map[string]bool // of these keys
}

// Collect takes in the names and values of erased records. Call it for all lines of the journal
// before Rewrite. Otherwise marks of different lines cannot be compared. ParseJournalLine returns the
// same errors.
func (e *JournalEraser) Collect(line []byte) error {
	_, err := e.read(line)
	return err
}

// Rewrite returns a line without the erased names and values, or the line itself if it has none, or
// only their marks. A line that did not replay to its digest does not do so afterwards.
// ParseJournalLine returns the same errors.
func (e *JournalEraser) Rewrite(line []byte) ([]byte, error) {
	in, err := e.read(line)
	if err != nil {
		return nil, err
	}
	erased := e.rewriteRecords(&in.lineJSON, in.current)
	erased = append(erased, e.rewriteItems(&in.lineJSON, in.items)...)
	if len(erased) == 0 {
		return line, nil
	}
	for _, key := range in.Erased {
		erased = append(erased, record.Key(key))
	}
	slices.SortFunc(erased, record.Key.Compare)
	in.Erased = nil
	for _, key := range slices.Compact(erased) {
		in.Erased = append(in.Erased, keyJSON(key))
	}
	if in.Answer, err = digestAgain(line, appendJSON(nil, in.lineJSON)); err != nil {
		return nil, err
	}
	return appendJSON(nil, in.lineJSON), nil
}

// digestAgain returns the digest of the answer to a rewritten line, or the zero Digest if the
// original line does not replay to its own digest.
func digestAgain(line, rewritten []byte) (string, error) {
	var digests [2]Digest
	for i, text := range [][]byte{line, rewritten} {
		l, err := ParseJournalLine(text)
		if err != nil {
			return "", err
		}
		answer, err := l.Replay()
		if err != nil {
			return "", err
		}
		if digests[i] = answer.Digest(); i == 0 && digests[i] != l.Answer {
			return Digest{}.String(), nil
		}
	}
	return digests[1].String(), nil
}

// erasableLine is a line of a journal with its mutations.
type erasableLine struct {
	lineJSON
	current, items []record.Mutation
}

// read parses a line, and takes in its erased names and values.
func (e *JournalEraser) read(line []byte) (in erasableLine, err error) {
	if in.lineJSON, err = parseLine(line); err != nil {
		return in, err
	}
	d := record.Decoder{Trusted: true}
	for i, text := range in.Current {
		m, err := d.Mutation(text)
		if err != nil {
			return in, journalError(fmt.Sprintf("current[%d]", i), err)
		}
		in.current = append(in.current, m)
		e.collect(m.Data)
	}
	for i, text := range in.Items {
		item, err := parseItem(&d, text)
		if err != nil {
			return in, journalError(fmt.Sprintf("items[%d]", i), err)
		}
		in.items = append(in.items, item.Mutation)
		e.collect(item.Mutation.Data)
	}
	return in, nil
}

// collect takes in a record if it is erased.
func (e *JournalEraser) collect(r record.Record) {
	key := r.Key()
	if e.fields[key] == nil {
		if e.Erases == nil || !e.Erases(r) {
			return
		}
		if e.fields == nil {
			e.fields, e.tables = make(map[record.Key]*erasedFields), make(map[string]bool)
		}
		e.fields[key], e.tables[key.Table] = &erasedFields{values: make(map[string]*ranks[record.Value])}, true
	}
	e.fields[key].collect(r)
}

// rewriteRecords replaces the erased ones of the stored records, and returns the keys of the records
// that changed.
func (e *JournalEraser) rewriteRecords(in *lineJSON, current []record.Mutation) (erased []record.Key) {
	for i, m := range current {
		f := e.fields[m.Data.Key()]
		if f == nil {
			continue
		}
		if text := f.rewrite(m).AppendJSON(nil); !bytes.Equal(text, in.Current[i]) {
			erased = append(erased, m.Data.Key())
			in.Current[i] = text
		}
	}
	return erased
}

// rewriteItems replaces the items of erased records, and returns the keys of the items that changed.
func (e *JournalEraser) rewriteItems(in *lineJSON, items []record.Mutation) (erased []record.Key) {
	for i, m := range items {
		key := m.Data.Key()
		f := e.fields[key]
		if f == nil && !e.mayErase(key) {
			continue
		}
		text := m.AppendJSON(nil)
		if f != nil {
			text = f.rewrite(m).AppendJSON(nil)
		}
		var item itemJSON
		// The item was parsed before.
		if _ = json.Unmarshal(in.Items[i], &item); item.Refused != nil {
			item.Refused.Path, item.Refused.Detail = "", ""
			text = append(text[:len(text)-1], `,"refused":`...)
			text = append(appendJSON(text, item.Refused), '}')
		}
		if !bytes.Equal(text, in.Items[i]) {
			erased = append(erased, key)
			in.Items[i] = text
		}
	}
	return erased
}

// mayErase reports whether an item whose key could not be read completely may be one of an erased
// record. Such an item has no fields, but its refusal may name one.
func (e *JournalEraser) mayErase(key record.Key) bool {
	return key.Table == "" && len(e.tables) > 0 || key.ID == "" && e.tables[key.Table]
}

// erasedFields holds the names and values of a record in all lines.
type erasedFields struct {
	names  ranks[string]
	values map[string]*ranks[record.Value] // by name
}

// collect takes in the names and values of r.
func (f *erasedFields) collect(r record.Record) {
	for name, w := range r.All() {
		if !record.Reserved(name) {
			f.names.add(name)
		}
		if isKept(name, w) {
			continue
		}
		if f.values[name] == nil {
			f.values[name] = new(ranks[record.Value])
		}
		f.values[name].add(w.Value.Clone())
	}
}

// isKept reports whether a write has no value of a user.
func isKept(name string, w record.FieldValue) bool {
	return w.Deleted() || name == record.DeletedField || name == record.ErasedField
}

// rewrite returns a mutation of marks.
func (f *erasedFields) rewrite(m record.Mutation) record.Mutation {
	base := make(map[string]clock.Stamp, len(m.Base))
	for name, s := range m.Base {
		base[f.name(name)] = s
	}
	var b record.Builder
	// The fields come from a record, and marks are valid names, so Record returns no error.
	data, _ := b.Record(m.Data.Key(), func(yield func(string, record.FieldValue) bool) {
		for name, w := range m.Data.All() {
			if !isKept(name, w) {
				w.Value = record.MustOf(markOf(f.values[name].of(w.Value, record.Value.Compare)))
			}
			if !yield(f.name(name), w) {
				return
			}
		}
	})
	return record.Mutation{Data: data, Base: base, New: m.New, Seen: m.Seen}
}

// name returns the mark of a name. Reserved names stay, also in their place in the order.
func (f *erasedFields) name(name string) string {
	if record.Reserved(name) {
		return name
	}
	mark := markOf(f.names.of(name, strings.Compare))
	if name < "$" {
		mark = "!" + mark
	}
	return mark
}

// markOf returns the mark of a rank. Marks have the order of their ranks.
func markOf(rank int) string { return fmt.Sprintf("erased-%08d", rank) }

// ranks numbers distinct things in their order, from 1.
type ranks[T comparable] struct {
	ranks   map[T]int // 0 if the thing has no number yet
	pending []T       // the things without a number
}

func (r *ranks[T]) add(x T) {
	if _, ok := r.ranks[x]; ok {
		return
	}
	if r.ranks == nil {
		r.ranks = make(map[T]int)
	}
	r.ranks[x] = 0
	r.pending = append(r.pending, x)
}

// of returns the rank of x, which was added before. Things that were added after a call of this
// method come after the others.
func (r *ranks[T]) of(x T, compare func(T, T) int) int {
	if r.ranks[x] == 0 {
		slices.SortFunc(r.pending, compare)
		last := len(r.ranks) - len(r.pending)
		for i, x := range r.pending {
			r.ranks[x] = last + i + 1
		}
		r.pending = nil
	}
	return r.ranks[x]
}
