package violation_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/record"
)

// stories returns series of six writes that create, resolve and recreate violations.
func stories() map[string][]record.Record {
	attend := func(id string, ms, units int) record.Record {
		return write("attendees", id, by(2, ms), fields{"place": map[string]any{"event": "x", "units": units}})
	}
	return map[string][]record.Record{
		"moved away and back": {
			book("a", by(1, 1), "B", 2, 4), book("b", by(2, 9), "B", 3, 5), book("a", by(1, 2), "C", 2, 4),
			book("a", by(1, 3), "B", 2, 4), book("c", by(1, 4), "B", 0, 3), remove("bookings", "c", by(1, 5)),
		},
		"deleted and restored": {
			book("a", by(1, 1), "B", 2, 4), book("b", by(1, 2), "B", 3, 5), remove("bookings", "a", by(2, 3)),
			write("bookings", "a", by(2, 4), fields{record.DeletedField: false}), book("c", by(2, 4), "B", 2, 3), book("b", by(1, 3), "D", 0, 1),
		},
		"one seat too few": {
			write("events", "x", by(1, 1), fields{"seats": 3}), attend("a", 2, 2), attend("b", 3, 2),
			write("events", "x", by(1, 4), fields{"seats": 4}), attend("c", 5, 1), remove("attendees", "a", by(2, 6)),
		},
		"a person who left": {
			write("tasks", "a", by(1, 1), fields{"who": "p"}), write("people", "p", by(1, 2), fields{"left": true}),
			write("people", "p", by(1, 3), fields{"left": false}), remove("people", "p", by(1, 4)),
			write("tasks", "b", by(1, 1), fields{"who": "p"}), write("tasks", "a", by(1, 5), fields{"who": "q"}),
		},
		"one address for two users": {
			write("users", "a", by(1, 1), fields{"email": "ana@"}), write("users", "b", by(2, 1), fields{"email": "ana@"}),
			write("users", "c", by(1, 2), fields{"email": "ana@"}), write("users", "a", by(1, 3), fields{"email": "ben@"}),
			remove("users", "b", by(1, 4)), write("users", "b", by(1, 5), fields{record.DeletedField: false}),
		},
	}
}

// splits runs the function do on each division of a list into calls.
func splits(list []record.Record, do func(calls [][]record.Record)) {
	for cuts := range 1 << (len(list) - 1) {
		calls := [][]record.Record{{list[0]}}
		for i, w := range list[1:] {
			if cuts>>i&1 == 1 {
				calls = append(calls, nil)
			}
			calls[len(calls)-1] = append(calls[len(calls)-1], w)
		}
		do(calls)
	}
}

// TestDivisionIntoCallsDoesNotMatter: six writes in eight orders, each under all 32 divisions
// into calls, give the same open rows, byte for byte, before servers exchange any rows.
func TestDivisionIntoCallsDoesNotMatter(t *testing.T) {
	worlds := stories()
	for seed := range uint64(20) {
		worlds[string(rune('a'+seed))] = writesOf(1000+seed, 6, true)
	}
	wrong := 0
	for name, writes := range worlds {
		want := newServer(smallRules())
		want.push(t, writes...)
		lines := want.openLines(t)
		wrong += strings.Count(lines, "\n")
		d := rand.New(rand.NewPCG(1, 1))
		orders := 8
		if testing.Short() {
			orders = 2
		}
		for order := range orders {
			count := 0
			splits(writes, func(calls [][]record.Record) {
				s := newServer(smallRules())
				for _, call := range calls {
					s.push(t, call...)
				}
				count++
				require.Equal(t, lines, s.openLines(t), "%s, order %d, %d calls", name, order, len(calls))
			})
			require.Equal(t, 32, count)
			writes = append([]record.Record(nil), writes...)
			d.Shuffle(len(writes), func(i, j int) { writes[i], writes[j] = writes[j], writes[i] })
		}
	}
	require.Greater(t, wrong, 8)
}

// TestStoriesEndWithTheExpectedOpenRows checks which rows are open at the end of each story.
func TestStoriesEndWithTheExpectedOpenRows(t *testing.T) {
	want := map[string][]string{
		"moved away and back":       {"overlap b: a"},
		"deleted and restored":      {"overlap c: a"},
		"one seat too few":          {},
		"a person who left":         {"person a: q", "person b: p"},
		"one address for two users": {"email c: b"},
	}
	for name, writes := range stories() {
		s := newServer(smallRules())
		s.push(t, writes...)
		require.Equal(t, want[name], s.opened(t), name)
	}
}
