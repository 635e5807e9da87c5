package merge_test

import (
	"testing"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// BenchmarkLog folds 1,000,000 writes of 100 clients, in random order and some of them twice:
// write by write, and as records of one field. The naive maps are changed in place.
func BenchmarkLog(b *testing.B) {
	type naiveArgs struct {
		id, name string
		naiveField
	}
	type args struct {
		record.Key
		name string
		record.FieldValue
	}
	w := newWorld(5000)
	log := w.log(1_000_000)
	calls := make([]args, len(log))
	naiveCalls := make([]naiveArgs, len(log))
	ours, naive := newReplica(w), newReplica(w)
	for i, e := range log {
		calls[i] = args{ours.key(e), taskFields[e.field], ours.ours(e)}
		naiveCalls[i] = naiveArgs{naive.key(e).ID, taskFields[e.field], naive.naive(e)}
	}

	var got merge.Collection
	var want naiveState
	p := pair{
		ours: func() {
			var f merge.Fold
			for i := range calls {
				f.Write(calls[i].Key, calls[i].name, calls[i].FieldValue)
			}
			got = f.Collection()
		},
		naive: func() {
			want = make(naiveState)
			for i := range naiveCalls {
				naiveWrite(want, naiveCalls[i].id, naiveCalls[i].name, naiveCalls[i].naiveField)
			}
		},
		fields: len(log), rounds: 5,
	}
	b.Run("Write", func(b *testing.B) {
		p.run(b)
		sameState(b, got, want)
	})

	var builder record.Builder
	records := make([]record.Record, len(calls))
	for i, c := range calls {
		records[i], _ = builder.Record(c.Key, func(yield func(string, record.FieldValue) bool) { yield(c.name, c.FieldValue) })
	}
	p.ours = func() {
		var f merge.Fold
		for _, r := range records {
			f.Add(r)
		}
		got = f.Collection()
	}
	b.Run("Add", func(b *testing.B) {
		p.run(b)
		sameState(b, got, want)
	})
}
