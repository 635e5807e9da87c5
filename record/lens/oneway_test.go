package lens_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/lens"
)

func same(v record.Value) (record.Value, error) { return v, nil }

// met returns a Lens in which three old names meet in one new field.
func met(t require.TestingT) lens.Lens {
	l, err := lens.New(lens.Table{Name: "tasks", Fields: []lens.Field{
		{Old: "colour", New: "color"}, {Old: "hue", New: "color", OneWay: true, Up: upper}, {Old: "shade", New: "color", OneWay: true},
	}})
	require.NoError(t, err)
	return l
}

// upper changes the order of the values that writes generates.
func upper(v record.Value) (record.Value, error) {
	if n, ok := v.Int(); ok {
		return record.Int(-n), nil
	}
	return v, nil
}

// writes generates records with the old names of met, in which equal stamps of one field have equal values.
func writes(client byte) *rapid.Generator[record.Record] {
	return rapid.Custom(func(t *rapid.T) record.Record {
		var b record.Builder
		r, err := b.Record(task, func(yield func(string, record.FieldValue) bool) {
			for _, name := range []string{"colour", "colour/x", "hue", "hue/x", "shade"} {
				n := rapid.IntRange(0, 3).Draw(t, "time")
				w := record.FieldValue{Value: record.Int(int64(n)), Stamp: clock.Stamp{Time: clock.Timestamp(n), Client: clock.ClientID{client}}}
				if n == 2 {
					w.Value = record.Deletion()
				}
				if n > 0 && !yield(name, w) {
					return
				}
			}
		})
		require.NoError(t, err)
		return r
	})
}

// TestMeetingFieldsCommuteWithTheJoin: also when one mutation writes two of them.
func TestMeetingFieldsCommuteWithTheJoin(t *testing.T) {
	l := met(t)
	rapid.Check(t, func(t *rapid.T) {
		a, b := writes(1).Draw(t, "a"), writes(byte(rapid.IntRange(1, 2).Draw(t, "client"))).Draw(t, "b")
		requireCommutes(t, l, [2]record.Record{a, b})
	})
}

// TestOneWayFieldHasNoBase: what its author saw there was another field.
func TestOneWayFieldHasNoBase(t *testing.T) {
	seen := clock.Stamp{Time: 1, Client: clock.ClientID{1}}
	push := func(colour, hue int64) (record.Value, map[string]clock.Stamp) {
		e := record.New(task).Edit(clock.Stamp{Time: 2, Client: clock.ClientID{2}})
		if colour != 0 {
			e.Set("colour", colour)
		}
		if hue != 0 {
			e.Set("hue", hue)
		}
		m, err := e.Mutation()
		require.NoError(t, err)
		for name := range m.Base {
			m.Base[name] = seen
		}
		up, err := met(t).Up(m)
		require.NoError(t, err)
		require.Equal(t, 1, up.Data.Len())
		w, _ := up.Data.Get("color")
		return w.Value, up.Base
	}
	based := map[string]clock.Stamp{"color": seen}
	for _, c := range []struct {
		colour, hue, want int64
		base              map[string]clock.Stamp
	}{{7, 0, 7, based}, {0, 7, -7, map[string]clock.Stamp{}}, {7, 8, 7, based}, {7, -7, 7, based}, {7, -8, 8, map[string]clock.Stamp{}}} {
		v, base := push(c.colour, c.hue)
		require.Equal(t, record.Int(c.want), v)
		require.Equal(t, c.base, base)
	}
}

// TestElementOfOneWayFieldHasNoBase: like the field itself.
func TestElementOfOneWayFieldHasNoBase(t *testing.T) {
	m, err := record.New(task).Edit(clock.Stamp{Time: 2, Client: clock.ClientID{2}}).Set("hue/x", true).Set("colour/y", true).Mutation()
	require.NoError(t, err)
	up, err := met(t).Up(m)
	require.NoError(t, err)
	require.Equal(t, map[string]clock.Stamp{"color/y": {}}, up.Base)
}

// TestOldClientSeesMeetingFieldsUnderOneName: the one that is not OneWay.
func TestOldClientSeesMeetingFieldsUnderOneName(t *testing.T) {
	m, err := record.New(task).Edit(clock.Stamp{Time: 2, Client: clock.ClientID{2}}).Set("hue", 7).Set("hue/x", true).Mutation()
	require.NoError(t, err)
	up, err := met(t).Up(m)
	require.NoError(t, err)
	require.Equal(t, map[string]any{"color": int64(-7), "color/x": true}, up.Data.Map())
	down, err := met(t).Down(up.Data)
	require.NoError(t, err)
	require.Equal(t, map[string]any{"colour": int64(-7), "colour/x": true}, down.Map())
}
