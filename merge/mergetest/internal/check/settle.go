package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// arrival is an accepted write and the index of its item.
type arrival struct {
	oracle.Written
	item int
}

// effect is the effect of an item that its reply must report.
type effect struct {
	changed, collided, lost, unsure bool
	why                             []string     // the reasons for the right value of changed
	notes                           []merge.Code // the notes that can be true of it
}

// JudgeOutcomes records the fate of each write, in the order of the rule, and judges what the
// replies report about it.
func (j *Judge) JudgeOutcomes(a Answer) {
	j.judgeAlone(a)
	j.beginLives(a)
	if j.judgeDead(a); j.Breach != nil {
		return
	}
	effects := make([]effect, len(a.Items))
	var said sayings
	var wrong []complaint
	all := j.arrivals(a)
	for n, x := range all {
		e := &effects[x.item]
		if n > 0 && all[n-1].Written == x.Written {
			e.unsure = true // it is in the batch twice, and may be reported as new twice
			continue
		}
		j.countTie(j.Ledger.Of(x.FieldKey), x.Write)
		j.countAddition(a, x)
		j.countFilled(x)
		wrong = append(wrong, said.of(j, a, x, j.judgeArrival(a, x, e))...)
		j.accept(a, x)
	}
	wrong = append(wrong, said.untrue()...)
	for i, r := range a.Replies {
		if r.Verdict == "accepted" && !effects[i].unsure {
			wrong = append(wrong, judgeEffect(j.At(a, i), r, effects[i])...)
		}
	}
	if len(wrong) > 0 {
		j.brokenAnswer(wrong[0])
	}
}

// judgeArrival adds a write to the effect of its item, and judges what the reply reports
// about it.
func (j *Judge) judgeArrival(a Answer, x arrival, e *effect) (wrong []complaint) {
	p, r := j.Ledger.Of(x.FieldKey), a.Replies[x.item]
	outcome, stored := p.Outcome(x.Write)
	loss := j.loss(a, x)
	if stored != r.Changed {
		e.why = append(e.why, reasonOf(p, x))
	}
	if len(r.Notes) > 0 {
		e.notes = append(e.notes, j.notable(a, x)...)
	}
	e.changed = e.changed || stored
	e.collided = e.collided || outcome == "collision"
	e.lost = e.lost || loss.Is
	if a.Met || a.Known[x.item].doubt || j.isOfTwoLives(x) {
		e.unsure = true
		return j.judgeSuperseded(r, x)
	}
	j.owe(a, x)
	e.unsure = e.unsure || loss.Unsure
	j.countLoss(loss)
	return slices.Concat(j.judgeOutcome(r, x, outcome), j.judgeLoss(a, x, loss), j.judgeNames(r, x, loss))
}

// accept records that a write was accepted.
func (j *Judge) accept(a Answer, x arrival) {
	j.Ledger.Count++
	p := j.Ledger.Of(x.FieldKey)
	p.Set(x.Write, oracle.Fate{State: oracle.Accepted, Since: j.Moment, Met: a.Met, Last: j.Ledger.Count})
	p.Writes[x.Write].Came = j.Sendings // other batches may have arrived before this one was stored
	j.Ledger.Marks[a.Client] = j.Ledger.Marks[a.Client].Accepted(x.Time)
}

// judgeEffect compares what a reply reports about an item as a whole with the effect of the
// item.
func judgeEffect(at string, r merge.Reply, e effect) (wrong []complaint) {
	if r.Changed != e.changed {
		text := fmt.Sprintf("%s: changed is %v, but should be %v: %s", at, r.Changed, e.changed, strings.Join(e.why, "; "))
		wrong = append(wrong, complaint{law.Outcome, text})
	}
	if !e.collided && slices.Contains(r.Notes, merge.StampCollision) {
		wrong = append(wrong, complaint{law.Collision, at + ": it has the note collision, but no stamp was used twice"})
	}
	if !e.lost && slices.Contains(r.Notes, merge.LostEdit) {
		wrong = append(wrong, complaint{law.Lost, at + ": it has the note lost_edit, but no edit was lost: " + ReplyText(r)})
	}
	return append(wrong, judgeNotes(at, r, e.notes)...)
}

// complaint is a law that an answer breaks.
type complaint struct {
	law  law.Law
	text string
}

// brokenAnswer reports the law that an answer breaks. If the stored state is wrong as well,
// that is the cause, and it is reported instead.
func (j *Judge) brokenAnswer(c complaint) {
	j.Audit()
	j.Broken(c.law, "%s", c.text)
}

// arrivals returns the accepted writes in ascending order, and records the refused ones.
func (j *Judge) arrivals(a Answer) (all []arrival) {
	for i, it := range a.Items {
		j.countReply(it, a.Replies[i])
		for _, x := range it.Writes {
			switch {
			case a.Replies[i].Verdict == "accepted" && a.Replies[i].Fields[x.Field].Outcome != gone:
				all = append(all, arrival{x, i})
			case !a.Known[i].unsure: // otherwise a clone may have sent the same write in a valid item
				j.Ledger.Of(x.FieldKey).Set(x.Write, oracle.Fate{State: oracle.Refused})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b arrival) int {
		return cmp.Or(oracle.Compare(a.Write, b.Write), oracle.CompareFields(a.FieldKey, b.FieldKey))
	})
	return all
}

// reasonOf compares a write with the greatest one accepted before, in words.
func reasonOf(p *oracle.History, x arrival) string {
	switch {
	case !p.Some:
		return inWords(x.Write) + " is the first write of " + x.Field
	case x.Write == p.Best:
		return inWords(x.Write) + " is the greatest write of " + x.Field + ", and was accepted before"
	}
	return decided(x.Write, p.Best)
}

// inWords describes a write.
func inWords(x oracle.Write) string {
	return fmt.Sprintf("%s by %s at %s", shownValue(x), schedule.Whose(x.Client), When(x.Time))
}

// decided tells which of two writes wins, and by which part of the rule.
func decided(a, b oracle.Write) string {
	above, by := oracle.Rule(a, b)
	if !above {
		a, b = b, a
	}
	return fmt.Sprintf("%s wins over %s by %s", inWords(a), inWords(b), map[oracle.Part]string{
		oracle.ByMillisecond: "time", oracle.ByCounter: "the digits below the millisecond", oracle.ByClient: "client ID", oracle.ByKind: "kind", oracle.ByValue: "value",
	}[by])
}

// judgeOutcome compares the reported outcome of a field with the real one.
func (j *Judge) judgeOutcome(r merge.Reply, x arrival, outcome string) (wrong []complaint) {
	said, ok := r.Fields[x.Field]
	noted := slices.Contains(r.Notes, merge.StampCollision) || said.Outcome == "collision"
	at := j.about(x)
	switch {
	case outcome == "collision":
		j.Count("collision")
		if !noted {
			wrong = append(wrong, complaint{law.Collision, at + "does not report the collision in the field " + x.Field + ": " + ReplyText(r)})
		}
	case ok && said.Outcome != outcome:
		wrong = append(wrong, complaint{law.Outcome, at + fmt.Sprintf("reports %s as %s; it should be %s", x.Field, said.Outcome, outcome)})
	case len(r.Fields) > 0 && !ok:
		wrong = append(wrong, complaint{law.Outcome, at + "has outcomes, but none for the field " + x.Field})
	}
	return wrong
}

// about returns the beginning of a sentence about a field in a reply.
func (j *Judge) about(x arrival) string {
	return fmt.Sprintf("reply %d, to %s, ", x.item, j.place(x.ID))
}

// JudgeWhole reports an item that is stored only in part, after a push during which the server
// died. Known is what the ledger knew of each item before the push. It reports whether no item is stored.
func (j *Judge) JudgeWhole(b Batch, known []Prior) (nothing bool) {
	if j.Breach != nil || j.Lab.IsServing() {
		return false
	}
	fresh := j.Lab.Fresh()
	nothing = true
	for i, it := range b.Items {
		there, missing := "", ""
		for _, x := range it.Writes {
			switch p := j.Ledger.Of(x.FieldKey); {
			case known[i].doubt || x.Time <= j.Ledger.Fence || !p.Permits(x.Write, true) || p.Writes[x.Write].State != oracle.Unsure:
			case fresh[x.FieldKey] == x.Write:
				there = x.Field
			case p.Permits(fresh[x.FieldKey], true) && fresh[x.FieldKey] != p.Best:
				// Another item of the batch is stored in this field.
			default:
				missing = x.Field
			}
		}
		if there != "" && missing != "" {
			j.Broken(law.Whole, "item %d of the batch, %s: its field %s is stored, but its field %s is not", i, j.place(it.ID), there, missing)
		}
		nothing = nothing && missing != "" && there == ""
	}
	j.acceptFound(fresh)
	return nothing
}
