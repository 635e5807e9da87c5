package lawtest

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// kept is a collection, with the text that it had when it was made. The text is a copy, so it
// shares no memory with the collection.
type kept struct {
	c    merge.Collection
	text string
}

func keep(c merge.Collection) kept { return kept{c, string(c.AppendLines(nil))} }

func (k kept) check(t require.TestingT) { require.Equal(t, k.text, string(k.c.AppendLines(nil))) }

// TestCollectionsNeverChange: joining collections, folding their records and building others
// from them leaves the collections unchanged.
func TestCollectionsNeverChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []kept
		var fold merge.Fold
		var builder record.Builder
		pick := func() merge.Collection {
			return all[rapid.IntRange(0, len(all)-1).Draw(t, "pick")].c
		}
		for _, h := range rapid.SliceOfN(genHistory(), 1, 5).Draw(t, "begin") {
			all = append(all, keep(h.collection()))
		}
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			x, y := pick(), pick()
			switch rapid.SampledFrom([]string{"join", "delta", "add", "write", "builder", "collect"}).Draw(t, "step") {
			case "join":
				all = append(all, keep(merge.Join(x, y)))
			case "delta":
				all = append(all, keep(merge.Delta(x, y)))
			case "add":
				for r := range x.All() {
					fold.Add(r)
				}
				all = append(all, keep(fold.Collection()))
			case "write":
				for _, w := range genHistory().Draw(t, "writes") {
					_, err := fold.Write(w.key(), w.field, w.fieldValue())
					require.NoError(t, err)
				}
				all = append(all, keep(fold.Collection()))
			case "builder":
				all = append(all, keep(joinBy(t, &builder, x, y)))
			case "collect":
				records := slices.Collect(x.All())
				c := merge.Collect(records...)
				clear(records)
				all = append(all, keep(c))
			}
		}
		for _, k := range all {
			k.check(t)
		}
	})
}

// joinBy joins record by record with one Builder, as a server that reuses its Builder does.
func joinBy(t *rapid.T, b *record.Builder, x, y merge.Collection) merge.Collection {
	records := slices.Collect(x.All())
	for r := range y.All() {
		before, ok := x.Get(r.Key())
		if !ok {
			before = record.New(r.Key())
		}
		after, _, err := b.Join(before, r)
		require.NoError(t, err)
		records = append(records, after)
	}
	return merge.Collect(records...)
}

// TestRecordsKeepNoReferenceToInput: overwriting the decoded bytes does not change a decoded
// collection. Overwriting the caller's maps and slices does not change an edit.
func TestRecordsKeepNoReferenceToInput(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := genHistory().Draw(t, "history")
		text := []byte(lines(h.winners()))
		c := decode(t, text)
		for i := range text {
			text[i] = 0xFF
		}
		require.Equal(t, h.winners(), read(c))

		list := []any{"x", map[string]any{"y": "z"}}
		fields := map[string]any{"a": list, "b": "c"}
		edit := record.New(record.Key{Table: "t", ID: "1"}).Edit(clock.Stamp{Time: 1, Client: clients[0]}).SetMap(fields)
		list[0], list[1].(map[string]any)["y"] = "poison", "poison"
		fields["b"] = "poison"
		m, err := edit.Mutation()
		require.NoError(t, err)
		before := m.AppendJSON(nil)
		got := m.Data.Map()
		got["a"].([]any)[0], got["b"] = "poison", "poison"
		m.Base["a"] = clock.Stamp{}
		require.False(t, bytes.Contains(before, []byte("poison")))
		require.Equal(t, string(before), string(m.AppendJSON(nil)))
	})
}

// TestCollectionsMayBeReadConcurrently: any number of goroutines may join and fold the same
// collections at the same time. The race detector finds violations.
func TestCollectionsMayBeReadConcurrently(t *testing.T) {
	var h history
	for i := range 200 {
		h = append(h, entry{
			table: keys[i%4][0], id: keys[i%4][1], field: fieldNames[i/4%2] + fmt.Sprint(i%7),
			time: times[i%3], client: clients[i/2%3], value: fmt.Sprint(i),
		})
	}
	x, y := h[:120].collection(), h[80:].collection()
	var wg sync.WaitGroup
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 50 {
				var fold merge.Fold
				for r := range merge.Join(x, y).All() {
					fold.Add(r)
				}
				got := merge.Join(y, merge.Delta(y, fold.Collection()))
				if !slices.Equal(h.winners(), read(got)) {
					t.Error("the state differs from the oracle's")
				}
			}
		}()
	}
	wg.Wait()
}
