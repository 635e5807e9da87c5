package clientlog

import (
	"encoding/json"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// Kind is the kind of an Event.
type Kind string

// The kinds of Event.
const (
	Opened    Kind = "opened"    // the client was opened; Count edits waited
	Edited    Kind = "edited"    // the user made an edit
	Restamped Kind = "restamped" // a waiting edit got another stamp
	Dropped   Kind = "dropped"   // an edit left the outbox without being stored; Why is a code, or "replaced"
	Sent      Kind = "sent"      // edits were given to the network
	Answered  Kind = "answered"  // the server's answer to what was sent last
	Received  Kind = "received"  // a chunk of a pull was applied; Why is the reason of a reset
	Discarded Kind = "discarded" // the rest of a pull was discarded, because another pull had moved the cursor
	Shown     Kind = "shown"     // the display of records changed
	Told      Kind = "told"      // the user was told something; Why is the kind of the notice
)

// Replaced is the reason for dropping an edit that later edits of the same fields replace.
const Replaced = "replaced"

// Event is one thing that a client did.
type Event struct {
	// At is the device's time, with the correction Offset already added.
	At     time.Time      `json:"at"`
	Offset time.Duration  `json:"offset,omitempty"` // in nanoseconds
	Kind   Kind           `json:"event"`
	Client clock.ClientID `json:"client,omitzero"` // only of Opened
	Why    string         `json:"why,omitempty"`
	Code   merge.Code     `json:"code,omitempty"` // only of Told
	By     time.Duration  `json:"by,omitempty"`   // only of Told: the change of the offset
	Count  int            `json:"count,omitempty"`
	// Seen is what the client had pulled: for Edited, when the user made the edit, and for Received,
	// after the chunk.
	Seen    record.Seen `json:"seen,omitzero"`
	More    bool        `json:"more,omitempty"` // only of Received: the pull is not settled
	Records []Record    `json:"records,omitempty"`
	LeftOut int         `json:"leftOut,omitempty"` // how many fields the log has left out
}

// Record is a record, or an edit of one, in an Event.
type Record struct {
	Table string `json:"table"`
	ID    string `json:"id"`
	// Stamp is the stamp of an edit, and Was the stamp that it had before it was Restamped.
	Stamp   Stamp      `json:"stamp,omitzero"`
	Was     Stamp      `json:"was,omitzero"`
	Verdict string     `json:"verdict,omitempty"` // only of Answered
	Code    merge.Code `json:"code,omitempty"`    // only of Answered
	Fields  []Field    `json:"fields,omitempty"`  // sorted by name
}

// Key returns the key of the record.
func (r Record) Key() record.Key { return record.Key{Table: r.Table, ID: r.ID} }

// Field is a field of a Record.
type Field struct {
	Name string `json:"field"`
	// Stamp is the stamp of the write that was received or is shown. It is zero for a write of the
	// edit itself, and if the field is no longer there.
	Stamp   Stamp           `json:"stamp,omitzero"`
	Deleted bool            `json:"deleted,omitempty"`
	Value   json.RawMessage `json:"value,omitempty"` // only if Log.Values asks for it
	// Base is the stamp that the user was shown when the edit was made, or a zero Stamp if the
	// user saw no write. It is nil if that is not known.
	Base *Stamp `json:"base,omitempty"`
	// Outcome, Lost and Other are the server's reply. Other is the write that met the edit.
	Outcome string `json:"outcome,omitempty"`
	Lost    bool   `json:"lost,omitempty"`
	Other   Stamp  `json:"other,omitzero"`
}

// Stamp is a clock.Stamp in the form of a log.
type Stamp struct {
	Time   clock.Timestamp `json:"updatedAt,omitzero"`
	Client clock.ClientID  `json:"clientId,omitzero"`
}

// FieldOf returns a field with a write.
func FieldOf(name string, w record.FieldValue) Field {
	f := Field{Name: name, Stamp: Stamp(w.Stamp), Deleted: w.Deleted()}
	if !f.Deleted {
		f.Value = json.RawMessage(w.Value.JSON())
	}
	return f
}
