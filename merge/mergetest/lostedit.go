package mergetest

// loss is whether one of two writes that meet is a lost edit, as package merge defines it.
type loss struct {
	is, unsure bool
	own        bool  // it is the one that comes, and not the one that was there
	other      write // the one that was there
	why        reason
}

// reason is why an edit is lost, or is not.
type reason int

const (
	firstWrite reason = iota
	oneClient
	oneValue
	withoutBase
	byBase // whether the base is below the write that was there
	byMark // whether the write came before
)

// base is what an item says of what its author saw; known is whether it says that.
type base struct {
	stamp
	known bool
}

// loss returns what is lost as a write meets the greatest one that was accepted before, if the marks of
// its client were m.
func (p *past) loss(x write, b base, m mark) loss {
	l := loss{other: p.best}
	above, _ := rule(x, p.best)
	switch {
	case !p.some:
		l.why = firstWrite
	case p.best.client == x.client:
		l.why = oneClient
	case sameValue(p.best, x):
		l.why = oneValue
	case !b.known:
		l.why = withoutBase
	case above:
		l.is, l.why = b.below(p.best.stamp), byBase
	default:
		l.own, l.is, l.why = true, x.time > m.most, byMark
		l.unsure = !l.is && x.time > m.sure
	}
	return l
}
