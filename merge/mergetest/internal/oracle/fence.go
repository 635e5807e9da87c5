package oracle

import "slices"

// A server that purges lacks some of what was accepted. The ledger stays the ledger of an
// ideal server, which never purges, but knows what the real server may lack.

const deletedField = "$deleted"

// ofRecord returns the keys of the fields of a record.
func (l *Ledger) ofRecord(id string) []FieldKey {
	from, _ := slices.BinarySearchFunc(l.Keys, FieldKey{ID: id}, CompareFields)
	to := from
	for to < len(l.Keys) && l.Keys[to].ID == id {
		to++
	}
	return l.Keys[from:to]
}

// Exists reports whether any write of a record was accepted.
func (l *Ledger) Exists(id string) bool {
	return slices.ContainsFunc(l.ofRecord(id), func(k FieldKey) bool { return l.Histories[k].Some })
}

// Deleted reports whether a record is deleted.
func (l *Ledger) Deleted(id string) bool {
	p := l.Histories[FieldKey{id, deletedField}]
	return p != nil && p.Best.Value == "true"
}

// Dead reports whether a record is deleted and has no write above the fence.
func (l *Ledger) Dead(id string) bool { return l.Deleted(id) && l.isBelow(id) }

// MayBeDead reports whether a record is dead, or would be if some push without an answer was
// stored.
func (l *Ledger) MayBeDead(id string) bool {
	p := l.Histories[FieldKey{id, deletedField}]
	return p != nil && p.may(func(x Write) bool { return x.Value == "true" && x.Time <= l.Fence }) && l.isBelow(id)
}

// MayLive reports whether a dead record would live if some earlier push without an answer was
// stored. The parameter sending is the number of the present batch.
func (l *Ledger) MayLive(id string, sending int) bool {
	for _, k := range l.ofRecord(id) {
		for x, f := range l.Histories[k].Writes {
			if f.State == Unsure && x.Time > l.Fence && f.Came != sending {
				return true
			}
		}
	}
	return false
}

// InDoubt reports whether it is unknown what is stored of a record, because of a push without an
// answer. The parameter sending is the number of the present batch.
func (l *Ledger) InDoubt(id string, sending int) bool {
	for _, k := range l.ofRecord(id) {
		for _, f := range l.Histories[k].Writes {
			if f.State == Unsure && f.Came != sending {
				return true
			}
		}
	}
	return false
}

// isBelow reports whether a record has no write above the fence.
func (l *Ledger) isBelow(id string) bool {
	return l.Fence > 0 && !slices.ContainsFunc(l.ofRecord(id), func(k FieldKey) bool { return l.Histories[k].Best.Time > l.Fence })
}

// Begin begins a new life of a dead record: a server that never purges would now delete its
// fields and restore it, both at the fence.
func (l *Ledger) Begin(id string) {
	last := Stamp{Time: l.Fence}
	for i := range last.Client {
		last.Client[i] = 0xff
	}
	for _, k := range l.ofRecord(id) {
		p := l.Histories[k]
		if p.Best = (Write{Stamp: last, Deleted: true}); k.Field == deletedField {
			p.Best = Write{Stamp: last, Value: "false"}
		}
		p.Ended = true
	}
}

// MayLack reports whether the greatest write of a field may have been purged from a record that
// is not dead.
func (l *Ledger) MayLack(k FieldKey) bool {
	p := l.Histories[k]
	return p.Ended || l.Fence > 0 && p.may(func(x Write) bool { return x.Deleted && x.Time <= l.Fence })
}

// may reports whether the greatest write fits a condition, or would if some write without an
// answer was stored.
func (p *History) may(is func(Write) bool) bool {
	if is(p.Best) || p.Open == 0 {
		return is(p.Best)
	}
	for x := range p.Writes {
		if p.Permits(x, true) && is(x) {
			return true
		}
	}
	return false
}

// IsBelow reports whether all writes lie at or below the fence.
func (l *Ledger) IsBelow(all []Written) bool {
	return l.Fence > 0 && !slices.ContainsFunc(all, func(x Written) bool { return x.Time > l.Fence })
}
