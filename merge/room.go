package merge

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// room decides which items of one record are refused because they would make the record
// larger than permitted. With rights, it also holds what they are judged by.
type room struct {
	most    int  // bytes; 0 means no limit
	full    bool // no record may grow
	before  record.Record
	written map[string]record.FieldValue // the winners among the accepted items
	size    int                          // size of before in bytes; 0 until it is needed
	grown   int                          // bytes added by the accepted items

	purged bool          // items may be gone
	judged record.Record // what decides whether an item is gone
	seen   record.Record // with rights: the record with the accepted items
	last   int           // with rights: the item accepted last, or -1
}

// isBounded reports whether the size of any record is limited.
func (a *application) isBounded() bool { return a.maxRecord > 0 || len(a.tableMax) > 0 || a.full }

// newRoom returns the room of a record.
func (a *application) newRoom(before record.Record) room {
	return room{most: max(a.maxSize(before.Key().Table), 0), full: a.full, before: before, judged: before, seen: before, last: -1}
}

// maxSize returns the size limit of records of a table; 0 or less means no limit.
func (p *Push) maxSize(table string) int {
	if n, ok := p.tableMax[table]; ok {
		return n
	}
	return p.maxRecord
}

// refuseSome refuses the items of one record that are gone, for which the actor lacks a right, or
// for which there is no room. It returns the items to join, in place. It judges by rights and by
// room in the order of the items' stamps, each on top of the items accepted before it, so their
// order in the request does not matter.
func (a *application) refuseSome(r *room, items []int) []int {
	if r.purged && !a.rights.isLimited() {
		items = a.refuseGone(r.judged, items)
	}
	if !a.isBounded() && !a.rights.isLimited() {
		return items
	}
	a.sortByStamp(items)
	return slices.DeleteFunc(items, func(i int) bool {
		after, joins, refusal := r.seen, true, (*Refusal)(nil)
		if a.rights.isLimited() {
			after, joins, refusal = a.judgeRights(r, i)
		}
		if joins && a.isBounded() {
			refusal = r.judge(a.data(i))
		}
		a.answer.Results[i].Refusal = refusal
		if !joins || refusal != nil {
			return true
		}
		r.seen, r.last = after, i
		if a.isBounded() && (len(items) > 1 || a.fence.at > 0) {
			r.accept(a.data(i))
		}
		return false
	})
}

// sortByStamp sorts items of one record by the greatest stamp in each, and items with the
// same greatest stamp by their writes, or with rights by their JSON. Equal items get the same
// answer.
func (a *application) sortByStamp(items []int) {
	if len(items) < 2 {
		return
	}
	newest := make(map[int]clock.Stamp, len(items))
	for _, i := range items {
		for _, w := range a.data(i).All() {
			if w.Stamp.Compare(newest[i]) > 0 {
				newest[i] = w.Stamp
			}
		}
	}
	slices.SortFunc(items, func(i, j int) int {
		if c := newest[i].Compare(newest[j]); c != 0 {
			return c
		}
		if a.rights.isLimited() {
			return bytes.Compare(a.text(i), a.text(j))
		}
		return compareWrites(a.data(i), a.data(j))
	})
}

// compareWrites orders records of one key by their fields.
func compareWrites(x, y record.Record) int {
	for i := range min(x.Len(), y.Len()) {
		name, v := x.At(i)
		other, w := y.At(i)
		if c := cmp.Or(strings.Compare(name, other), v.Compare(w)); c != 0 {
			return c
		}
	}
	return cmp.Compare(x.Len(), y.Len())
}

// judge returns why data must not be joined to the record, or nil. Data that does not make
// the record grow is never refused.
func (r *room) judge(data record.Record) *Refusal {
	n := r.growth(data)
	if n > 0 && r.most > 0 {
		if r.size == 0 {
			r.size = recordSize(r.before)
		}
		if r.size+r.grown+n > r.most {
			limit := &record.LimitError{What: "record", Limit: r.most}
			return &Refusal{Code: RecordFull, Err: &record.Error{Offset: -1, Err: fmt.Errorf("%w: %s", limit, makeRoom)}}
		}
	}
	if n > 0 && r.full {
		return &Refusal{Code: StorageFull, Retryable: true, Err: &record.Error{Offset: -1, Err: errStorageFull}}
	}
	r.grown += n
	return nil
}

const makeRoom = "delete or shorten fields, or begin another record"

var errStorageFull = fmt.Errorf("%w: the storage is full: delete or shorten fields, or wait", record.ErrLimit)

// growth returns by how many bytes data would make the record larger.
func (r *room) growth(data record.Record) (n int) {
	if r.before.Len() == 0 && r.written == nil {
		n = len("{")
	}
	for name, w := range data.All() {
		was, ok := r.standing(name)
		switch {
		case !ok:
			n += fieldSize(name, w)
		case w.Compare(was) > 0:
			n += valueSize(w) - valueSize(was)
		}
	}
	return n
}

// standing returns the current write of a field, with which the write of an item is joined.
func (r *room) standing(name string) (record.FieldValue, bool) {
	if w, ok := r.written[name]; ok {
		return w, true
	}
	return r.before.Get(name)
}

// accept notes the writes of an accepted item.
func (r *room) accept(data record.Record) {
	if r.written == nil {
		r.written = make(map[string]record.FieldValue, data.Len())
	}
	for name, w := range data.All() {
		if was, _ := r.standing(name); w.Compare(was) > 0 {
			r.written[name] = w
		}
	}
}

// recordSize returns the size of a record as Engine.MaxRecord counts it.
func recordSize(r record.Record) (n int) {
	if r.Len() > 0 {
		n = len("{")
	}
	for name, w := range r.All() {
		n += fieldSize(name, w)
	}
	return n
}

// fieldSize returns the number of bytes that a field adds to the size of a record, including
// the comma or brace after it.
func fieldSize(name string, w record.FieldValue) int {
	if name == record.DeletedField {
		return 0
	}
	const rest = `:{,"updatedAt":"2026-11-22T16:57:17.123000003Z","clientId":"7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10"},`
	return quotedSize(name) + len(rest) + valueSize(w)
}

// valueSize returns the size of the JSON member "value" or "deleted" of a write. A value that
// is shorter than a deletion counts as much as one, so deleting a field never needs room.
func valueSize(w record.FieldValue) int {
	return max(len(`"value":`)+len(w.Value.JSON()), len(`"deleted":true`))
}

// quotedSize returns the length of a name in JSON.
func quotedSize(name string) int {
	for i := range len(name) {
		if c := name[i]; c < ' ' || c == '"' || c == '\\' {
			quoted, _ := record.Text(name) // names are valid UTF-8
			return len(quoted.JSON())
		}
	}
	return len(name) + 2
}
