package mergetest

import (
	"errors"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// givesUp returns a backend that does something wrong after a push had too many conflicts.
func givesUp(instead func(o *own, r merge.Request, a merge.Answer) ([]byte, error)) newBackend {
	return ownOf(own{push: func(o *own, client clock.ClientID, batch []byte) ([]byte, error) {
		answer, err := o.memory.Push(client, batch)
		if !errors.Is(err, errBusy) {
			return answer, err
		}
		items, _ := o.engine.Decode(batch)
		request := o.request(client, items)
		return instead(o, request, o.apply(request))
	}})
}

// half stores the first field of each item, and returns an error.
func half(o *own, request merge.Request, a merge.Answer) ([]byte, error) {
	for i, r := range a.Results {
		for name, v := range request.Items[i].Mutation.Data.All() {
			if r.Accepted() {
				one := check.RecordOf(r.Key, map[string]record.FieldValue{name: v})
				o.disk.put(merge.Collect(o.disk.rows[r.Key].Record, one).At(0))
			}
			break
		}
	}
	return nil, errBusy
}

// saysSo answers as if it had stored the items, but has stored none.
func saysSo(_ *own, _ merge.Request, a merge.Answer) ([]byte, error) { return a.AppendJSON(nil), nil }

// forGood refuses items permanently that could be stored later.
func forGood(o *own, request merge.Request, _ merge.Answer) ([]byte, error) {
	for i := range request.Items {
		request.Items[i].Err = &merge.Refusal{Code: "conflict"}
	}
	return o.apply(request).AppendJSON(nil), nil
}

// brokenStorms returns backends that do something wrong after many conflicts.
func brokenStorms() []broken {
	return []broken{
		{"after many conflicts half an item is stored", givesUp(half), []law.Law{law.Whole}},
		{"after many conflicts items are answered but not stored", givesUp(saysSo), []law.Law{law.Meet}},
		{"after many conflicts items are refused permanently", givesUp(forGood), []law.Law{law.Fine, law.Retry, law.Neighbours}},
	}
}
