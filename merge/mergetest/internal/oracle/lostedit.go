package oracle

// Loss says whether one of two writes that meet is a lost edit, as package merge defines it.
type Loss struct {
	Is, Unsure bool
	Own        bool  // the incoming write is the lost one, not the write that was there
	Other      Write // the write that was there
	Why        reason
}

// reason is why an edit is lost or is not lost.
type reason int

const (
	firstWrite reason = iota
	OneClient
	OfImport // one of the writes is by an import
	OneValue
	WithoutBase
	ByBase // decided by whether the base is below the write that was there
	ByMark // decided by whether the write may have arrived before
)

// Base is the stamp that the author of an item saw. Known reports whether the item has a base.
type Base struct {
	Stamp
	Known bool
}

// Loss returns the loss when the write x, with the base b, meets the greatest write accepted before it.
// The parameter m is the mark of the client of x at that moment, and importer is the ID of the server's imports: no edit is
// lost to a write of an import, and no such write is a lost edit.
func (p *History) Loss(x Write, b Base, m Mark, importer [16]byte) Loss {
	l := Loss{Other: p.Best}
	above, _ := Rule(x, p.Best)
	switch {
	case !p.Some:
		l.Why = firstWrite
	case p.Best.Client == x.Client:
		l.Why = OneClient
	case p.Best.Client == importer || x.Client == importer:
		l.Why = OfImport
	case SameValue(p.Best, x):
		l.Why = OneValue
	case !b.Known:
		l.Why = WithoutBase
	case above:
		l.Is, l.Why = b.Below(p.Best.Stamp), ByBase
	default:
		l.Own, l.Is, l.Why = true, x.Time > m.Most, ByMark
		l.Unsure = !l.Is && x.Time > m.Sure
	}
	return l
}
