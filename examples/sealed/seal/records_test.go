package seal_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/sealed/seal"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// stamp returns a stamp of Ana some seconds after noon.
func stamp(seconds int) clock.Stamp {
	return clock.Stamp{Time: noon + clock.Timestamp(seconds)*1e9, Client: ana}
}

// booking returns a sealed mutation that creates the meeting, at noon.
func booking(t *testing.T, k *seal.Keyring) record.Mutation {
	t.Helper()
	m, err := record.New(budget).Edit(stamp(0)).
		Set("title", "Budget").Set("host", "Ana").Set("team", "north").Delete("note").RestoreRecord().Mutation()
	require.NoError(t, err)
	m, err = k.SealMutation(m)
	require.NoError(t, err)
	return m
}

// forge returns a record whose writes are replaced.
func forge(t *testing.T, r record.Record, writes map[string]record.FieldValue) record.Record {
	t.Helper()
	all := map[string]record.FieldValue{}
	for name, w := range r.All() {
		all[name] = w
	}
	for name, w := range writes {
		all[name] = w
	}
	var b record.Builder
	forged, err := b.Record(r.Key(), func(yield func(string, record.FieldValue) bool) {
		for name, w := range all {
			if !yield(name, w) {
				return
			}
		}
	})
	require.NoError(t, err)
	return forged
}

func get(t *testing.T, r record.Record, name string) record.FieldValue {
	t.Helper()
	w, ok := r.Get(name)
	require.True(t, ok, name)
	return w
}

// TestMutationSealsValuesAndNothingElse: the server sees plain fields, reserved fields and deletions.
// The stamps, the base and New stay.
func TestMutationSealsValuesAndNothingElse(t *testing.T) {
	k := ring(t, "a")
	m := booking(t, k)
	for name, want := range map[string]bool{"title": true, "host": true, "team": false, "note": false, record.DeletedField: false} {
		w := get(t, m.Data, name)
		require.Equal(t, want, seal.IsSealed(w.Value), name)
		require.Equal(t, stamp(0), w.Stamp)
		require.Contains(t, m.Base, name)
	}
	require.True(t, m.New)
	require.NotContains(t, string(m.AppendJSON(nil)), "Budget")

	opened, err := k.OpenRecord(m.Data)
	require.NoError(t, err)
	require.Equal(t, map[string]any{"title": "Budget", "host": "Ana", "team": "north"}, opened.Map())
	require.True(t, get(t, opened, "note").Deleted())

	_, err = k.SealMutation(m)
	require.ErrorIs(t, err, seal.ErrValue, "it is sealed already")
}

// TestFieldThatDoesNotOpenIsLeftOut: whatever a server does to one value, the others are shown, and
// the error names the field.
func TestFieldThatDoesNotOpenIsLeftOut(t *testing.T) {
	k := ring(t, "a")
	m := booking(t, k)
	title, host := get(t, m.Data, "title"), get(t, m.Data, "host")
	other, err := k.Seal(seal.Place{Key: record.Key{Table: "meetings", ID: "review"}, Field: "title", Stamp: title.Stamp}, record.MustOf("Review"))
	require.NoError(t, err)
	late := clock.Stamp{Time: title.Stamp.Time + 1, Client: ben}
	unknown, err := ring(t, "b").Seal(seal.Place{Key: budget, Field: "title", Stamp: title.Stamp}, record.MustOf("x"))
	require.NoError(t, err)
	for name, c := range map[string]struct {
		value  record.FieldValue
		reason error
	}{
		"from another field":  {record.FieldValue{Value: host.Value, Stamp: title.Stamp}, seal.ErrForged},
		"from another record": {record.FieldValue{Value: other, Stamp: title.Stamp}, seal.ErrForged},
		"under a later stamp": {record.FieldValue{Value: title.Value, Stamp: late}, seal.ErrForged},
		"of an unknown key":   {record.FieldValue{Value: unknown, Stamp: title.Stamp}, seal.ErrKey},
		"by the server":       {record.FieldValue{Value: record.MustOf("Cancelled"), Stamp: title.Stamp}, seal.ErrUnsealed},
	} {
		opened, err := k.OpenRecord(forge(t, m.Data, map[string]record.FieldValue{"title": c.value}))
		refused(t, err, "meetings/budget/title", c.reason)
		require.Equal(t, map[string]any{"host": "Ana", "team": "north"}, opened.Map(), name)
	}

	both := record.FieldValue{Value: record.MustOf("x"), Stamp: title.Stamp}
	_, err = k.OpenRecord(forge(t, m.Data, map[string]record.FieldValue{"title": both, "host": both}))
	require.EqualError(t, err, "seal: meetings/budget/host: the value is not sealed\nseal: meetings/budget/title: the value is not sealed")
}

// TestServersMergeWithoutReading: the join of sealed records opens to the join of the records.
func TestServersMergeWithoutReading(t *testing.T) {
	k := ring(t, "a")
	rapid.Check(t, func(t *rapid.T) {
		var plain, sealed []record.Record
		for i := range rapid.IntRange(1, 6).Draw(t, "edits") {
			e := record.New(budget).Edit(clock.Stamp{Time: noon + clock.Timestamp(rapid.IntRange(0, 3).Draw(t, "time")), Client: clock.ClientID{byte(i + 1)}})
			for _, name := range []string{"title", "host", "team"} {
				switch rapid.IntRange(0, 2).Draw(t, name) {
				case 0:
					e.Set(name, i)
				case 1:
					e.Delete(name)
				}
			}
			m, err := e.Mutation()
			require.NoError(t, err)
			plain = append(plain, m.Data)
			m, err = k.SealMutation(m)
			require.NoError(t, err)
			sealed = append(sealed, m.Data)
		}
		want, _ := merge.Collect(plain...).Get(budget)
		joined, _ := merge.Collect(sealed...).Get(budget)
		opened, err := k.OpenRecord(joined)
		require.NoError(t, err)
		require.True(t, want.Equal(opened))
	})
}

// TestRestampSealsAgain: restamped items open under their new stamps, and the base follows. Without
// sealing again they would not open.
func TestRestampSealsAgain(t *testing.T) {
	k := ring(t, "a")
	first := booking(t, k)
	second, err := first.Data.Edit(stamp(1)).Set("title", "Budget 2026").Mutation()
	require.NoError(t, err)
	second, err = k.SealMutation(second)
	require.NoError(t, err)
	second.Seen = record.Seen{Epoch: "e", Seq: 7}
	outbox := []record.Mutation{first, second}
	clockOf := func() func() clock.Stamp {
		seconds := -100
		return func() clock.Stamp { seconds++; return stamp(seconds) }
	}

	again, err := ring(t, "b", "a").Restamp(outbox, clockOf())
	require.NoError(t, err)
	require.Len(t, again, 2)
	require.Equal(t, stamp(-99), again[1].Base["title"])
	require.True(t, again[0].New)
	require.Equal(t, second.Seen, again[1].Seen)
	require.Empty(t, ring(t, "b").Old(again[0].Data), "sealed with the current key")
	joined, _ := merge.Collect(again[0].Data, again[1].Data).Get(budget)
	opened, err := ring(t, "b").OpenRecord(joined)
	require.NoError(t, err)
	require.Equal(t, map[string]any{"title": "Budget 2026", "host": "Ana", "team": "north"}, opened.Map())
	require.Equal(t, stamp(-98), get(t, opened, "title").Stamp)

	wrong, err := record.Restamp(outbox, clockOf())
	require.NoError(t, err)
	_, err = k.OpenRecord(wrong[1].Data)
	refused(t, err, "meetings/budget/title", seal.ErrForged)

	_, err = ring(t, "b").Restamp(outbox, clockOf())
	require.ErrorIs(t, err, seal.ErrKey)
}

// TestKeysRotateByOrdinaryWrites: Old names the fields of older keys, and writing them again leaves
// none. Plain fields are never named.
func TestKeysRotateByOrdinaryWrites(t *testing.T) {
	sealed := booking(t, ring(t, "a")).Data
	looksSealed := record.FieldValue{Value: get(t, sealed, "title").Value, Stamp: stamp(0)}
	sealed = forge(t, sealed, map[string]record.FieldValue{"team": looksSealed})
	require.Empty(t, ring(t, "a").Old(sealed))
	k := ring(t, "b", "a")
	require.Equal(t, []string{"host", "title"}, k.Old(sealed))

	opened, err := k.OpenRecord(sealed)
	require.NoError(t, err)
	e := sealed.Edit(stamp(60))
	for _, name := range k.Old(sealed) {
		e.Set(name, get(t, opened, name).Value)
	}
	m, err := e.Mutation()
	require.NoError(t, err)
	m, err = k.SealMutation(m)
	require.NoError(t, err)
	joined, _ := merge.Collect(sealed, m.Data).Get(budget)
	require.Empty(t, k.Old(joined))
	again, err := ring(t, "b").OpenRecord(joined)
	require.NoError(t, err, "the old key is not needed any more")
	require.Equal(t, opened.Map(), again.Map())
}

// TestRulesCountSealedValuesAsUnknown: a rule that reads a sealed field says that it cannot, whatever
// type it expects.
func TestRulesCountSealedValuesAsUnknown(t *testing.T) {
	k := ring(t, "a")
	r := booking(t, k).Data
	for _, rule := range []violation.Rule{
		violation.Unique{Table: "meetings", Fields: []string{"title"}},
		violation.LiveReference{Table: "meetings", Field: "host", Target: "people"},
	} {
		_, err := rule.Scopes(r)
		require.ErrorIs(t, err, violation.ErrUnknown)
	}
	sealed := get(t, r, "title").Value
	for _, into := range []any{new(string), new(int), new(bool), new(struct{ Room string }), new(map[string]any), new([]string), new([]int), new([]byte)} {
		require.Error(t, sealed.Decode(into), "%T", into)
	}
}
