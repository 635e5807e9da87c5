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

// JournalLine is one parsed line of a journal: everything that an Answer depended on. It can
// be replayed on any machine and without the Guard and the functions of Stored, because items that
// they refused are stored as refused.
type JournalLine struct {
	// Engine has the settings that the Answer depends on, and no Guard.
	Engine Engine
	// Request is the push. An item that was malformed, or that a Guard or a limit of
	// storage refused, has that Refusal as its Err.
	Request Request
	// Stored is the state to which the push was applied. It lacks records that occur only in
	// items with an Err.
	Stored Stored
	// Erased lists, sorted, the keys of the records that were erased from the line. A JournalEraser
	// has put marks in place of their values and field names.
	Erased []record.Key
	// Answer is the Digest of the Answer that the server gave. A JournalEraser computes it again.
	Answer Digest
}

// Replay computes the Answer again. Its Digest is l.Answer, unless the line or this
// library was changed. The error comes from Push.Apply: it is nil unless the caller has
// changed l so that other records are needed.
func (l JournalLine) Replay() (Answer, error) {
	return l.Engine.Prepare(l.Request).Apply(l.Stored)
}

// notLoadedCode is the code with which earlier versions refused items whose record the
// server had not loaded.
const notLoadedCode Code = "not_loaded"

// ParseJournalLine reads one line of a journal, as AppendJournal wrote it. The error
// is a *record.Error. Journals are trusted: the line is read without limits, and of several
// members with one name the last one counts.
func ParseJournalLine(line []byte) (JournalLine, error) {
	in, err := parseLine(line)
	if err != nil {
		return JournalLine{}, err
	}
	l := JournalLine{Request: Request{Actor: in.Actor, AnyClient: in.AnyClient, WholeItems: in.Whole, Imports: in.Imports, Wall: *in.Wall}}
	l.Stored.Fence, l.Stored.Level = in.Fence, in.Level
	if in.MaxAhead != "" {
		bound, err := time.ParseDuration(in.MaxAhead)
		if err != nil {
			return JournalLine{}, journalError("maxAhead", err)
		}
		l.Engine.MaxAhead = bound
	}
	for _, m := range in.Marks {
		l.Stored.Watermarks = append(l.Stored.Watermarks, clock.Stamp{Time: m.UpdatedAt, Client: m.ClientID})
	}
	for _, key := range in.Erased {
		l.Erased = append(l.Erased, record.Key(key))
	}
	if err := l.readRecords(in); err != nil {
		return JournalLine{}, err
	}
	answer, err := hex.DecodeString(in.Answer)
	if err != nil || len(answer) != len(l.Answer) {
		return JournalLine{}, journalError("answer", err)
	}
	l.Answer = Digest(answer)
	return l, nil
}

// parseLine reads a line, except for its records and items.
func parseLine(text []byte) (in lineJSON, err error) {
	if err := json.Unmarshal(text, &in); err != nil {
		return in, journalError("", err)
	}
	if name := in.missing(); name != "" {
		return in, &record.Error{Path: name, Offset: -1, Err: record.ErrMissing}
	}
	return in, nil
}

// missing returns the name of a required member that is absent, or "".
func (in *lineJSON) missing() string {
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

// readRecords reads the items, and the records that were stored.
func (l *JournalLine) readRecords(in lineJSON) error {
	d := record.Decoder{Trusted: true}
	var current []record.Record
	for i, text := range in.Current {
		m, err := d.Mutation(text)
		if err != nil {
			return journalError(fmt.Sprintf("current[%d]", i), err)
		}
		current = append(current, m.Data)
	}
	for i, text := range in.Items {
		item, err := parseItem(&d, text)
		if err != nil {
			return journalError(fmt.Sprintf("items[%d]", i), err)
		}
		l.Request.Items = append(l.Request.Items, item)
	}
	l.Stored.Records = Collect(current...).Lookup(l.keys(in.Keys))
	return nil
}

// keys returns the keys of the records to load. It marks an item as refused
// if an earlier version refused it because its record was not loaded.
func (l *JournalLine) keys(loaded []keyJSON) []record.Key {
	p := l.Engine.Prepare(l.Request)
	known := make(map[record.Key]bool, len(loaded))
	for _, key := range loaded {
		known[record.Key(key)] = true
	}
	refused := false
	for _, i := range p.admitted {
		if !known[p.key(i)] {
			l.Request.Items[i].Err = &Refusal{Code: notLoadedCode, Retryable: true}
			refused = true
		}
	}
	if refused {
		p = l.Engine.Prepare(l.Request)
	}
	return p.Keys()
}

// parseItem reads an item. An item that was refused before Apply need not be a valid mutation.
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
	if err != nil { // the key of the item is invalid
		item.Mutation.Data, err = d.Record(record.Key{Table: in.Table, ID: in.ID}, in.Data)
	}
	return item, err
}

// journalError returns an error about a member of a line. It drops the text of errors that
// may contain values.
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
