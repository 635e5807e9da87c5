//go:build js && wasm

package main

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// tables are what the page shows.
var tables = []string{board.Tasks, board.Meetings, board.Devices}

// view is a record as it is shown, with the fields about which there is more to say.
type view struct {
	Table    string          `json:"table"`
	ID       string          `json:"id"`
	Deleted  bool            `json:"deleted"`
	Data     json.RawMessage `json:"data"`
	Waiting  []string        `json:"waiting,omitempty"`
	Replaced []string        `json:"replaced,omitempty"` // won over another client's write
}

func (d *device) view(r record.Record) view {
	key := r.Key()
	v := view{Table: key.Table, ID: key.ID, Deleted: r.Deleted(), Data: r.AppendJSON(nil)}
	for name := range r.All() {
		if d.replica.Waits(key, name) {
			v.Waiting = append(v.Waiting, name)
		} else if w, ok := d.replica.Why(key, name); ok && replaced(w) {
			v.Replaced = append(v.Replaced, name)
		}
	}
	return v
}

// replaced reports whether a write won over another client's, of another value.
func replaced(w replica.Why) bool {
	winner, loser := w.Winner(), w.Loser()
	return winner.Stamp.Client != loser.Stamp.Client && (w.Unknown || winner.Value != loser.Value)
}

// records returns all that is shown as a JSON array.
func (d *device) records() string {
	views := []view{}
	for _, table := range tables {
		for r := range d.replica.Records(table) {
			views = append(views, d.view(r))
		}
	}
	return text(views)
}

func (d *device) violations() []violation.Violation {
	return append([]violation.Violation{}, d.replica.Violations()...)
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
	// Unknown says that of one of the two, which was there before, only the stamp is known:
	// its value has not come here.
	Unknown bool   `json:"unknown"`
	Step    string `json:"step"`
	Margin  int64  `json:"margin"` // milliseconds
	Seen    string `json:"seen"`   // "yes", "no" or ""
}

func (d *device) why(key record.Key, field string) *why {
	w, ok := d.replica.Why(key, field)
	if !ok {
		return nil
	}
	seen := map[merge.Seen]string{merge.SeenYes: "yes", merge.SeenNo: "no"}
	return &why{w.Winner(), w.Loser(), w.Unknown, w.Step().String(), w.Margin().Milliseconds(), seen[w.Seen]}
}

// taken is what some calls did.
type taken struct {
	Saves   []entry  `json:"saves"`
	Changed []view   `json:"changed"`
	Tables  []string `json:"tables"` // of all that changed
	Notices []notice `json:"notices"`
	Waiting int      `json:"waiting"`
	Cursor  string   `json:"cursor"`
	Offset  int64    `json:"offset"` // milliseconds
}

type entry struct {
	Key   string `json:"key"`
	Value string `json:"value,omitempty"` // none: it is removed
}

type notice struct {
	Kind       string          `json:"kind"`
	Table      string          `json:"table,omitempty"`
	ID         string          `json:"id,omitempty"`
	Fields     []string        `json:"fields,omitempty"`
	Code       merge.Code      `json:"code"`
	Detail     string          `json:"detail,omitempty"`
	RolledBack json.RawMessage `json:"rolledBack,omitempty"`
	Other      clock.ClientID  `json:"other,omitzero"`
	By         int64           `json:"by,omitempty"` // milliseconds
}

var kinds = map[replica.NoticeKind]string{
	replica.Refused: "refused", replica.EditLost: "edit_lost", replica.EditReplaced: "edit_replaced",
	replica.RecordDeleted: "record_deleted", replica.ClockCorrected: "clock_corrected", replica.NewIDNeeded: "new_id_needed",
}

func (d *device) take() taken {
	t := taken{Saves: []entry{}, Changed: []view{}, Tables: []string{}, Notices: []notice{}}
	for _, e := range d.replica.TakeSaves() {
		t.Saves = append(t.Saves, entry(e))
	}
	for _, key := range d.replica.TakeChanged() {
		if n := len(t.Tables); n == 0 || t.Tables[n-1] != key.Table {
			t.Tables = append(t.Tables, key.Table)
		}
		if key.Table != violation.DefaultTable {
			t.Changed = append(t.Changed, d.view(d.replica.Shown(key)))
		}
	}
	for _, n := range d.replica.TakeNotices() {
		v := notice{Kind: kinds[n.Kind], Table: n.Key.Table, ID: n.Key.ID, Fields: n.Fields, Code: n.Code, Detail: n.Detail, Other: n.Other.Client, By: n.By.Milliseconds()}
		if n.Kind == replica.Refused {
			v.RolledBack = n.RolledBack.AppendJSON(nil)
		}
		t.Notices = append(t.Notices, v)
	}
	t.Waiting = len(d.replica.Waiting())
	t.Cursor = d.replica.Cursor()
	t.Offset = d.replica.Offset().Milliseconds()
	return t
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

// lastSequence returns how many lines a page has, and the sequence of the last one, after
// which the next page begins.
func lastSequence(lines []byte) (n int, seq string, err error) {
	lines = bytes.TrimSpace(lines)
	if len(lines) == 0 {
		return 0, "", nil
	}
	var last struct{ Seq int64 }
	if err := json.Unmarshal(lines[bytes.LastIndexByte(lines, '\n')+1:], &last); err != nil {
		return 0, "", err
	}
	return bytes.Count(lines, []byte("\n")) + 1, strconv.FormatInt(last.Seq, 10), nil
}

// text returns the JSON of a value of this package, which always has one.
func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}
