package mergetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
)

// completed closes what was cut off.
func completed(batch []byte) []byte {
	for i, end := range []string{"", "]", "}]", "}}]", "}}}]"} {
		for cut := len(batch); cut > 0 && (i > 0 || cut == len(batch)); cut = bytes.LastIndexByte(batch[:cut], ',') {
			if whole := append(bytes.Clone(batch[:cut]), end...); json.Valid(whole) {
				return whole
			}
		}
	}
	return batch
}

// wedges answers nobody after a batch that it could not read, but after that one.
func wedges(o *own, client clock.ClientID, batch []byte) ([]byte, error) {
	if o.disk.locked {
		o.disk.locked = false
		return nil, errors.New("in a transaction already")
	}
	_, err := o.engine.Decode(batch)
	o.disk.locked = err != nil
	if err != nil {
		return nil, err
	}
	return o.memory.Push(client, batch)
}

// shrugs stores of a batch what it can, and answers with an error.
func shrugs(o *own, client clock.ClientID, batch []byte) ([]byte, error) {
	_, err := o.engine.Decode(batch)
	answer, failed := o.memory.Push(client, replaced(batch))
	return answer, errors.Join(err, failed)
}

// says400 answers with a page where it cannot read a batch.
func says400(o *own, client clock.ClientID, batch []byte) ([]byte, error) {
	if _, err := o.engine.Decode(batch); err != nil {
		return []byte("<h1>Bad Request</h1>"), nil
	}
	return o.memory.Push(client, batch)
}

// replaced has U+FFFD for what is not UTF-8, as encoding/json has.
func replaced(batch []byte) []byte { return bytes.ToValidUTF8(batch, []byte("\uFFFD")) }

// hundred stores no more than a hundred items of a batch, and answers for all.
func hundred(o *own, client clock.ClientID, batch []byte) ([]byte, error) {
	items, err := o.engine.Decode(batch)
	if err != nil || len(items) <= 100 {
		return o.memory.Push(client, batch)
	}
	answer := o.apply(o.request(client, items))
	o.disk.save(o.apply(o.request(client, items[:100])))
	return answer.AppendJSON(nil), nil
}

// tooMany refuses large batches.
func tooMany(o *own, client clock.ClientID, batch []byte) ([]byte, error) {
	if items, _ := o.engine.Decode(batch); len(items) > 100 {
		return nil, fmt.Errorf("%d items", len(items))
	}
	return o.memory.Push(client, batch)
}

// once refuses an item that is in the batch twice.
func once(r *merge.Request) {
	for i, it := range r.Items {
		for _, other := range r.Items[:i] {
			if it.Err == nil && other.Err == nil && it.Mutation.Data.Equal(other.Mutation.Data) {
				r.Items[i].Err = &merge.Refusal{Code: "duplicate"}
			}
		}
	}
}

// brokenReaders have trouble with batches that are damaged, large, or hold an item twice.
func brokenReaders() []broken {
	return []broken{
		{"what cannot be read is replaced", with(quirks{batch: replaced}), []law.Law{law.Damaged}},
		{"what cannot be read is replaced, and there is an error", ownOf(own{push: shrugs}), []law.Law{law.Damaged}},
		{"what cannot be read is answered with a page", ownOf(own{push: says400}), []law.Law{law.WellFormed}},
		{"what is cut off is completed", with(quirks{batch: completed}), []law.Law{law.Damaged}},
		{"no request is answered after a batch that cannot be read", ownOf(own{push: wedges}), []law.Law{law.Answered}},
		{"only a hundred items are stored", ownOf(own{push: hundred}), []law.Law{law.Later, law.Counter, law.Vanish, law.Tombstone, law.Four}},
		{"large batches are refused", ownOf(own{push: tooMany}), []law.Law{law.Answered}},
		{"an item that comes twice is refused", from(memory{asks: once}), []law.Law{law.Fine, law.Retry}},
	}
}
