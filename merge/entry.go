package merge

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Entry is one line of a journal, read back: everything that an Answer depended on,
// so that
//
//	entry.Engine.Apply(entry.Input).Digest() == entry.Answer
//
// on any machine, whatever the Guard was: what it refused is kept as refused.
type Entry struct {
	// Engine has the settings that matter to Apply, and no Guard.
	Engine Engine
	// Input is what was applied. Of the records that Current had, it has those that
	// were looked up.
	Input Input
	// Answer is the Digest of the Answer that was given.
	Answer Digest
}

// The forms that an Entry has in JSON, as far as this package has no decoder for
// them.
type (
	entryJSON struct {
		Wall      *time.Time        `json:"wall"`
		Actor     clock.ClientID    `json:"actor,omitzero"`
		AnyClient bool              `json:"anyClient,omitempty"`
		MaxAhead  string            `json:"maxAhead,omitempty"`
		Marks     []markJSON        `json:"marks"`
		Keys      []keyJSON         `json:"keys,omitzero"` // if they are not those that Engine.Keys gives
		Current   []json.RawMessage `json:"current"`
		Items     []json.RawMessage `json:"items"`
		Answer    string            `json:"answer"`
	}
	markJSON struct {
		UpdatedAt clock.Timestamp `json:"updatedAt,omitzero"`
		ClientID  clock.ClientID  `json:"clientId"`
	}
	keyJSON struct {
		Table string `json:"table"`
		ID    string `json:"id"`
	}
	itemJSON struct {
		Table   string          `json:"table"`
		ID      string          `json:"id"`
		Data    json.RawMessage `json:"data"`
		Refused *refusalJSON    `json:"refused"`
	}
	refusalJSON struct {
		Code       Code            `json:"code"`
		Path       string          `json:"path,omitempty"`
		Retryable  bool            `json:"retryable,omitempty"`
		ServerTime clock.Timestamp `json:"serverTime,omitzero"`
		Detail     string          `json:"detail,omitempty"`
	}
)

// ParseJournal reads one line of a journal, as AppendJournal wrote it. The error
// is a *record.Error. Journals are the server's own: the line is read without
// limits.
func ParseJournal(line []byte) (Entry, error) {
	var in entryJSON
	if err := json.Unmarshal(line, &in); err != nil {
		return Entry{}, journalError("", err)
	}
	if name := in.missing(); name != "" {
		return Entry{}, &record.Error{Path: name, Offset: -1, Err: record.ErrMissing}
	}
	e := Entry{Input: Input{Actor: in.Actor, AnyClient: in.AnyClient, Wall: *in.Wall}}
	for _, m := range in.Marks {
		e.Input.Marks = append(e.Input.Marks, clock.Stamp{Time: m.UpdatedAt, Client: m.ClientID})
	}
	d := record.Decoder{Limits: record.Limits{Bytes: -1, Depth: -1, Fields: -1, Value: -1, Items: -1}}
	if err := e.readRecords(&d, in); err != nil {
		return Entry{}, err
	}
	if in.MaxAhead != "" {
		bound, err := time.ParseDuration(in.MaxAhead)
		if err != nil {
			return Entry{}, journalError("maxAhead", err)
		}
		e.Engine.MaxAhead = bound
	}
	for _, k := range in.Keys {
		e.Input.Keys = append(e.Input.Keys, record.Key{Table: k.Table, ID: k.ID})
	}
	if in.Keys == nil {
		e.Input.Keys = e.Engine.Keys(e.Input)
	}
	answer, err := hex.DecodeString(in.Answer)
	if err != nil || len(answer) != len(e.Answer) {
		return Entry{}, journalError("answer", err)
	}
	e.Answer = Digest(answer)
	return e, nil
}

// missing returns the name of a member that must be there and is not, or "".
func (in *entryJSON) missing() string {
	switch {
	case in.Wall == nil:
		return "wall"
	case in.Items == nil:
		return "items"
	case in.Answer == "":
		return "answer"
	}
	return ""
}

// readRecords reads what is in the forms of package record.
func (e *Entry) readRecords(d *record.Decoder, in entryJSON) error {
	var current []record.Record
	for i, text := range in.Current {
		m, err := d.Mutation(text)
		if err != nil {
			return journalError(fmt.Sprintf("current[%d]", i), err)
		}
		current = append(current, m.Data)
	}
	e.Input.Current = Collect(current...)
	for i, text := range in.Items {
		item, err := parseItem(d, text)
		if err != nil {
			return journalError(fmt.Sprintf("items[%d]", i), err)
		}
		e.Input.Items = append(e.Input.Items, item)
	}
	return nil
}

// parseItem reads an item. One that was refused before Apply could decide about it
// need not be a mutation.
func parseItem(d *record.Decoder, text []byte) (item record.Item, err error) {
	var in itemJSON
	if err := json.Unmarshal(text, &in); err != nil {
		return item, err
	}
	item.Mutation, err = d.Mutation(text)
	if in.Refused == nil {
		return item, err
	}
	r := &Refusal{Code: in.Refused.Code, Path: in.Refused.Path, Retryable: in.Refused.Retryable, ServerTime: in.Refused.ServerTime}
	if in.Refused.Detail != "" {
		r.Err = &record.Error{Offset: -1, Err: errors.New(in.Refused.Detail)}
	}
	item.Err = r
	if err != nil { // it has no valid key
		item.Mutation.Data, err = d.Record(record.Key{Table: in.Table, ID: in.ID}, in.Data)
	}
	return item, err
}

// journalError returns an error about a member of an entry. It does not keep the
// text of errors that may hold values.
func journalError(path string, err error) error {
	var e *record.Error
	if errors.As(err, &e) {
		if e.Path != "" {
			path += "." + e.Path
		}
		return &record.Error{Path: path, Offset: -1, Err: e.Err}
	}
	return &record.Error{Path: path, Offset: -1, Err: record.ErrSyntax}
}

// keysJSON returns keys in their JSON form.
func keysJSON(keys []record.Key) []keyJSON {
	all := make([]keyJSON, len(keys))
	for i, k := range keys {
		all[i] = keyJSON{k.Table, k.ID}
	}
	return all
}
