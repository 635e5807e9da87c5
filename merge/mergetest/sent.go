package mergetest

import (
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
)

// prior is what the ledger knew of an item before it was sent.
type prior struct {
	accepted bool // all its writes were
	doubt    bool // nobody knows what is stored of its fields
	unsure   bool // nobody knows whether one of its writes is
}

// sent notes that the fate of the writes of a batch is not known yet. It returns what was
// known before.
func (j *judge) sent(b batch) (known []prior) {
	j.sendings++
	for _, it := range b.items {
		k := prior{accepted: it.bad == "" && len(it.writes) > 0}
		for _, x := range it.writes {
			p := j.ledger.Of(x.FieldKey)
			f, seen := p.Writes[x.Write]
			k.accepted = k.accepted && seen && f.State == oracle.Accepted
			k.doubt = k.doubt || p.Open > 0
			k.unsure = k.unsure || seen && f.State == oracle.Unsure
		}
		known = append(known, k)
	}
	for _, it := range b.items {
		expected := it.bad == "" && !j.early(it)
		for _, x := range it.writes {
			p := j.ledger.Of(x.FieldKey)
			if expected {
				p.Set(x.Write, oracle.Fate{State: oracle.Unsure})
				j.ledger.Marks[b.client] = j.ledger.Marks[b.client].Sent(x.Time)
			} else if _, seen := p.Writes[x.Write]; !seen {
				p.Set(x.Write, oracle.Fate{State: oracle.Refused})
			}
			p.Writes[x.Write].Came = j.sendings
		}
	}
	return known
}

// brokenPush names the law that is broken by an error instead of an answer.
func (j *judge) brokenPush(b batch, err error) {
	if j.blind() {
		j.broken(law.Blind, "Push returned an error instead of an answer: %v", err)
	}
	for i, it := range b.items {
		if it.bad != "" || j.early(it) {
			j.broken(law.Neighbours, "Push returned an error instead of an answer. Item %d of the batch is %s.\nerror: %v", i, j.flaw(it), err)
		}
	}
	j.broken(law.Answered, "Push: %v", err)
}
