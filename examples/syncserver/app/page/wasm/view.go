//go:build js && wasm

package main

import (
	"encoding/json"
	"iter"
	"slices"
	"strconv"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// importsTable is the table of the names of imports, which the server writes.
const importsTable = "imports"

// tables returns the names of the tables shown by the page.
func tables() []string {
	return []string{board.Tasks, board.Projects, board.Meetings, board.Devices, importsTable}
}

// appendView appends a record as it is shown, in JSON, with the names of its waiting fields, of the
// fields whose write replaced a different value that another client wrote, and of those among them
// whose author had not seen that value:
//
//	{"table":…,"id":…,"deleted":…,"data":{…},"waiting":[…],"replaced":[…],"won":[…]}
func (d *device) appendView(dst []byte, r record.Record) []byte {
	key := r.Key()
	waiting := d.replica.WaitingFields(key)
	var replaced, won []string
	for name := range r.All() {
		w, ok := d.replica.Why(key, name)
		if !ok || !replaces(w) || slices.Contains(waiting, name) {
			continue
		}
		replaced = append(replaced, name)
		if w.Seen == merge.SeenNo {
			won = append(won, name)
		}
	}
	dst = append(dst, `{"table":`...)
	dst = appendText(dst, key.Table)
	dst = append(dst, `,"id":`...)
	dst = appendText(dst, key.ID)
	dst = append(dst, `,"deleted":`...)
	dst = strconv.AppendBool(dst, r.Deleted())
	dst = append(dst, `,"data":`...)
	dst = r.AppendJSON(dst)
	dst = append(dst, `,"waiting":`...)
	dst = appendTexts(dst, waiting)
	dst = append(dst, `,"replaced":`...)
	dst = appendTexts(dst, replaced)
	dst = append(dst, `,"won":`...)
	dst = appendTexts(dst, won)
	return append(dst, '}')
}

func appendText(dst []byte, s string) []byte {
	v, _ := record.Text(s) // names are valid
	return v.AppendJSON(dst)
}

func appendTexts(dst []byte, all []string) []byte {
	dst = append(dst, '[')
	for i, s := range all {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendText(dst, s)
	}
	return append(dst, ']')
}

// views returns records in the form in which they are shown, as a JSON array.
func (d *device) views(records iter.Seq[record.Record]) string {
	dst := []byte("[")
	for r := range records {
		if len(dst) > 1 {
			dst = append(dst, ',')
		}
		dst = d.appendView(dst, r)
	}
	return string(append(dst, ']'))
}

// records returns all records of the shown tables.
func (d *device) records(yield func(record.Record) bool) {
	for _, table := range tables() {
		for r := range d.replica.Records(table) {
			if !yield(r) {
				return
			}
		}
	}
}

// replaces reports whether a write replaced a different value that another client wrote.
func replaces(w replica.Why) bool {
	winner, loser := w.Winner(), w.Loser()
	return winner.Stamp.Client != loser.Stamp.Client && (w.BeforeUnknown || winner.Value != loser.Value)
}

// violations returns the open violations of rules.
func (d *device) violations() []violation.Violation {
	return slices.DeleteFunc(append([]violation.Violation{}, d.replica.Violations()...), isLost)
}

func isLost(v violation.Violation) bool { return v.Rule == violation.LostEditRule }

// lostEdits returns the open rows of lost edits.
func (d *device) lostEdits(yield func(record.Record) bool) {
	for _, v := range d.replica.Violations() {
		if isLost(v) && !yield(d.replica.Shown(record.Key{Table: violation.DefaultTable, ID: v.ID})) {
			return
		}
	}
}

func (d *device) waiting() []json.RawMessage {
	items := []json.RawMessage{}
	for _, m := range d.replica.Waiting() {
		items = append(items, m.AppendJSON(nil))
	}
	return items
}

// why is the last decision about a field.
type why struct {
	Winner record.FieldValue `json:"winner"`
	Loser  record.FieldValue `json:"loser"`
	// Unknown means that the value of the earlier write never reached this device; only its
	// stamp is known.
	Unknown bool   `json:"unknown"`
	Step    string `json:"step"`
	Seen    *bool  `json:"seen,omitempty"` // nil if it is not known
}

func (d *device) why(key record.Key, field string) *why {
	w, ok := d.replica.Why(key, field)
	if !ok {
		return nil
	}
	yes, no := true, false
	seen := map[merge.Seen]*bool{merge.SeenYes: &yes, merge.SeenNo: &no}
	return &why{w.Winner(), w.Loser(), w.BeforeUnknown, w.Step().String(), seen[w.Seen]}
}

type notice struct {
	Kind       replica.NoticeKind `json:"kind"`
	Table      string             `json:"table,omitempty"`
	ID         string             `json:"id,omitempty"`
	Fields     []string           `json:"fields,omitempty"`
	Code       merge.Code         `json:"code"`
	Detail     string             `json:"detail,omitempty"`
	RolledBack json.RawMessage    `json:"rolledBack,omitempty"`
	Other      merge.StampReply   `json:"other,omitzero"`
	By         int64              `json:"by,omitempty"` // milliseconds
	Why        string             `json:"why,omitempty"`
	Items      int                `json:"items,omitempty"`
}

// changes are the changes made by the calls since the last take.
type changes struct {
	Saves   [][2]string     `json:"saves"` // an entry with an empty value is to be removed
	Tables  []string        `json:"tables"`
	Changed json.RawMessage `json:"changed"`
	Notices []notice        `json:"notices"`
	Waiting int             `json:"waiting"`
	Cursor  string          `json:"cursor"`
	Buckets []string        `json:"buckets"`
	Settled bool            `json:"settled"`
	Offset  int64           `json:"offset"` // milliseconds
}

func (d *device) takeChanges() changes {
	c := changes{
		Saves: [][2]string{}, Tables: []string{}, Notices: d.notices(), Waiting: d.replica.NumWaiting(), Cursor: d.replica.Cursor(),
		Buckets: d.replica.Buckets(), Settled: d.pull.Settled, Offset: d.replica.Offset().Milliseconds(),
	}
	for _, e := range d.replica.TakeSaves() {
		c.Saves = append(c.Saves, [2]string{e.Key, e.Value})
	}
	keys := d.replica.TakeChanged()
	d.print.change(keys)
	for i, key := range keys {
		if i == 0 || keys[i-1].Table != key.Table {
			c.Tables = append(c.Tables, key.Table)
		}
	}
	c.Changed = json.RawMessage(d.views(d.shownOf(keys)))
	return c
}

// shownOf returns the records with the given keys whose table the page shows.
func (d *device) shownOf(keys []record.Key) iter.Seq[record.Record] {
	shown := tables()
	return func(yield func(record.Record) bool) {
		for _, key := range keys {
			if slices.Contains(shown, key.Table) && !yield(d.replica.Shown(key)) {
				return
			}
		}
	}
}

func (d *device) notices() []notice {
	notices := []notice{}
	for _, n := range d.replica.TakeNotices() {
		v := notice{
			Kind: n.Kind, Table: n.Key.Table, ID: n.Key.ID, Fields: n.Fields,
			Code: n.Code, Detail: n.Detail, Other: merge.StampReply{UpdatedAt: n.Other.Time, ClientID: n.Other.Client}, By: n.By.Milliseconds(),
			Why: n.Why, Items: n.Items,
		}
		if n.Kind == replica.Refused {
			v.RolledBack = n.RolledBack.AppendJSON(nil)
		}
		notices = append(notices, v)
	}
	return notices
}

// parseFields reads the fields of an edit.
func parseFields(object string) (map[string]record.Value, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(object), &members); err != nil {
		return nil, err
	}
	fields := make(map[string]record.Value, len(members))
	for name, text := range members {
		v, err := record.ParseValue(text)
		if err != nil {
			return nil, err
		}
		if v.Kind() == record.KindNull {
			v = record.Deletion()
		}
		fields[name] = v
	}
	return fields, nil
}

// text returns the JSON of a value.
func text(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}
