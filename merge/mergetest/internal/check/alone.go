package check

import (
	"cmp"
	"reflect"
	"slices"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
)

// judgeAlone looks for items of one record that were judged one after the other under a fence, instead
// of each by the record stored before the batch. It runs before the batch is recorded.
func (j *Judge) judgeAlone(a Answer) {
	if j.Ledger.Fence == 0 || a.Met {
		return
	}
	seen := map[string]bool{}
	for _, it := range a.Items {
		if !seen[it.ID] && j.Breach == nil {
			seen[it.ID] = true
			j.judgeRecordAlone(a, it.ID)
		}
	}
}

// judgeRecordAlone judges the items of one record in a batch.
func (j *Judge) judgeRecordAlone(a Answer, id string) {
	batch, got, ok := j.entriesOf(a, id)
	if !ok || len(batch) < 2 || j.Ledger.IsErased(id) || j.Ledger.InDoubt(id, j.Sendings) {
		return
	}
	is := func(gone [][]bool) bool { return reflect.DeepEqual(gone, got) }
	alone, orders := j.Ledger.GoneOf(id, j.Level, batch, false), ordersOf(batch)
	for _, order := range orders {
		turn := j.Ledger.GoneInTurn(id, j.Level, batch, order)
		if reflect.DeepEqual(turn, alone) {
			continue
		}
		j.Count("judged apart")
		if is(turn) && !is(alone) && !is(j.Ledger.GoneOf(id, j.Level, batch, true)) {
			j.brokenAnswer(complaint{law.Alone, "the items of " + j.place(id) + " were judged one after the other"})
		}
	}
}

// entriesOf returns the items on a record that were judged by its stored version, and reports which
// of their writes are gone. The last result is false if the stored record is not known.
func (j *Judge) entriesOf(a Answer, id string) (batch []oracle.Entry, gone [][]bool, ok bool) {
	for i, it := range a.Items {
		r := a.Replies[i]
		switch {
		case it.ID != id || r.Verdict == "refused" && r.Code != merge.Gone:
			continue
		case a.Known[i].doubt || len(it.Writes) == 0 || it.Bad != "":
			return nil, nil, false
		}
		one := make([]bool, len(it.Writes))
		for n, x := range it.Writes {
			one[n] = IsGone(r, x.Field)
		}
		batch, gone = append(batch, oracle.Entry{Writes: it.Writes, New: it.M.New}), append(gone, one)
	}
	return batch, gone, true
}

// ordersOf returns the order of arrival, and the orders by the greatest stamps of the items.
func ordersOf(batch []oracle.Entry) [][]int {
	var arrival []int
	for i := range batch {
		arrival = append(arrival, i)
	}
	last := func(i int) int64 {
		return slices.MaxFunc(batch[i].Writes, func(a, b oracle.Written) int { return cmp.Compare(a.Time, b.Time) }).Time
	}
	ascending, descending := slices.Clone(arrival), slices.Clone(arrival)
	slices.SortStableFunc(ascending, func(x, y int) int { return cmp.Compare(last(x), last(y)) })
	slices.SortStableFunc(descending, func(x, y int) int { return cmp.Compare(last(y), last(x)) })
	return [][]int{arrival, ascending, descending}
}
