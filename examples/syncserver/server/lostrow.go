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
// the record, the field and the losing stamp, so a write has one row however often it is sent. The row is closed when the loser writes "acknowledged":true.
const (
	lostField  = "field"
	lostLoser  = "loser"
	lostWinner = "winner"
)

// stampJSON is the form of a stamp in a row.
type stampJSON struct {
	UpdatedAt clock.Timestamp `json:"updatedAt"`
	ClientID  clock.ClientID  `json:"clientId"`
}

// lostRow returns the row of a lost edit, in no bucket. It returns false if the decision lost none.
func lostRow(rules *violation.Checker, d merge.Decision) (row record.Record, ok bool) {
	bare, ok := rules.LostEdit(d)
	if !ok {
		return bare, false
	}
	loser, winner := d.Loser().Stamp, d.Winner().Stamp
	var b record.Builder
	row, err := b.Record(bare.Key(), func(yield func(string, record.FieldValue) bool) {
		for name, w := range bare.All() {
			if !yield(name, w) {
				return
			}
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

// clientsOf returns the clients that a row is for. It returns nil if the row is for all who may read its record, as
// an app stores it that makes the row itself.
func clientsOf(row record.Record) []clock.ClientID {
	if loser, ok := loserOf(row); ok {
		return []clock.ClientID{loser}
	}
	return nil
}
