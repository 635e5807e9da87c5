package merge_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// BenchmarkEncode writes a replica of 5,000 records as JSON, into a new slice for each call
// and into a reused one.
func BenchmarkEncode(b *testing.B) {
	w := newWorld(5000)
	c, s := newReplica(w).collection(w.local), newReplica(w).state(w.local)
	p := pair{
		ours:   func() { c.AppendLines(nil) },
		naive:  func() { naiveEncode(b, s) },
		fields: len(w.local), rounds: 15,
	}
	b.Run("New", p.run)
	buf := c.AppendLines(nil)
	p.ours = func() { buf = c.AppendLines(buf[:0]) }
	b.Run("Into", p.run)
}

// BenchmarkDecode reads the output of BenchmarkEncode, line by line and as one batch. The
// naive maps are read by encoding/json, which checks less.
func BenchmarkDecode(b *testing.B) {
	w := newWorld(5000)
	lines := newReplica(w).collection(w.local).AppendLines(nil)
	text := naiveEncode(b, newReplica(w).state(w.local))
	var got merge.Collection
	var want naiveState
	p := pair{
		naive:  func() { want = naiveDecode(b, text) },
		fields: len(w.local), rounds: 9,
	}
	run := func(name string, decode func(testing.TB, []byte) merge.Collection) {
		b.Run(name, func(b *testing.B) {
			p.ours = func() { got = decode(b, lines) }
			p.run(b)
			sameState(b, got, want)
		})
	}
	run("Lines", decodeLines)
	run("Batch", decodeBatch)
}

func decodeLines(tb testing.TB, lines []byte) merge.Collection {
	var d record.Decoder
	var records []record.Record
	for line := range bytes.Lines(lines) {
		m, err := d.Mutation(line)
		if err != nil {
			tb.Fatal(err)
		}
		records = append(records, m.Data)
	}
	return merge.Collect(records...)
}

func decodeBatch(tb testing.TB, lines []byte) merge.Collection {
	var d record.Decoder
	items, err := d.Batch(lines)
	if err != nil {
		tb.Fatal(err)
	}
	records := make([]record.Record, len(items))
	for i, item := range items {
		if item.Err != nil {
			tb.Fatal(item.Err)
		}
		records[i] = item.Mutation.Data
	}
	return merge.Collect(records...)
}

func naiveEncode(tb testing.TB, s naiveState) []byte {
	text, err := json.Marshal(s)
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

func naiveDecode(tb testing.TB, text []byte) (s naiveState) {
	if err := json.Unmarshal(text, &s); err != nil {
		tb.Fatal(err)
	}
	return s
}
