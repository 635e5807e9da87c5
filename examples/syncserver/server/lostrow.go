package server

import (
	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// A row of a lost edit is the row of violation.Checker.LostEdit with three more fields, all written by the server:
//
//	field   "title"                                                 the name of the field
//	loser   {"updatedAt":"2026-03-02T…","clientId":"7f3c…"}         the stamp of the losing write
//	winner  {"updatedAt":"2026-03-02T…","clientId":"91aa…"}         the stamp of the write that stood against it
//
// Its field "losing" holds the losing value, and is deleted if the losing write was a deletion. Its ID follows from
// the record, the field and the losing stamp, so a write has one row however often it is sent. The row of
// a kept field has further fields:
//
//	keep     true     the row is for both authors, and stays until one of them closes it
//	winning  "text"   the value that stood against it, deleted if that write was a deletion
//	late     true     the losing write came last, so the loser's push made the row; absent if the winner's push did
//
// The row is closed when the loser writes "acknowledged":true.
const (
	lostField  = "field"
	lostLoser  = "loser"
	lostWinner = "winner"
	lostWords  = "description" // of package violation
	lostKeep   = "keep"
	lostValue  = "winning"
	lostLate   = "late"
)

// stampJSON is the form of a stamp in a row.
type stampJSON struct {
	UpdatedAt clock.Timestamp `json:"updatedAt"`
	ClientID  clock.ClientID  `json:"clientId"`
}

// lostRow returns the row of a lost edit, in no bucket. It returns false if the decision lost none. Of a kept field, a
// value that the winner's author may not have seen counts as lost.
func lostRow(rules *violation.Checker, d merge.Decision, keep bool) (row record.Record, ok bool) {
	unseen := d
	if keep {
		unseen.Seen = merge.SeenNo
	}
	bare, ok := rules.LostEdit(unseen)
	if !ok {
		return bare, false
	}
	loser, winner := d.Loser().Stamp, d.Winner().Stamp
	key := bare.Key()
	if keep { // a clone may use one stamp for several values, and each of them has a row
		key.ID += "-" + hashOf(string(d.Loser().AppendJSON(nil)))[:16]
	}
	told := d
	told.Change = merge.Change{Before: d.Loser(), Incoming: d.Winner(), Outcome: merge.Applied}
	var b record.Builder
	row, err := b.Record(key, func(yield func(string, record.FieldValue) bool) {
		for name, w := range bare.All() {
			if name == lostWords && d.Seen != merge.SeenNo { // it is not known whether the author had seen the value
				w.Value = record.MustOf(told.String())
			}
			if !yield(name, w) {
				return
			}
		}
		if keep && !(yield(lostKeep, record.FieldValue{Value: record.Bool(true), Stamp: winner}) && yield(lostValue, record.FieldValue{Value: d.Winner().Value, Stamp: winner})) {
			return
		}
		if keep && !d.Won() && !yield(lostLate, record.FieldValue{Value: record.Bool(true), Stamp: winner}) {
			return
		}
		for _, f := range []struct {
			name  string
			value any
		}{
			{lostField, d.Field},
			{lostLoser, stampJSON{loser.Time, loser.Client}},
			{lostWinner, stampJSON{winner.Time, winner.Client}},
		} {
			value, err := record.Of(f.value)
			if err != nil || !yield(f.name, record.FieldValue{Value: value, Stamp: winner}) {
				return
			}
		}
	})
	return row, err == nil
}

// loserOf returns the client whose write lost, according to a row. It returns false for any other record.
func loserOf(r record.Record) (client clock.ClientID, ok bool) {
	if r.Key().Table != violation.DefaultTable {
		return client, false
	}
	w, ok := r.Get(lostLoser)
	if !ok {
		return client, false
	}
	var stamp stampJSON
	err := w.Value.Decode(&stamp)
	return stamp.ClientID, err == nil
}

// isKept reports whether a row is of a kept field.
func isKept(row record.Record) bool {
	w, _ := row.Get(lostKeep)
	kept, _ := w.Value.Bool()
	return kept
}

// makerOf returns the client whose push made the row of a kept field, or the zero ID if the row does not say it.
func makerOf(row record.Record) clock.ClientID {
	name := lostWinner
	if w, _ := row.Get(lostLate); w.Value == record.Bool(true) {
		name = lostLoser
	}
	var stamp stampJSON
	if w, _ := row.Get(name); w.Value.Decode(&stamp) != nil {
		return clock.ClientID{}
	}
	return stamp.ClientID
}

// clientsOf returns the clients that a row is for. It returns nil if the row is for all who may read its record, as
// an app stores it that makes the row itself.
func clientsOf(row record.Record) []clock.ClientID {
	loser, ok := loserOf(row)
	if !ok {
		return nil
	}
	var winner stampJSON
	if w, _ := row.Get(lostWinner); isKept(row) && w.Value.Decode(&winner) == nil && winner.ClientID != loser {
		return []clock.ClientID{loser, winner.ClientID}
	}
	return []clock.ClientID{loser}
}
