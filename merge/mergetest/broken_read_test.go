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

// completed closes the brackets of a batch that was cut off.
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

// wedges fails the next push after a batch that it could not read, as if a transaction were still open.
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

// shrugs stores the readable part of a damaged batch, and still returns an error.
func shrugs(o *own, client clock.ClientID, batch []byte) ([]byte, error) {
	_, err := o.engine.Decode(batch)
	answer, failed := o.memory.Push(client, replaced(batch))
	return answer, errors.Join(err, failed)
}

// says400 answers an unreadable batch with an HTML page instead of an error.
func says400(o *own, client clock.ClientID, batch []byte) ([]byte, error) {
	if _, err := o.engine.Decode(batch); err != nil {
		return []byte("<h1>Bad Request</h1>"), nil
	}
	return o.memory.Push(client, batch)
}

// replaced replaces invalid UTF-8 with U+FFFD, as encoding/json does.
func replaced(batch []byte) []byte { return bytes.ToValidUTF8(batch, []byte("\uFFFD")) }

// hundred stores only the first hundred items of a batch, but replies to every item.
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

// once refuses the second of two equal items in a batch.
func once(r *merge.Request) {
	for i, it := range r.Items {
		for _, other := range r.Items[:i] {
			if it.Err == nil && other.Err == nil && it.Mutation.Data.Equal(other.Mutation.Data) {
				r.Items[i].Err = &merge.Refusal{Code: "duplicate"}
			}
		}
	}
}

// brokenReaders returns backends that fail on batches that are damaged, large, or contain an item twice.
func brokenReaders() []broken {
	return []broken{
		{"invalid bytes are replaced", with(quirks{batch: replaced}), []law.Law{law.Damaged}},
		{"invalid bytes are replaced, and the push returns an error", ownOf(own{push: shrugs}), []law.Law{law.Damaged}},
		{"an unreadable batch is answered with an HTML page", ownOf(own{push: says400}), []law.Law{law.WellFormed}},
		{"a batch that was cut off is completed", with(quirks{batch: completed}), []law.Law{law.Damaged}},
		{"the push after an unreadable batch fails", ownOf(own{push: wedges}), []law.Law{law.Answered}},
		{"only the first hundred items are stored", ownOf(own{push: hundred}), []law.Law{law.Later, law.Counter, law.Vanish, law.Tombstone, law.Four}},
		{"large batches are refused", ownOf(own{push: tooMany}), []law.Law{law.Answered}},
		{"an item that occurs twice in a batch is refused", from(memory{asks: once}), []law.Law{law.Fine, law.Retry}},
	}
}
