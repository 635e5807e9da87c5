package fields_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/fields"
)

var clients = [...]clock.ClientID{
	clock.MustParseClientID("0194a1f0-0000-7000-8000-00000000000a"),
	clock.MustParseClientID("0194a1f0-0000-7000-8000-00000000000b"),
	clock.MustParseClientID("0194a1f0-0000-7000-8000-00000000000c"),
}

// card returns a record with a value in its field position.
func card(t require.TestingT, id string, position any, at clock.Stamp) record.Record {
	m, err := record.New(record.Key{Table: "cards", ID: id}).Edit(at).Set("position", position).Mutation()
	require.NoError(t, err)
	return m.Data
}

func stampOf(ms int64, client clock.ClientID) clock.Stamp {
	return clock.Stamp{Time: clock.Timestamp(1_700_000_000_000_000_000 + ms*1_000_000), Client: client}
}

// device is a replica of a list of cards.
type device struct {
	client clock.ClientID
	turns  int64
	cards  map[string]record.Record
}

// shown returns the cards as the device shows them.
func (d *device) shown() (ids, positions []string) {
	var all []record.Record
	for _, r := range d.cards {
		all = append(all, r)
	}
	slices.SortFunc(all, fields.ByPosition("position"))
	for _, r := range all {
		w, _ := r.Get("position")
		p, _ := w.Value.Text()
		ids, positions = append(ids, r.Key().ID), append(positions, p)
	}
	return ids, positions
}

// move puts a card at an index among the other cards. It reports the neighbours, or false if they have one position.
func (d *device) move(t require.TestingT, id string, to int, at clock.Stamp) (before, after string, ok bool) {
	ids, positions := d.shown()
	if i := slices.Index(ids, id); i >= 0 {
		ids, positions = slices.Delete(ids, i, i+1), slices.Delete(positions, i, i+1)
	}
	to = min(to, len(ids))
	var low, high string
	if to > 0 {
		before, low = ids[to-1], positions[to-1]
	}
	if to < len(ids) {
		after, high = ids[to], positions[to]
	}
	d.turns++
	p, err := fields.Between(low, high, fields.Turn{Client: d.client, N: d.turns})
	if low != "" && low == high {
		require.ErrorIs(t, err, fields.ErrNoGap)
		return "", "", false
	}
	require.NoError(t, err)
	d.join(t, card(t, id, p, at))
	return before, after, true
}

func (d *device) join(t require.TestingT, r record.Record) {
	var b record.Builder
	if old, ok := d.cards[r.Key().ID]; ok {
		var err error
		r, _, err = b.Join(old, r)
		require.NoError(t, err)
	}
	d.cards[r.Key().ID] = r
}

// lastMove is the move of a card that wins, and the neighbours that it had.
type lastMove struct{ before, after string }

// TestReplicasShowOneOrder: devices move cards offline, and sync in any order. Two of them are clones. Then all
// show each card once, in one order. A card whose last move won is between the two neighbours of that move, if these have
// been put in the list and not moved since.
func TestReplicasShowOneOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		devices := make([]*device, 4)
		for i := range devices {
			devices[i] = &device{client: clients[i%3], cards: map[string]record.Record{}}
		}
		last, moves := map[string]lastMove{}, map[string]int{}
		for now := range int64(rapid.IntRange(1, 40).Draw(t, "steps")) {
			d := rapid.SampledFrom(devices).Draw(t, "device")
			if rapid.IntRange(0, 3).Draw(t, "kind") == 0 {
				from := rapid.SampledFrom(devices).Draw(t, "from")
				for _, r := range from.cards {
					d.join(t, r)
				}
				continue
			}
			id := fmt.Sprintf("card %d", rapid.IntRange(0, 6).Draw(t, "card"))
			at := stampOf(now, d.client)
			before, after, ok := d.move(t, id, rapid.IntRange(0, 7).Draw(t, "to"), at)
			if ok {
				last[id] = lastMove{before, after}
				moves[id]++
			}
		}
		for range 2 {
			for _, d := range devices {
				for _, from := range devices {
					for _, r := range from.cards {
						d.join(t, r)
					}
				}
			}
		}
		ids, _ := devices[0].shown()
		require.Len(t, ids, len(last))
		for _, d := range devices[1:] {
			others, _ := d.shown()
			require.Equal(t, ids, others)
		}
		for id, m := range last {
			if moves[m.before] == 1 {
				require.Less(t, slices.Index(ids, m.before), slices.Index(ids, id))
			}
			if moves[m.after] == 1 {
				require.Greater(t, slices.Index(ids, m.after), slices.Index(ids, id))
			}
		}
	})
}

// TestOrderIsTotal: values of every kind have one order, whatever order they come in.
func TestOrderIsTotal(t *testing.T) {
	a, err := fields.Between("", "", fields.Turn{Client: clients[0], N: 1})
	require.NoError(t, err)
	at := stampOf(1, clients[0])
	want := []record.Record{
		card(t, "a", nil, at), card(t, "b", record.Deletion(), at), card(t, "c", true, at),
		card(t, "e", -1, at), card(t, "d", 2.5, at), card(t, "f", 10, at), card(t, "g", 10, at),
		card(t, "h", "", at), card(t, "i", "A title", at), card(t, "j", a, at), card(t, "k", a, at),
	}
	rapid.Check(t, func(t *rapid.T) {
		got := rapid.Permutation(want).Draw(t, "order")
		slices.SortFunc(got, fields.ByPosition("position"))
		require.Equal(t, want, got)
	})
}

// TestRespaceKeepsTheOrder: after its moves, the list is in the same order, all positions are short, different and
// valid, and nothing is left to move. Only elements that need it, or are next to such, have moved.
func TestRespaceKeepsTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var list []fields.Placed
		low := ""
		for i := range rapid.IntRange(0, 12).Draw(t, "length") {
			p := fields.Placed{ID: fmt.Sprint(i), Position: low}
			switch rapid.IntRange(0, 4).Draw(t, "kind") {
			case 0: // the same as the one before, or none at all
			case 1:
				p.Position = rapid.SampledFrom([]string{"", "7", "A title"}).Draw(t, "other")
			default:
				high := ""
				if low != "" {
					high = between(t, low, "", fields.Turn{Client: clients[2], N: 99})
				}
				for n := range rapid.SampledFrom([]int64{0, 1, 10, 20, 25, 30, 60}).Draw(t, "bisected") {
					p := between(t, low, high, fields.Turn{Client: clients[n%3], N: n})
					if n%2 == 0 {
						high = p
					} else {
						low = p
					}
				}
				p.Position = between(t, low, high, fields.Turn{Client: clients[0], N: 100 + int64(i)})
				low = p.Position
			}
			list = append(list, p)
		}
		moves, err := fields.Respace(list, fields.Turn{Client: clients[1], N: 1000})
		require.NoError(t, err)
		require.LessOrEqual(t, len(moves), len(list))
		after := slices.Clone(list)
		for _, m := range moves {
			i := slices.IndexFunc(list, func(p fields.Placed) bool { return p.ID == m.ID })
			require.NotEqual(t, m, after[i])
			after[i] = m
		}
		for i, p := range after {
			require.LessOrEqual(t, len(p.Position), 64)
			require.True(t, i == 0 || after[i-1].Position < p.Position)
		}
		again, err := fields.Respace(after, fields.Turn{Client: clients[1], N: 2000})
		require.NoError(t, err)
		require.Empty(t, again)
	})
}

func between(t require.TestingT, before, after string, turn fields.Turn) string {
	p, err := fields.Between(before, after, turn)
	require.NoError(t, err)
	return p
}

// TestRespaceMovesNoMoreThanItMust: a long position moves alone between short ones, and of two equal ones the second.
func TestRespaceMovesNoMoreThanItMust(t *testing.T) {
	var l []fields.Placed
	low := ""
	for i := range int64(5) {
		low = between(t, low, "", fields.Turn{Client: clients[i%2], N: i})
		l = append(l, fields.Placed{ID: fmt.Sprint(i), Position: low})
	}
	turn := fields.Turn{Client: clients[2], N: 9}
	moves, err := fields.Respace(l, turn)
	require.NoError(t, err)
	require.Empty(t, moves)

	equal := slices.Insert(slices.Clone(l), 2, fields.Placed{ID: "clone", Position: l[1].Position})
	moves, err = fields.Respace(equal, turn)
	require.NoError(t, err)
	require.Len(t, moves, 1)
	require.Equal(t, "clone", moves[0].ID)

	long, high := l[1].Position, l[2].Position
	for n := int64(50); len(long) <= 64; n += 2 {
		long = between(t, long, high, fields.Turn{Client: clients[2], N: n})
		high = between(t, long, high, fields.Turn{Client: clients[2], N: n + 1})
	}
	moves, err = fields.Respace(slices.Insert(slices.Clone(l), 2, fields.Placed{ID: "long", Position: long}), turn)
	require.NoError(t, err)
	require.Len(t, moves, 1)
	require.Equal(t, "long", moves[0].ID)

	// Integers of an earlier version of the app are not positions. Each gets one.
	for i := range l {
		l[i].Position = strings.Repeat("7", i)
	}
	moves, err = fields.Respace(l, turn)
	require.NoError(t, err)
	require.Len(t, moves, len(l))
	for _, m := range moves { // one run
		require.Len(t, m.Position, len(moves[0].Position))
	}
}
