package oracle

import (
	"maps"
	"slices"
)

// Fate records what happened to a write.
type Fate struct {
	State State
	Since int   // the step in which it was accepted
	Met   bool  // whether another request was served at the same time
	Last  int   // the number of accepted writes when it last arrived
	Gone  bool  // whether it came after the backup from which the server was restored
	Came  int   // the number of the batch in which it last arrived
	Seen  bool  // whether a pull has found it in the store
	Base  Stamp // the base with which it was last sent, or zero
	Owed  bool  // whether it was displaced unseen
}

// State says whether a write is stored.
type State int

const (
	Refused  State = iota
	Unsure         // it was sent, and has no answer
	Accepted       // permanently
)

// History contains all writes that were ever sent for one field.
type History struct {
	Writes map[Write]*Fate
	Best   Write // the greatest accepted write
	Some   bool  // whether any write was accepted
	Open   int   // the number of unsure writes
	Ended  bool  // whether Best stands for the end of an earlier life of the record
}

// Ledger contains the histories of all fields.
type Ledger struct {
	Histories map[FieldKey]*History
	Keys      []FieldKey        // sorted
	Marks     map[[16]byte]Mark // by client
	Count     int               // the number of accepted writes, counted at each arrival
	Fence     int64             // the stamp up to which deleted data was purged; 0 if nothing was
	Erased    map[string]Stamp  // the last erasure of each erased record
	Source    Source            // of the imports
}

// Mark bounds the greatest time that was accepted from a client. That time is at least Sure and at
// most Most; the two may differ because a push without an answer may have been stored.
type Mark struct{ Sure, Most int64 }

// Sent returns the mark after a write with this time was sent.
func (m Mark) Sent(time int64) Mark { return Mark{m.Sure, max(m.Most, time)} }

// Accepted returns the mark after a write with this time was accepted.
func (m Mark) Accepted(time int64) Mark { return Mark{max(m.Sure, time), max(m.Most, time)} }

// NewLedger returns an empty ledger.
func NewLedger() Ledger {
	return Ledger{Histories: map[FieldKey]*History{}, Marks: map[[16]byte]Mark{}, Erased: map[string]Stamp{}, Source: Source{map[FieldKey]string{}, map[string]bool{}}}
}

// Clone returns a deep copy.
func (l *Ledger) Clone() *Ledger {
	c := Ledger{map[FieldKey]*History{}, slices.Clone(l.Keys), maps.Clone(l.Marks), l.Count, l.Fence, maps.Clone(l.Erased), l.Source.clone()}
	for k, p := range l.Histories {
		q := *p
		q.Writes = map[Write]*Fate{}
		for x, f := range p.Writes {
			g := *f
			q.Writes[x] = &g
		}
		c.Histories[k] = &q
	}
	return &c
}

// Without returns the ledger after a restore: l is the state at the backup, and writes that were accepted or
// unanswered only in the later ledger are marked as gone.
func (l *Ledger) Without(later Ledger) Ledger {
	for _, k := range later.Keys {
		p := l.Of(k)
		for x, f := range later.Histories[k].Writes {
			switch before, known := p.Writes[x]; {
			case !known:
				p.Writes[x] = &Fate{State: Refused, Gone: f.Gone || f.State != Refused}
			case before.State != Accepted:
				before.Gone = before.Gone || f.Gone || f.State != Refused
			}
		}
	}
	return *l
}

// Of returns the history of a field, and creates it if there is none.
func (l *Ledger) Of(k FieldKey) *History {
	p, ok := l.Histories[k]
	if !ok {
		p = &History{Writes: map[Write]*Fate{}}
		l.Histories[k] = p
		i, _ := slices.BinarySearchFunc(l.Keys, k, CompareFields)
		l.Keys = slices.Insert(l.Keys, i, k)
	}
	return p
}

// Set records the fate of a write. A write that was accepted once stays accepted.
func (p *History) Set(w Write, f Fate) {
	if old, known := p.Writes[w]; known {
		if old.State == Accepted {
			old.Last = max(old.Last, f.Last)
			return
		}
		if old.State == Unsure {
			p.Open--
		}
		f.Gone, f.Came, f.Seen, f.Base, f.Owed = old.Gone, old.Came, old.Seen, old.Base, old.Owed
	}
	if f.State == Unsure {
		p.Open++
	}
	p.Writes[w] = &f
	if f.State != Accepted {
		return
	}
	if above, _ := Rule(w, p.Best); above { // the zero write is below all others
		p.Best, p.Some, p.Ended = w, true, false
	}
}

// Lapsed reports whether a write is gone because the server was restored. Devices may keep it, but the server
// may not.
func (p *History) Lapsed(w Write) bool {
	f, known := p.Writes[w]
	return known && f.Gone && f.State != Accepted
}

// Permits reports whether a replica that has seen everything may have the write w, or no write if ok is
// false. A write without an answer may or may not be stored.
func (p *History) Permits(w Write, ok bool) bool {
	if !ok {
		return !p.Some
	}
	if p.Some && w == p.Best {
		return true
	}
	f, known := p.Writes[w]
	above, _ := Rule(w, p.Best)
	return known && f.State == Unsure && above
}

// Knows reports whether a write with this stamp may be stored.
func (p *History) Knows(at Stamp) bool {
	for x, f := range p.Writes {
		if f.State != Refused && x.Stamp == at {
			return true
		}
	}
	return false
}

// Cut reports whether f is a sent write whose time was changed by less than a millisecond, because
// it was cut or rounded to whole microseconds or to the precision of a float64.
func (p *History) Cut(f Write) bool {
	for x := range p.Writes {
		by := x.Time - f.Time
		if x.Client == f.Client && SameValue(x, f) && -1e6 < by && by < 1e6 && (f.Time%1e3 == 0 || f.Time%256 == 0) {
			return true
		}
	}
	return false
}

// Outcome returns the outcome of a write when it arrives, and whether it is then stored and was not stored
// before.
func (p *History) Outcome(x Write) (outcome string, stored bool) {
	above, _ := Rule(x, p.Best)
	switch {
	case !p.Some:
		return "applied", true
	case x == p.Best:
		return "equal", false
	case x.Stamp == p.Best.Stamp:
		return "collision", above
	case above:
		return "applied", true
	}
	return "superseded", false
}

// Sent reports whether the field has a write that may be stored.
func (p *History) Sent() bool {
	for _, f := range p.Writes {
		if f.State != Refused {
			return true
		}
	}
	return false
}
