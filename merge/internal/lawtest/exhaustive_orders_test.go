package lawtest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// The scopes of orders deliver n writes of two fields in every order: for every pattern of
// ties, every assignment of writes to fields, every kind of each write, and five ways to turn
// ranks into stamps. After every delivery the state must equal the oracle's.

// modes are the ways to turn a rank into a stamp. In most of them, the less significant parts
// of the stamp have the opposite order of the part that decides. Ties that only the client can
// break come first, because they are most often handled wrongly.
var modes = []func(rank int) (time int64, client [16]byte){
	func(rank int) (int64, [16]byte) { return epoch, clientOf(rank, 3-rank) },
	func(rank int) (int64, [16]byte) { return epoch + int64(rank)/2, clientOf(0, rank%2) },
	func(rank int) (int64, [16]byte) { return epoch + int64(rank), clientOf(3-rank, rank) },
	func(rank int) (int64, [16]byte) { return epoch + int64(rank)*1_000_000, clientOf(1, 0) },
	func(rank int) (int64, [16]byte) {
		return epoch + int64(rank)*1_000_000 + int64(9-rank), clientOf(3-rank, 0)
	},
}

// clientOf returns a client ID whose first byte counts up from 0x7E, across the sign bit. Its
// last byte is independent of the first.
func clientOf(first, last int) [16]byte {
	return [16]byte{0: byte(0x7E + first), 15: byte(0x80 + last)}
}

// orders is the scope of orders for n writes.
type orders struct {
	n        int
	patterns [][]int
	// writes, values and records hold every possible write, by mode, rank, field and kind.
	writes  [5][8][2][3]entry
	values  [5][8][2][3]record.FieldValue
	records [5][8][2][3]record.Record
}

func newOrders(n int) *orders {
	o := &orders{n: n, patterns: tiePatterns(n)}
	var b record.Builder
	for i := range len(modes) * n * 2 * 3 {
		d := digits(i)
		kind, field, rank, mode := d.next(3), d.next(2), d.next(n), d.next(len(modes))
		time, client := modes[mode](rank)
		w := pairWrite(field, kind, time, client)
		o.writes[mode][rank][field][kind] = w
		o.values[mode][rank][field][kind] = w.fieldValue()
		o.records[mode][rank][field][kind] = w.record(&b)
	}
	return o
}

func (o *orders) configs() int {
	return len(modes) * len(o.patterns) * power(2, o.n) * power(3, o.n)
}

// delivery is one configuration: n writes to deliver.
type delivery struct {
	n       int
	longest int // the greatest number of deliveries
	writes  []entry
	values  []record.FieldValue
	records []record.Record
	winners []twoFields // the oracle's states, by the set of delivered writes
	builder record.Builder
	cases   int
}

// load sets d to a configuration.
func (o *orders) load(d *delivery, config int) {
	if d.n == 0 {
		d.n, d.winners = o.n, make([]twoFields, 1<<o.n)
	}
	digit := digits(config)
	kinds := digits(digit.next(power(3, o.n)))
	where := digits(digit.next(power(2, o.n)))
	ranks := o.patterns[digit.next(len(o.patterns))]
	mode := digit.next(len(modes))
	d.cases, d.writes, d.values, d.records = 0, d.writes[:0], d.values[:0], d.records[:0]
	for _, rank := range ranks {
		field, kind := where.next(2), kinds.next(3)
		d.writes = append(d.writes, o.writes[mode][rank][field][kind])
		d.values = append(d.values, o.values[mode][rank][field][kind])
		d.records = append(d.records, o.records[mode][rank][field][kind])
	}
	winnersOf(d.writes, d.values, d.winners)
}

// join delivers one more write to state, in every way that can still deliver all writes. It
// counts the sequences that have delivered all of them.
func (d *delivery) join(state record.Record, seen, length, missing int) error {
	if missing == 0 {
		d.cases++
	}
	for i, r := range d.records {
		now, left := seen|1<<i, missing
		if now != seen {
			left--
		}
		if length+1+left > d.longest {
			continue
		}
		next, _, err := d.builder.Join(state, r)
		if err == nil {
			err = d.winners[now].check(next)
		}
		if err == nil {
			err = d.join(next, now, length+1, left)
		}
		if err != nil {
			return err
		}
	}
	if err := d.winners[seen].check(state); err != nil {
		return fmt.Errorf("a later join changed a record: %w", err)
	}
	return nil
}

// byJoin runs the scope with record.Builder.Join. A case is one sequence of deliveries that
// delivers all writes, and has at most "longest" deliveries.
func (o *orders) byJoin(t *testing.T, longest, step int) (cases, configs int) {
	s := scope{o.configs(), step}
	return s.run(t, func() func(int) (int, error) {
		d := &delivery{longest: longest}
		return func(config int) (int, error) {
			o.load(d, config)
			err := d.join(record.New(pairKey), 0, 0, d.n)
			return d.cases, err
		}
	}), s.chosen()
}

func TestScopeFourWritesInAnyOrderConverge(t *testing.T) {
	t.Parallel()
	cases, configs := newOrders(4).byJoin(t, 4, oneIn(47))
	require.Equal(t, configs*24, cases)
	require.True(t, testing.Short() || cases == 11_664_000)
}

// TestScopeFourWritesOneRepeatedConverge also delivers one write twice.
func TestScopeFourWritesOneRepeatedConverge(t *testing.T) {
	large(t)
	cases, configs := newOrders(4).byJoin(t, 5, *sample)
	require.Equal(t, configs*264, cases)
	require.True(t, *sample > 1 || cases == 128_304_000)
}

// TestScopeFoldOfFourWritesAgreesWithOracle delivers the writes to a Fold and checks the Change
// of every write. It runs one configuration in five.
func TestScopeFoldOfFourWritesAgreesWithOracle(t *testing.T) {
	t.Parallel()
	o := newOrders(4)
	s := scope{o.configs(), 5 * oneIn(47)}
	sequences := permutations(4)
	cases := s.run(t, func() func(int) (int, error) {
		d := new(delivery)
		keys := make([]record.Key, len(sequences))
		for i := range keys {
			keys[i] = record.Key{Table: "t", ID: fmt.Sprintf("%02d", i)}
		}
		return func(config int) (int, error) {
			o.load(d, config)
			var fold merge.Fold
			for i, sequence := range sequences {
				if err := d.fold(&fold, keys[i], sequence); err != nil {
					return 0, err
				}
			}
			c := fold.Collection()
			for i := range keys {
				if err := d.winners[len(d.winners)-1].check(c.At(i)); err != nil {
					return 0, err
				}
			}
			return c.Len(), nil
		}
	})
	require.Equal(t, s.chosen()*24, cases)
	require.True(t, testing.Short() || cases == 2_332_800)
}

// fold delivers the writes in one order to the record of the given key.
func (d *delivery) fold(fold *merge.Fold, key record.Key, sequence []int) error {
	seen := 0
	for _, i := range sequence {
		f := 0
		if d.writes[i].field == pairFields[1] {
			f = 1
		}
		before := d.winners[seen][f]
		c, err := fold.Write(key, pairFields[f], d.values[i])
		if err != nil {
			return err
		}
		seen |= 1 << i
		after := d.winners[seen][f]
		want := merge.Change{Before: before, Incoming: d.values[i], Outcome: outcomeOf(before, after, d.values[i])}
		if c != want || c.Winner() != after || c.Won() != (before != after) {
			return errors.New("the Change that Fold.Write returned is wrong")
		}
	}
	return nil
}

// outcomeOf returns the outcome of a write, given the oracle's winners before and after it.
func outcomeOf(before, after, w record.FieldValue) merge.Outcome {
	switch {
	case before == w:
		return merge.Equal
	case before.Stamp == w.Stamp && before.Stamp != clock.Stamp{}:
		return merge.Collision
	case after == w:
		return merge.Applied
	}
	return merge.Superseded
}

// permutations returns all orders of 0 to n-1.
func permutations(n int) [][]int {
	var all [][]int
	for i := range power(n, n) {
		d, order, seen := digits(i), make([]int, n), 0
		for k := range order {
			order[k] = d.next(n)
			seen |= 1 << order[k]
		}
		if seen == 1<<n-1 {
			all = append(all, order)
		}
	}
	return all
}
