package oracle

import "slices"

// Displaced returns the write whose value is no longer in the record when the write x, with the base b, meets the
// greatest write accepted before it: the lower one of the two. It returns false if no value is displaced, or if
// the author of x is known to have seen it.
func (p *History) Displaced(x Write, b Base) (loser Write, ok bool) {
	above, _ := Rule(x, p.Best)
	switch {
	case !p.Some || SameValue(p.Best, x):
		return loser, false
	case !above:
		loser = x
	case b.Known && b.Stamp == p.Best.Stamp:
		return loser, false
	default:
		loser = p.Best
	}
	return loser, !loser.Deleted
}

// Owe records that a write was displaced unseen. It reports whether the write is one that clients sent.
func (p *History) Owe(x Write) bool {
	f, known := p.Writes[x]
	if known {
		f.Owed = true
	}
	return known
}

// Owed returns the writes of a field that a server must hold, in ascending order.
func (l *Ledger) Owed(k FieldKey) (all []Write) {
	p := l.Histories[k]
	for x, f := range p.Writes {
		if f.Owed && x.Time > l.Fence && !p.isBase(x) {
			all = append(all, x)
		}
	}
	slices.SortFunc(all, Compare)
	return all
}

// isBase reports whether a write above x that may be stored has x as its base.
func (p *History) isBase(x Write) bool {
	for y, f := range p.Writes {
		if f.State != Refused && f.Base == x.Stamp && x.Stamp.Below(y.Stamp) {
			return true
		}
	}
	return false
}
