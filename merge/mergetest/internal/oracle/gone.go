package oracle

import (
	"maps"
	"slices"
)

// Entry is an item of a batch, as a server judges it under a fence.
type Entry struct {
	Writes []Written
	New    bool
	Text   string // canonical; only Rulings uses it
}

// stored is a stored record in normal form, by field.
type stored map[string]Write

// GoneOf returns, for each item of a batch on one record, whether each of its writes is gone. It
// judges the items by the record stored before the batch. If whole is true, an item is gone as a
// whole if one of its writes is gone, or lies at or below the fence and is not the stored one.
func (l *Ledger) GoneOf(id string, level int, batch []Entry, whole bool) [][]bool {
	r := l.stored(id)
	return l.goneOf(r, len(r) == 0 && (level >= 2 || l.Exists(id)), batch, whole)
}

// GoneInTurn is GoneOf for a server that judges the items one after the other, each by the record
// that the items before it left.
func (l *Ledger) GoneInTurn(id string, level int, batch []Entry, order []int) [][]bool {
	all := make([][]bool, len(batch))
	r := l.stored(id)
	absent := len(r) == 0 && (level >= 2 || l.Exists(id))
	for _, i := range order {
		one := l.goneOf(r, absent, batch[i:i+1], false)
		r = maps.Clone(r)
		r.join(batch[i], one[0])
		all[i], r = one[0], l.normal(r)
		absent = absent && len(r) == 0 || len(r) == 0 && len(batch[i].Writes) > 0
	}
	return all
}

// goneOf judges items by a stored record, which is absent if it is dead or was purged.
func (l *Ledger) goneOf(r stored, absent bool, batch []Entry, whole bool) [][]bool {
	all := make([][]bool, len(batch))
	unknown := !absent && len(r) == 0 // at level 1, such a record never existed
	begins := func(e Entry) bool {
		return absent && e.New && len(e.Writes) > 0 && !slices.ContainsFunc(e.Writes, l.isLow)
	}
	if absent {
		r = stored{}
		for _, e := range batch {
			if begins(e) {
				r.join(e, nil)
			}
		}
	}
	for i, e := range batch {
		gone := make([]bool, len(e.Writes))
		for n, x := range e.Writes {
			_, has := r[x.Field]
			gone[n] = absent && len(r) == 0 || !unknown && !has && l.isLow(x) && !r.isDeletedBy(x)
			if whole && l.isLow(x) && r[x.Field] != x.Write {
				gone[n] = true
			}
		}
		if begins(e) {
			clear(gone)
		} else if whole && slices.Contains(gone, true) {
			for n := range gone {
				gone[n] = true
			}
		}
		all[i] = gone
	}
	return all
}

func (l *Ledger) isLow(x Written) bool { return x.Time <= l.Fence }

// join joins the writes of an item that are not gone.
func (r stored) join(e Entry, gone []bool) {
	for n, x := range e.Writes {
		old, has := r[x.Field]
		if above, _ := Rule(x.Write, old); (gone == nil || !gone[n]) && (above || !has) {
			r[x.Field] = x.Write
		}
	}
}

// isDeletedBy reports whether a write deletes a record that has an earlier write.
func (r stored) isDeletedBy(x Written) bool {
	if x.Field != deletedField || x.Value != "true" {
		return false
	}
	for _, w := range r {
		if w.Time < x.Time || w.Time == x.Time && string(w.Client[:]) < string(x.Client[:]) {
			return true
		}
	}
	return false
}

// stored returns the normal form of the record of an ideal server.
func (l *Ledger) stored(id string) stored {
	r := stored{}
	for _, k := range l.ofRecord(id) {
		if p := l.Histories[k]; p.Some && !p.Ended {
			r[k.Field] = p.Best
		}
	}
	return l.normal(r)
}

// normal returns the normal form at level 2.
func (l *Ledger) normal(r stored) stored {
	above := false
	var kept, last string
	for _, name := range slices.Sorted(maps.Keys(r)) {
		w := r[name]
		above = above || w.Time > l.Fence
		switch tombstone := w.Deleted && w.Time <= l.Fence; {
		case !tombstone:
			kept = name
		case last == "" || Compare(w, r[last]) > 0:
			last = name
		}
	}
	if r[deletedField].Value == "true" && !above {
		return stored{}
	}
	n := maps.Clone(r)
	maps.DeleteFunc(n, func(name string, w Write) bool {
		return w.Deleted && w.Time <= l.Fence && !(kept == "" && name == last)
	})
	return n
}
