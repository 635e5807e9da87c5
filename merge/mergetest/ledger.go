package mergetest

import (
	"cmp"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// The ledger is the oracle: every write that was ever sent, and what became of it. It
// compares by the written rule, and shares no code with record and merge for that.

// fieldKey is a field of a record.
type fieldKey struct{ id, field string }

// write is one write of one field.
type write struct {
	time    int64
	client  [16]byte
	deleted bool
	value   string // canonical JSON, and "" for a deletion
}

// writeOf returns a write in the form of the ledger.
func writeOf(v record.FieldValue) write {
	return write{int64(v.Stamp.Time), v.Stamp.Client, v.Deleted(), v.Value.JSON()}
}

func (w write) stamp() clock.Stamp {
	return clock.Stamp{Time: clock.Timestamp(w.time), Client: w.client}
}

// rule compares two writes by the rule: it tells whether a is above b, and which part of
// the rule says so. Of equal writes neither is above.
func rule(a, b write) (above bool, by law) {
	const ms = 1_000_000
	switch {
	case a.time/ms != b.time/ms:
		return a.time > b.time, lawLater
	case a.time != b.time:
		return a.time > b.time, lawCounter
	}
	for i := range a.client {
		if a.client[i] != b.client[i] {
			return a.client[i] > b.client[i], lawClient
		}
	}
	if a.deleted != b.deleted {
		return a.deleted, lawKind
	}
	return a.value > b.value, lawValue
}

// compareWrites orders writes by the rule.
func compareWrites(a, b write) int {
	if above, _ := rule(a, b); above {
		return 1
	}
	if above, _ := rule(b, a); above {
		return -1
	}
	return 0
}

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

func compareFieldKeys(a, b fieldKey) int {
	return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.field, b.field))
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
