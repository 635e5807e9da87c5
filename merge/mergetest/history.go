package mergetest

import (
	"maps"
	"slices"
)

// The oracle knows every write that was ever sent, and what became of it. It compares by the rule as it is
// written down, and shares no code with packages record and merge.

// fate is what became of a write.
type fate struct {
	state fateState
	since int  // the step in which it was accepted
	met   bool // whether another request was served meanwhile
	last  int  // how many writes were accepted when it arrived last
	gone  bool // whether it came after the backup from which the server was restored
	came  int  // the sending in which it came last
	seen  bool // whether it was found to be stored
}

type fateState int

const (
	refused  fateState = iota
	unsure             // it was sent, and the answer does not exist
	accepted           // for good
)

// past is all that was ever sent for one field.
type past struct {
	writes map[write]*fate
	best   write // the greatest accepted one
	some   bool  // whether there is one
	open   int   // the number of those of which nobody knows
}

// ledger is the past of all fields.
type ledger struct {
	pasts map[fieldKey]*past
	keys  []fieldKey        // sorted
	marks map[[16]byte]mark // by client
	count int               // of accepted writes, each time that they came
}

// mark bounds the greatest time that was accepted from a client: it is not below sure, and
// not above most, since of some pushes nobody knows.
type mark struct{ sure, most int64 }

func (m mark) sent(time int64) mark { return mark{m.sure, max(m.most, time)} }

func (m mark) accepted(time int64) mark { return mark{max(m.sure, time), max(m.most, time)} }

func newLedger() ledger {
	return ledger{pasts: map[fieldKey]*past{}, marks: map[[16]byte]mark{}}
}

// clone returns a copy.
func (l *ledger) clone() *ledger {
	c := ledger{map[fieldKey]*past{}, slices.Clone(l.keys), maps.Clone(l.marks), l.count}
	for k, p := range l.pasts {
		q := *p
		q.writes = map[write]*fate{}
		for x, f := range p.writes {
			g := *f
			q.writes[x] = &g
		}
		c.pasts[k] = &q
	}
	return &c
}

// without returns the ledger, in which what came later is gone.
func (l *ledger) without(later ledger) ledger {
	for _, k := range later.keys {
		p := l.of(k)
		for x, f := range later.pasts[k].writes {
			switch before, known := p.writes[x]; {
			case !known:
				p.writes[x] = &fate{state: refused, gone: f.gone || f.state != refused}
			case before.state != accepted:
				before.gone = before.gone || f.gone || f.state != refused
			}
		}
	}
	return *l
}

// of returns the past of a field.
func (l *ledger) of(k fieldKey) *past {
	p, ok := l.pasts[k]
	if !ok {
		p = &past{writes: map[write]*fate{}}
		l.pasts[k] = p
		i, _ := slices.BinarySearchFunc(l.keys, k, compareFieldKeys)
		l.keys = slices.Insert(l.keys, i, k)
	}
	return p
}

// set notes what became of a write. What was accepted once stays so.
func (p *past) set(w write, f fate) {
	if old, known := p.writes[w]; known {
		if old.state == accepted {
			old.last = max(old.last, f.last)
			return
		}
		if old.state == unsure {
			p.open--
		}
		f.gone, f.came, f.seen = old.gone, old.came, old.seen
	}
	if f.state == unsure {
		p.open++
	}
	p.writes[w] = &f
	if f.state != accepted {
		return
	}
	if above, _ := rule(w, p.best); above { // the zero write is below all
		p.best, p.some = w, true
	}
}

// lapsed reports whether a write is gone since the server was restored. Devices may keep it,
// and the server may not.
func (p *past) lapsed(w write) bool {
	f, known := p.writes[w]
	return known && f.gone && f.state != accepted
}

// permits reports whether a replica that has seen everything may hold w. Of a write that
// nobody got an answer for, both is possible.
func (p *past) permits(w write, ok bool) bool {
	if !ok {
		return !p.some
	}
	if p.some && w == p.best {
		return true
	}
	f, known := p.writes[w]
	above, _ := rule(w, p.best)
	return known && f.state == unsure && above
}

// knows reports whether a write with that stamp may be stored.
func (p *past) knows(at stamp) bool {
	for x, f := range p.writes {
		if f.state != refused && x.stamp == at {
			return true
		}
	}
	return false
}

// cut reports whether a write is one that was sent, but for digits below the millisecond, which
// were cut or rounded: to whole microseconds, or to what a float64 can hold.
func (p *past) cut(f write) bool {
	for x := range p.writes {
		by := x.time - f.time
		if x.client == f.client && sameValue(x, f) && -1e6 < by && by < 1e6 && (f.time%1e3 == 0 || f.time%256 == 0) {
			return true
		}
	}
	return false
}

// outcome returns what a write does when it arrives, and whether it is then stored and was
// not before.
func (p *past) outcome(x write) (outcome string, stored bool) {
	above, _ := rule(x, p.best)
	switch {
	case !p.some:
		return "applied", true
	case x == p.best:
		return "equal", false
	case x.stamp == p.best.stamp:
		return "collision", above
	case above:
		return "applied", true
	}
	return "superseded", false
}
