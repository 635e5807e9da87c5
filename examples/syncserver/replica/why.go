package replica

import (
	"cmp"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// Why is the last decision about a field, as this Replica saw it: which write won and over
// which, with Winner and Loser, Step and Margin. Seen is what is known of whether the author
// of the winner had seen the loser.
type Why struct {
	merge.Decision
	// BeforeUnknown says that of the write Before no more is known than its stamp: the
	// server told of it, and its value has not come here.
	BeforeUnknown bool
}

// Why returns the last decision about a field, if there was something to decide. Of a
// field that was written once there is none: who wrote it and when is in its FieldValue.
// It is about what is confirmed, and not about what waits.
func (r *Replica) Why(key record.Key, field string) (Why, bool) {
	h := r.find(key)
	if h == nil {
		return Why{}, false
	}
	w, ok := h.whys[field]
	return w, ok
}

// setWhy notes why a field is what it is. What was known of the same two writes stays known.
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
	// It is kept longer than the records that the values are parts of.
	w.Before.Value, w.Incoming.Value = w.Before.Value.Clone(), w.Incoming.Value.Clone()
	h.whys[strings.Clone(w.Field)] = w
	h.whyChanged, h.whyStale = true, true
}

// dropWhy takes back what was told about a field.
func (h *held) dropWhy(field string) {
	if _, ok := h.whys[field]; ok {
		delete(h.whys, field)
		h.whyChanged, h.whyStale = true, true
	}
}

// whyAnswered returns what is to be told of an own write that was accepted, given what it did
// to what is confirmed here, and what the server said of it. The server may have compared
// it with a write that has not come here.
func whyAnswered(d merge.Decision, m record.Mutation, said merge.FieldReply) (Why, bool) {
	w := Why{Decision: d}
	met, told := otherOf(said)
	switch {
	case d.Outcome == merge.Superseded, d.Outcome == merge.Collision, said.Outcome == merge.Collision.String():
		// It was decided here as well, or a twin of the write is still to be pulled.
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

// changeOverUnknown returns the Change of an own write that met one known by its stamp alone.
func changeOverUnknown(d merge.Decision, met clock.Stamp) merge.Change {
	before := record.FieldValue{Stamp: met}
	if d.Field == record.DeletedField {
		before.Value = record.Bool(false) // it has no other kind
	}
	outcome := merge.Superseded
	if d.Incoming.Stamp.Compare(met) > 0 {
		outcome = merge.Applied
	}
	return merge.Change{Before: before, Incoming: d.Incoming, Outcome: outcome}
}

// otherOf returns the stamp of the write that an own one met, if the server told it.
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
