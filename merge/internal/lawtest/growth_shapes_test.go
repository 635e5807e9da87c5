package lawtest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// cell is one write of one field.
type cell struct {
	key   record.Key
	name  string
	write record.FieldValue
}

// growthShape is a shape of the input: the function in the field "make" turns an ordinary cell into
// cell i of n cells.
type growthShape struct {
	name string
	make func(c *cell, i, n int)
}

// shapes returns the ways in which an input can be large.
func shapes() []growthShape {
	id := func(i int) record.Key { return record.Key{Table: "t", ID: fmt.Sprint(i)} }
	side := func(n int) int { return max(1, n/17) }
	order := rand.New(rand.NewPCG(1, 2)).Perm(manyCells)
	short := rand.New(rand.NewPCG(1, 2)).Perm(fewCells)
	shuffled := func(i, n int) int {
		if n == fewCells {
			return short[i]
		}
		return order[i]
	}
	text := func(s string) record.Value { return record.MustOf(s) }
	deep := strings.Repeat(`{"b":[`, 12) + "1" + strings.Repeat(`],"a":2}`, 12)
	return []growthShape{
		{"many keys", func(c *cell, i, n int) { c.key = id(i) }},
		{"one key, many fields, one record for each field", func(c *cell, i, n int) { c.name = fmt.Sprint("cell/", i*7919%n) }},
		{"one field, many writes", func(c *cell, i, n int) { c.write.Value = record.Int(int64(i)) }},
		{"many records of 17 fields", func(c *cell, i, n int) { c.key, c.name = id(i/17), fmt.Sprint("f", i%17) }},
		{"17 records of many fields", func(c *cell, i, n int) { c.key, c.name = id(i%17), fmt.Sprint("f", i/17) }},
		{"as many records as fields", func(c *cell, i, n int) { c.key, c.name = id(i%side(n)), fmt.Sprint("f", i/side(n)) }},
		{"equal stamps", func(c *cell, i, n int) {
			c.write.Stamp.Time, c.write.Value = 5, record.Int(int64(i))
			c.name = fmt.Sprint("f", i%3)
		}},
		{"reversed", func(c *cell, i, n int) {
			c.key, c.name = id(100_000-i/2), fmt.Sprint("f", i%2)
			c.write.Stamp.Time = clock.Timestamp(n - i)
		}},
		{"shuffled", func(c *cell, i, n int) {
			k := shuffled(i, n)
			c.key, c.name = id(k/3), fmt.Sprint("f", k%3)
			c.write.Stamp.Time = clock.Timestamp(k + 1)
		}},
		{"deep values", func(c *cell, i, n int) {
			c.key, c.name = id(i/9), fmt.Sprint("f", i%9)
			c.write.Value = record.MustOf(jsonText(fmt.Sprintf(`[%d,%s]`, i, deep)))
		}},
		{"long strings", func(c *cell, i, n int) {
			c.key, c.write.Value = id(i/9), text(strings.Repeat("a\nb\\ü", 40)+fmt.Sprint(i))
			c.name = fmt.Sprint("f", i%9)
		}},
		{"long names", func(c *cell, i, n int) { c.name = strings.Repeat("n", 250) + fmt.Sprint(i) }},
		{"many tables", func(c *cell, i, n int) { c.key = record.Key{Table: fmt.Sprint("table", i), ID: "1"} }},
		{"many clients", func(c *cell, i, n int) {
			c.write.Stamp.Client = clock.ClientID{byte(i), byte(i >> 8), 1}
			c.key = id(i / 5)
		}},
		{"lost edits", func(c *cell, i, n int) {
			// The stored cells have odd numbers. The one before each is by another client, and later.
			c.key, c.write.Value = id(i/2), record.Int(int64(i))
			c.write.Stamp = clock.Stamp{Time: clock.Timestamp(i + 3 - i%2*2), Client: clock.ClientID{byte(1 + i%2)}}
		}},
		{"deletions", func(c *cell, i, n int) {
			c.name, c.write.Value = fmt.Sprint("f", i/2), record.Deletion()
			if i%7 == 0 {
				c.name, c.write.Value = record.DeletedField, record.Bool(i%2 == 0)
			}
		}},
	}
}

// jsonText is JSON text that record.Of uses unchanged.
type jsonText string

func (j jsonText) MarshalJSON() ([]byte, error) { return []byte(j), nil }

// material holds the same cells in every form that the functions accept.
type material struct {
	cells     []cell
	each      []record.Record // one record for each cell
	mutations []record.Mutation
	records   []record.Record // sorted, one record for each key
	state     merge.Collection
	odd, even merge.Collection // halves of state
	wide      record.Record    // one record with all fields
	lines     []byte           // the mutations as JSON Lines
	document  []byte           // a JSON object with a member for each cell
	value     record.Value     // the document as a value
	input     input
	push      *merge.Push
	stored    merge.Stored
	answer    merge.Answer
	engine    merge.Engine
	journal   []byte
}

func newMaterial(t *testing.T, s growthShape, n int) *material {
	t.Helper()
	m := &material{engine: merge.Engine{MaxRecord: 1 << 20}}
	var halves [2][]record.Record
	members := make([]string, 0, n)
	for i := range n {
		c := cell{
			key: record.Key{Table: "t", ID: "1"}, name: "f",
			write: record.FieldValue{Value: record.Int(1), Stamp: clock.Stamp{Time: clock.Timestamp(i + 1), Client: clock.ClientID{1}}},
		}
		s.make(&c, i, n)
		var b record.Builder
		r, err := b.Record(c.key, func(yield func(string, record.FieldValue) bool) { yield(c.name, c.write) })
		require.NoError(t, err)
		m.cells = append(m.cells, c)
		m.each = append(m.each, r)
		m.mutations = append(m.mutations, record.Mutation{Data: r, Base: map[string]clock.Stamp{c.name: {}}})
		m.lines = append(m.mutations[i].AppendJSON(m.lines), '\n')
		halves[i%2] = append(halves[i%2], r)
		members = append(members, fmt.Sprintf("%q:%s", fmt.Sprint(c.key, " ", c.name, " ", i*7919%n), record.Value{}))
		if !c.write.Deleted() {
			members[i] = strings.TrimSuffix(members[i], "null") + c.write.Value.JSON()
		}
		m.input.Items = append(m.input.Items, record.Item{Mutation: m.mutations[i]})
		m.input.Watermarks = append(m.input.Watermarks, clock.Stamp{Time: 1, Client: c.write.Stamp.Client})
	}
	m.document = []byte("{" + strings.Join(members, ",") + "}")
	var d record.Decoder
	var err error
	m.value, err = (&record.Decoder{Limits: record.Limits{Value: -1}}).Value(m.document)
	require.NoError(t, err)
	m.state, m.odd, m.even = merge.Collect(m.each...), merge.Collect(halves[1]...), merge.Collect(halves[0]...)
	for r := range m.state.All() {
		m.records = append(m.records, r)
	}
	all := make([]record.Record, n)
	for i, r := range m.each {
		all[i] = r.WithKey(record.Key{Table: "t", ID: "1"})
	}
	m.wide = merge.Collect(all...).At(0)
	m.input.AnyClient, m.input.Wall, m.input.Current = true, wallTime, m.odd
	m.push = m.engine.Prepare(m.input.request())
	m.stored = m.input.stored(m.push)
	m.answer = applied(&m.engine, m.input)
	m.journal = m.push.AppendJournal(nil, m.stored, m.answer)
	_, err = d.Batch(m.lines)
	require.NoError(t, err)
	return m
}
