package oracle

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
)

// Buckets is a set of names of buckets, sorted, each once.
type Buckets []string

// ParseBuckets returns the buckets that the JSON of a field names: a text, or a list of texts. Without
// such a name, a record is in the bucket "".
func ParseBuckets(value string) Buckets {
	var all Buckets
	var one string
	if json.Unmarshal([]byte(value), &one) == nil && value != "null" {
		return Buckets{one}
	}
	if json.Unmarshal([]byte(value), &all) != nil || len(all) == 0 {
		return Buckets{""}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Rights are the buckets that a client may read, and to which it may add records.
type Rights map[string]bool

// In returns the buckets of a record that the client may read.
func (r Rights) In(b Buckets) (in Buckets) {
	for _, name := range b {
		if r[name] {
			in = append(in, name)
		}
	}
	return in
}

// mayMove reports whether the client may move a record from some buckets to others.
func (r Rights) mayMove(from, to Buckets) bool {
	return !slices.ContainsFunc(to, func(name string) bool { return !r[name] && !slices.Contains(from, name) })
}

// BucketsOf returns all sets of buckets in which a record may be, depending on whether the pushes that
// are open were stored. An absent, a dead and an erased record are in none.
func (l *Ledger) BucketsOf(id, field string, open func(*Fate) bool) (all []Buckets) {
	if l.IsErased(id) {
		return []Buckets{nil}
	}
	exists := l.Exists(id) && !l.Dead(id)
	opened := false
	for _, k := range l.ofRecord(id) {
		p := l.Histories[k]
		if p.Open == 0 {
			continue
		}
		for x, f := range p.Writes {
			if f.State != Unsure || !open(f) || !p.Permits(x, true) {
				continue
			}
			opened = true
			if k.Field == field {
				all = append(all, bucketsOf(x, true))
			}
		}
	}
	p := l.Histories[FieldKey{id, field}]
	if exists || opened {
		all = append(all, bucketsOf(Write{}, false))
		if p != nil && p.Some && !p.Ended && exists {
			all[len(all)-1] = bucketsOf(p.Best, true)
		}
	}
	if !exists || opened && l.MayBeDead(id) {
		all = append(all, nil)
	}
	slices.SortFunc(all, slices.Compare[Buckets])
	return all
}

// bucketsOf returns the buckets that a write names.
func bucketsOf(x Write, ok bool) Buckets {
	if !ok || x.Deleted {
		return Buckets{""}
	}
	return ParseBuckets(x.Value)
}

// Ruling is what a guard that looks at the stored record must say about an item.
type Ruling int

const (
	Open   Ruling = iota // the answer does not depend on rights, or cannot be predicted
	Passes               // the item must not be forbidden
	Stands               // the record may not be read, but the item stands as it was sent: accepted, and nothing else
	Unread               // forbidden: the record may not be read
	Denied               // forbidden: the item adds a bucket
)

// Rulings returns the ruling on each item of a batch on one record. The items are judged in ascending
// order, each by the stored record joined with the items that passed before it.
func (l *Ledger) Rulings(id, field string, by [16]byte, rights Rights, batch []Entry) []Ruling {
	all := make([]Ruling, len(batch))
	before := l.stored(id)
	if len(before) == 0 && l.Fence > 0 && len(batch) > 1 || l.IsErased(id) {
		return all // which items begin a new life depends on all of them
	}
	seen := maps.Clone(before)
	in := func(r stored) Buckets {
		w, ok := r[field]
		return bucketsOf(w, ok)
	}
	for _, i := range ascending(batch) {
		e := batch[i]
		switch {
		case len(e.Writes) == 0:
			continue
		case len(seen) > 0 && len(rights.In(in(seen))) == 0:
			if all[i] = Unread; seen.has(e, by) {
				all[i] = Stands
			}
			continue
		case len(before) == 0 && l.Fence > 0 && (!e.New || slices.ContainsFunc(e.Writes, l.isLow)):
			continue // gone, or a record that never existed
		}
		after := maps.Clone(seen)
		after.join(e, l.goneIn(before, e))
		if all[i] = Denied; maps.Equal(after, seen) {
			all[i] = Passes
			continue
		}
		from := Buckets(nil)
		if len(seen) > 0 {
			from = in(seen)
		}
		if rights.mayMove(from, in(after)) {
			all[i], seen = Passes, after
		}
		if len(l.normal(seen)) == 0 {
			return all // an item that deletes the record below the fence made it dead
		}
	}
	return all
}

// goneIn returns which writes of an item are gone from a record that is not dead.
func (l *Ledger) goneIn(r stored, e Entry) []bool {
	if len(r) == 0 {
		return nil
	}
	return l.goneOf(r, false, []Entry{e}, false)[0]
}

// has reports whether all writes of an item are the stored ones and were made by a client.
func (r stored) has(e Entry, by [16]byte) bool {
	return !slices.ContainsFunc(e.Writes, func(x Written) bool { return r[x.Field] != x.Write || x.Client != by })
}

// ascending returns the positions of items in the order of their greatest stamps, and of their texts.
func ascending(batch []Entry) (order []int) {
	last := make([]Stamp, len(batch))
	for i, e := range batch {
		order = append(order, i)
		for _, x := range e.Writes {
			if last[i].Below(x.Stamp) {
				last[i] = x.Stamp
			}
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(Compare(Write{Stamp: last[a]}, Write{Stamp: last[b]}), cmp.Compare(batch[a].Text, batch[b].Text))
	})
	return order
}

// Names returns the buckets that the client may read, sorted.
func (r Rights) Names() (all Buckets) {
	for name, granted := range r {
		if granted {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// IsOpen reports whether it is unknown what is stored of a record, because of a push that is open.
func (l *Ledger) IsOpen(id string, open func(*Fate) bool) bool {
	for _, k := range l.ofRecord(id) {
		if l.Histories[k].Open == 0 {
			continue
		}
		for _, f := range l.Histories[k].Writes {
			if f.State == Unsure && open(f) {
				return true
			}
		}
	}
	return false
}
