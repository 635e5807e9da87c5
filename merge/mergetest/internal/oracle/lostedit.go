package oracle

// Loss is whether one of two writes that meet is a lost edit, as package merge defines it.
type Loss struct {
	Is, Unsure bool
	Own        bool  // it is the one that comes, and not the one that was there
	Other      Write // the one that was there
	Why        reason
}

// reason is why an edit is lost, or is not.
type reason int

const (
	firstWrite reason = iota
	OneClient
	OneValue
	WithoutBase
	ByBase // whether the base is below the write that was there
	ByMark // whether the write came before
)

// Base is what an item says of what its author saw; known is whether it says that.
type Base struct {
	Stamp
	Known bool
}

// Loss returns what is lost as a write meets the greatest one that was accepted before, if the marks of
// its client were m.
func (p *History) Loss(x Write, b Base, m Mark) Loss {
	l := Loss{Other: p.Best}
	above, _ := Rule(x, p.Best)
	switch {
	case !p.Some:
		l.Why = firstWrite
	case p.Best.Client == x.Client:
		l.Why = OneClient
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
