package mergetest

import (
	"fmt"
	"slices"

	"github.com/fieldlww/fieldlww/merge"
)

// arrival is a write that was accepted, and the item it came in.
type arrival struct {
	written
	item int
}

// settle notes what became of each write, in the order of the rule, and compares what the
// replies say of them.
func (w *world) settle(a answer) {
	changed, collided := make([]bool, len(a.items)), make([]bool, len(a.items))
	var wrong []complaint
	for _, x := range w.arrivals(a) {
		p := w.ledger.of(x.spot)
		outcome, stored := p.outcome(x.write)
		changed[x.item] = changed[x.item] || stored
		collided[x.item] = collided[x.item] || outcome == "collision"
		w.countTie(p, x.write)
		w.ledger.count++
		p.set(x.write, fate{state: accepted, since: w.moment, met: a.met, last: w.ledger.count})
		if !a.met && !a.known[x.item].doubt {
			wrong = append(wrong, w.judgeOutcome(a.replies[x.item], x, outcome)...)
		}
	}
	for i, r := range a.replies {
		certain := !a.met && !a.known[i].doubt && r.Verdict == "accepted"
		if certain && r.Changed != changed[i] {
			text := fmt.Sprintf("%s: changed is %v, and should be %v", w.at(a, i), r.Changed, changed[i])
			wrong = append(wrong, complaint{lawOutcome, text})
		}
		if certain && !collided[i] && slices.Contains(r.Notes, merge.StampCollision) {
			text := w.at(a, i) + ": it has the note collision, and no stamp was used twice"
			wrong = append(wrong, complaint{lawCollision, text})
		}
	}
	if len(wrong) > 0 {
		w.brokenAnswer(wrong[0])
	}
}

// complaint is a law that an answer breaks.
type complaint struct {
	law  law
	text string
}

// brokenAnswer names the law that an answer breaks. If what is stored is wrong as well,
// that is the reason, and it is named instead.
func (w *world) brokenAnswer(c complaint) {
	w.audit()
	w.broken(c.law, "%s", c.text)
}

// arrivals returns the accepted writes in ascending order, and notes which were refused.
func (w *world) arrivals(a answer) (all []arrival) {
	for i, it := range a.items {
		w.countReply(it, a.replies[i])
		for _, x := range it.writes {
			switch {
			case a.replies[i].Verdict == "accepted":
				all = append(all, arrival{x, i})
			case !a.known[i].unsure: // else a clone may have sent the same in a sound item
				w.ledger.of(x.spot).set(x.write, fate{state: refused})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b arrival) int {
		if a.write == b.write {
			return 0
		}
		if above, _ := rule(a.write, b.write); above {
			return 1
		}
		return -1
	})
	return all
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
	case x.time == p.best.time && x.client == p.best.client:
		return "collision", above
	case above:
		return "applied", true
	}
	return "superseded", false
}

// judgeOutcome compares what a reply says of a field with what happened.
func (w *world) judgeOutcome(r merge.Reply, x arrival, outcome string) (wrong []complaint) {
	said, ok := r.Fields[x.field]
	noted := slices.Contains(r.Notes, merge.StampCollision) || said.Outcome == "collision"
	at := fmt.Sprintf("reply %d, to %s/%s, ", x.item, w.o.Table, x.id)
	switch {
	case outcome == "collision":
		w.count("collision")
		if !noted {
			wrong = append(wrong, complaint{lawCollision, at + "about the field " + x.field + ": " + brief(r)})
		}
	case ok && said.Outcome != outcome:
		wrong = append(wrong, complaint{lawOutcome, at + fmt.Sprintf("says that %s is %s; it should be %s", x.field, said.Outcome, outcome)})
	case len(r.Fields) > 0 && !ok:
		wrong = append(wrong, complaint{lawOutcome, at + "has outcomes, and none of the field " + x.field})
	}
	return wrong
}
