package check

import (
	"strings"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
)

// keeps reports whether a field is kept.
func (j *Judge) keeps(k oracle.FieldKey) bool {
	return j.Keeps != nil && !strings.HasPrefix(k.Field, "$") && j.Keeps(j.Key(k.ID).Table, k.Field)
}

// owe records the value that an arrival displaces unseen. The state before the arrival must be known.
func (j *Judge) owe(a Answer, x arrival) {
	p := j.Ledger.Of(x.FieldKey)
	if f := p.Writes[x.Write]; !j.keeps(x.FieldKey) || f != nil && f.State == oracle.Accepted {
		return // what a write displaces was judged when it first arrived
	}
	if loser, ok := p.Displaced(x.Write, a.base(x)); ok && loser.Time > j.Ledger.Fence && p.Owe(loser) {
		j.Count("value held")
	}
}

// judgeKept compares the values that the backend holds with those that it must hold.
func (j *Judge) judgeKept() {
	if j.Keeps == nil || j.Breach != nil {
		return
	}
	held := map[oracle.Written]bool{}
	for _, r := range j.Lab.Held() {
		if id, ok := j.IDOf(r.Key()); ok {
			for k, w := range writesOf(id, r) {
				held[oracle.Written{FieldKey: k, Write: w}] = true
			}
		}
	}
	for _, k := range j.Ledger.Keys {
		for _, x := range j.Ledger.Owed(k) {
			if held[oracle.Written{FieldKey: k, Write: x}] {
				continue
			}
			p := j.Ledger.Histories[k]
			j.Broken(law.Kept, "field     %s %s\nexpected  %s, as a held value\nstands    %s", j.place(k.ID), k.Field, j.long(x, true), j.long(p.Best, p.Some))
			return
		}
	}
}

// noteBases records the bases of an item that is sent.
func (j *Judge) noteBases(it *Item) {
	for _, x := range it.Writes {
		if base, known := it.M.Base[x.Field]; known {
			j.Ledger.Of(x.FieldKey).Writes[x.Write].Base = stampOf(base)
		}
	}
}
