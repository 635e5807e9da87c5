package lawtest

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

var (
	purgeFields = []string{"f", "g", record.DeletedField}
	purgeKey    = record.Key{Table: "tasks", ID: "1"}
	purgeEpoch  = clock.MustParseTimestamp("2026-03-02T12:00:00Z")
	purgeClient = clock.ClientID{1}
)

// stampAt returns the stamp with a rank. Rank 0 is before all.
func stampAt(r rank) clock.Stamp {
	return clock.Stamp{Time: purgeEpoch + clock.Timestamp(r), Client: purgeClient}
}

// recordOf returns a triple as a record.
func recordOf(b *record.Builder, t triple) record.Record {
	r, err := b.Record(purgeKey, func(yield func(string, record.FieldValue) bool) {
		if t[life].kind == erased && !yield(record.ErasedField, record.FieldValue{Value: record.Bool(true), Stamp: stampAt(t[life].at)}) {
			return
		}
		for i, c := range t {
			v := record.Int(1)
			switch {
			case i == life:
				v = record.Bool(c.kind != set)
			case c.kind == removed:
				v = record.Deletion()
			}
			if c.kind != absent && !yield(purgeFields[i], record.FieldValue{Value: v, Stamp: stampAt(c.at)}) {
				return
			}
		}
	})
	if err != nil {
		panic(err)
	}
	return r
}

// tripleOf reads a record as a triple.
func tripleOf(r record.Record) (t triple) {
	for i, name := range purgeFields {
		w, ok := r.Get(name)
		if !ok {
			continue
		}
		deletes, _ := w.Value.Bool()
		t[i] = mark{set, rank(w.Stamp.Time - purgeEpoch)}
		if w.Deleted() || deletes {
			t[i].kind = removed
		}
	}
	if r.Erased() {
		t[life].kind = erased
	}
	return t
}

// triples returns all records whose stamps have ranks from 1 to n.
func triples(n rank) (all []triple) {
	marks := []mark{{}}
	for at := rank(1); at <= n; at++ {
		marks = append(marks, mark{set, at}, mark{removed, at})
	}
	for _, f := range marks {
		for _, g := range marks {
			for _, d := range marks {
				all = append(all, triple{f, g, d})
			}
		}
	}
	return all
}

// purgeEdits returns the items that one edit can make, with stamps of ranks from 1 to n: a field
// set or deleted, both fields set, the record deleted or restored, each new or not.
func purgeEdits(n rank) (all []purgeItem) {
	for at := rank(1); at <= n; at++ {
		s, d := mark{set, at}, mark{removed, at}
		for _, writes := range []triple{{s}, {1: s}, {s, s}, {d}, {life: d}, {life: s}} {
			all = append(all, purgeItem{writes, false}, purgeItem{writes, true})
		}
	}
	return all
}

// purgeEngine applies batches of purgeItems with the real Engine.
type purgeEngine struct {
	builder record.Builder
	engine  merge.Engine
	records map[triple]record.Record
	normals map[purgeWorld]triple
	rulings map[rulingKey]ruling
}

func newPurgeEngine() *purgeEngine {
	return &purgeEngine{
		records: make(map[triple]record.Record),
		normals: make(map[purgeWorld]triple),
		rulings: make(map[rulingKey]ruling),
	}
}

// record returns a triple as a record.
func (e *purgeEngine) record(t triple) record.Record {
	r, ok := e.records[t]
	if !ok {
		r = recordOf(&e.builder, t)
		e.records[t] = r
	}
	return r
}

func (e *purgeEngine) apply(w purgeWorld, items []purgeItem) (merge.Answer, error) {
	push, stored := e.prepare(w, items)
	return push.Apply(stored)
}

func (e *purgeEngine) prepare(w purgeWorld, items []purgeItem) (*merge.Push, merge.Stored) {
	r := merge.Request{Actor: purgeClient, WholeItems: w.whole, Wall: purgeEpoch.Time().Add(time.Second)}
	for _, item := range items {
		m := record.Mutation{Data: e.record(item.writes), New: item.isNew}
		r.Items = append(r.Items, record.Item{Mutation: m})
	}
	stored := merge.Stored{Records: []record.Record{e.record(w.stored)}, Level: int(w.level)}
	if w.fence > 0 {
		stored.Fence = stampAt(w.fence).Time
	}
	return e.engine.Prepare(r), stored
}

// check compares the answer to a batch with the oracle.
func (e *purgeEngine) check(w purgeWorld, items []purgeItem) error {
	push, stored := e.prepare(w, items)
	a, err := push.Apply(stored)
	if err != nil {
		return err
	}
	want, got := w.judge(items), w.verdictOf(items, a)
	if again, _ := push.Apply(stored); !reflect.DeepEqual(w.verdictOf(items, again), got) {
		return fmt.Errorf("%+v after %+v: the second time %v", w, items, w.verdictOf(items, again))
	}
	if got.after != want.after {
		return fmt.Errorf("%+v after %+v: stored %v, want %v", w, items, got.after, want.after)
	}
	for i := range items {
		if got.joined[i] != want.joined[i] {
			return fmt.Errorf("%+v after %+v: of item %d joined %v, want %v", w, items, i, got.joined[i], want.joined[i])
		}
		if gone := a.Results[i].Refusal != nil && a.Results[i].Refusal.Code == merge.Gone; gone != want.joined[i].empty() {
			return fmt.Errorf("%+v after %+v: item %d is refused: %v", w, items, i, a.Results[i].Refusal)
		}
		if !isDescribed(a.Results[i], items[i].writes, want.joined[i]) {
			return fmt.Errorf("%+v after %+v: the result of item %d is %+v", w, items, i, a.Results[i])
		}
	}
	return nil
}

// isDescribed reports whether a result has a decision for each write, says what changed, and has a
// note if writes are gone.
func isDescribed(r merge.Result, writes, joined triple) bool {
	if !r.Accepted() {
		return len(r.Fields) == 0 && len(r.Notes) == 0
	}
	changed := slices.ContainsFunc(r.Fields, func(d merge.Decision) bool { return d.Won() })
	return len(r.Fields) == writes.count() && r.Changed == changed &&
		slices.Contains(r.Notes, merge.Gone) == (joined != writes)
}

// purgeWorlds returns all servers whose record has stamps of ranks up to n.
func purgeWorlds(n rank) (all []purgeWorld) {
	stored := triples(n)
	for at := rank(1); at <= n; at++ {
		stored = append(stored, triple{life: {erased, at}})
	}
	for _, stored := range stored {
		for fence := range n + 1 {
			for level := int8(1); level <= 2; level++ {
				all = append(all, purgeWorld{stored, fence, level, false}, purgeWorld{stored, fence, level, true})
			}
		}
	}
	return all
}

// oneOf returns the step of a scope that runs one configuration in n, and, with -scopes=large, one in
// large times -sample.
func oneOf(n, large int) int {
	if *scopes == "large" {
		return large * *sample
	}
	return n
}

// purgedBatches compares the answers to batches of n items with the oracle, in every order and in
// the given worlds. A configuration is a world with all items of the batch but the last two.
func purgedBatches(t *testing.T, worlds []purgeWorld, items []purgeItem, n, step int) (s scope) {
	first := max(n-2, 0)
	rest := power(len(items), n-first)
	s = scope{configs: len(worlds) * power(len(items), first), step: step}
	cases := s.run(t, func() func(int) (int, error) {
		e, batch := newPurgeEngine(), make([]purgeItem, n)
		return func(config int) (int, error) {
			d := digits(config)
			w := worlds[d.next(len(worlds))]
			for i := range first {
				batch[i] = items[d.next(len(items))]
			}
			for i := range rest {
				d := digits(i)
				for k := first; k < n; k++ {
					batch[k] = items[d.next(len(items))]
				}
				if err := e.check(w, batch); err != nil {
					return 0, err
				}
			}
			return rest, nil
		}
	})
	require.Equal(t, s.chosen()*rest, cases)
	return s
}

// The large scopes have 265,728 items, 1,975,104 batches of two and 10,158,048 of three.

func TestScopePurgedItemAgreesWithOracle(t *testing.T) {
	s := purgedBatches(t, purgeWorlds(3), purgeEdits(4), 1, oneOf(7, 1))
	require.Equal(t, (343+3)*4*2*2, s.configs)
}

func TestScopePurgedBatchOfTwoAgreesWithOracle(t *testing.T) {
	s := purgedBatches(t, purgeWorlds(2), purgeEdits(3), 2, oneOf(29, 1))
	require.Equal(t, (125+2)*3*2*2, s.configs)
}

func TestScopePurgedBatchOfThreeAgreesWithOracle(t *testing.T) {
	s := purgedBatches(t, purgeWorlds(2), purgeEdits(3), 3, oneOf(701, 7))
	require.Equal(t, (125+2)*3*2*2*36, s.configs)
}
