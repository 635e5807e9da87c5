package check

import (
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
)

// Prior is what the ledger knew of an item before it was sent.
type Prior struct {
	accepted bool // all its writes were accepted
	doubt    bool // the stored state of its fields is unknown
	unsure   bool // it is unknown whether one of its writes is stored
}

// Sent notes that the writes of a batch have been sent, and that their fate is unknown. It returns
// what the ledger knew of each item before.
func (j *Judge) Sent(b Batch) (known []Prior) {
	j.Sendings++
	for _, it := range b.Items {
		k := Prior{accepted: it.Bad == "" && len(it.Writes) > 0}
		for _, x := range it.Writes {
			p := j.Ledger.Of(x.FieldKey)
			f, seen := p.Writes[x.Write]
			k.accepted = k.accepted && seen && f.State == oracle.Accepted
			k.doubt = k.doubt || p.Open > 0
			k.unsure = k.unsure || seen && f.State == oracle.Unsure
		}
		known = append(known, k)
	}
	for _, it := range b.Items {
		expected := it.Bad == "" && !j.early(it)
		for _, x := range it.Writes {
			p := j.Ledger.Of(x.FieldKey)
			if expected {
				p.Set(x.Write, oracle.Fate{State: oracle.Unsure})
				j.Ledger.Marks[b.Client] = j.Ledger.Marks[b.Client].Sent(x.Time)
			} else if _, seen := p.Writes[x.Write]; !seen {
				p.Set(x.Write, oracle.Fate{State: oracle.Refused})
			}
			p.Writes[x.Write].Came = j.Sendings
		}
		j.noteBases(it)
	}
	return known
}

// BrokenPush reports the law that a push breaks by returning an error instead of an
// answer.
func (j *Judge) BrokenPush(b Batch, err error) {
	if j.blind() {
		j.Broken(law.Blind, "Push returned an error instead of an answer: %v", err)
	}
	for i, it := range b.Items {
		if it.Bad != "" || j.early(it) {
			j.Broken(law.Neighbours, "Push returned an error instead of an answer. Item %d of the batch is %s.\nerror: %v", i, j.flaw(it), err)
		}
	}
	j.Broken(law.Answered, "Push: %v", err)
}
