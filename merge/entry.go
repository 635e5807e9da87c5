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

// ParseJournal reads one line of a journal, as AppendJournal wrote it. The error
// is a *record.Error. Journals are the server's own: the line is read without
// limits, and where there are several members of one name, the last one counts.
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
	d := record.Decoder{Trusted: true}
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
	case in.Keys == nil:
		return "keys"
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
	item.Err = in.Refused.refusal()
	if err != nil { // it has no valid key
		item.Mutation.Data, err = d.Record(record.Key{Table: in.Table, ID: in.ID}, in.Data)
	}
	return item, err
}

// refusal returns the Refusal that was given.
func (r refusalJSON) refusal() *Refusal {
	given := &Refusal{Code: r.Code, Path: r.Path, Retryable: r.Retryable, ServerTime: r.ServerTime}
	if r.Detail != "" {
		given.Err = &record.Error{Offset: -1, Err: errors.New(r.Detail)}
	}
	return given
}

// wire returns what is told of a refusal.
func (r *Refusal) wire() refusalJSON {
	return refusalJSON{Code(valid(string(r.Code))), valid(r.Path), r.Retryable, r.ServerTime, valid(r.detail())}
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
