package replica

import (
	"cmp"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// Why is the last decision about a field as this Replica saw it: which write won over which, with
// Winner and Loser, Step and Margin. Seen reports whether the author of the winner had seen the
// loser.
type Why struct {
	merge.Decision
	// BeforeUnknown means that only the stamp of the write Before is known: the server named the
	// write, but its value has not arrived here.
	BeforeUnknown bool
}

// Why returns the last decision about a field. There is none for a field that was written once; its
// FieldValue holds the author and time. The decision concerns the confirmed state, not edits that
// wait. A write is known as imported if the record of its import, which the server writes, is held.
func (r *Replica) Why(key record.Key, field string) (Why, bool) {
	h := r.find(key)
	if h == nil {
		return Why{}, false
	}
	w, ok := h.whys[field]
	w.BeforeImported, w.IncomingImported = r.isImport(w.Before.Stamp.Client), r.isImport(w.Incoming.Stamp.Client)
	return w, ok
}

// importsTable is the table in which the server keeps a record for each import. Its ID is the client ID of the import.
const importsTable = "imports"

// isImport reports whether a client ID is the ID of an import.
func (r *Replica) isImport(c clock.ClientID) bool {
	return len(r.tables[importsTable]) > 0 && r.find(record.Key{Table: importsTable, ID: c.String()}) != nil
}

// setWhy notes why a field has its value. Facts already known about the same two writes are kept.
func (h *held) setWhy(w Why) {
	old, ok := h.whys[w.Field]
	if ok && old.Winner().Stamp == w.Winner().Stamp && old.Loser().Stamp == w.Loser().Stamp {
		if w.BeforeUnknown {
			w.Change, w.BeforeUnknown = old.Change, old.BeforeUnknown
		}
		w.Seen = cmp.Or(w.Seen, old.Seen)
	}
	if ok && old == w {
		return
	}
	if h.whys == nil {
		h.whys = make(map[string]Why)
	}
	// A Why outlives the records that its values belong to.
	w.Before.Value, w.Incoming.Value = w.Before.Value.Clone(), w.Incoming.Value.Clone()
	h.whys[strings.Clone(w.Field)] = w
	h.whyChanged, h.whyStale = true, true
}

// dropWhy removes the Why of a field.
func (h *held) dropWhy(field string) {
	if _, ok := h.whys[field]; ok {
		delete(h.whys, field)
		h.whyChanged, h.whyStale = true, true
	}
}

// whyAnswered returns the Why of an accepted write by this client, from the write's effect on the
// confirmed record and from the server's reply. The server may have compared it with a write that
// has not arrived here.
func whyAnswered(d merge.Decision, m record.Mutation, said merge.FieldReply) (Why, bool) {
	w := Why{Decision: d}
	met, told := otherOf(said)
	switch {
	case d.Outcome == merge.Superseded, d.Outcome == merge.Collision,
		said.Outcome == merge.Collision.String() && d.Outcome != merge.Equal:
		// The same decision was made here, or the other write with the same stamp is yet to be pulled.
	case told && met != d.Before.Stamp:
		w.Change, w.BeforeUnknown = changeOverUnknown(d, met), true
	case d.Outcome == merge.Equal:
		return Why{}, false
	}
	base, based := m.Base[d.Field]
	switch {
	case w.Before.IsZero():
		return Why{}, false
	case said.Lost && met == w.Before.Stamp:
		w.Seen = merge.SeenNo
	case based && base == w.Before.Stamp:
		w.Seen = merge.SeenYes
	}
	return w, true
}

// changeOverUnknown returns the Change of a write by this client that met a write known only by its
// stamp.
func changeOverUnknown(d merge.Decision, met clock.Stamp) merge.Change {
	before := record.FieldValue{Stamp: met}
	if d.Field == record.DeletedField {
		before.Value = record.Bool(false) // this field is always a boolean
	}
	outcome := merge.Superseded
	if d.Incoming.Stamp.Compare(met) > 0 {
		outcome = merge.Applied
	}
	return merge.Change{Before: before, Incoming: d.Incoming, Outcome: outcome}
}

// otherOf returns the stamp of the write that this client's write met, if the server named it.
func otherOf(said merge.FieldReply) (clock.Stamp, bool) {
	switch {
	case said.Winner != nil:
		return stampOf(*said.Winner), true
	case said.Loser != nil:
		return stampOf(*said.Loser), true
	}
	return clock.Stamp{}, false
}

func stampOf(s merge.StampReply) clock.Stamp {
	return clock.Stamp{Time: s.UpdatedAt, Client: s.ClientID}
}
