package check

import (
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
)

// EditOfStored is the event that an item on a record was accepted which the store had at first.
const EditOfStored = "edits of stored records"

// JudgeFilled records the writes that the store has before the first request, and compares them with what a new
// device pulls. It returns the other writes that were found.
func (j *Judge) JudgeFilled(found map[oracle.FieldKey]oracle.Write) (others map[oracle.FieldKey]oracle.Write) {
	j.filled, others = map[string]bool{}, map[oracle.FieldKey]oracle.Write{}
	for _, r := range j.o.Stored {
		id, _ := j.IDOf(r.Key())
		j.filled[id] = true
		for name, v := range r.All() {
			j.Ledger.Of(oracle.FieldKey{ID: id, Field: name}).Set(WriteOf(v), oracle.Fate{State: oracle.Accepted, Since: -1})
		}
	}
	for _, k := range j.Ledger.Keys {
		p := j.Ledger.Histories[k]
		if f, ok := found[k]; !p.Permits(f, ok) {
			j.Lab.Tell("a new device pulls before the first request", Listed(found))
			j.Broken(law.Filled, "field     %s %s\nexpected  %s\nfound     %s", j.place(k.ID), k.Field, j.long(p.Best, true), j.long(f, ok))
		}
	}
	for k, f := range found {
		if j.Ledger.Histories[k] == nil {
			others[k] = f
		}
	}
	return others
}

// countFilled counts an accepted write on a record that the store had at first.
func (j *Judge) countFilled(x arrival) {
	if j.filled[x.ID] {
		j.Count(EditOfStored)
	}
}
