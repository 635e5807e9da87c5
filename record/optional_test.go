package record_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/record"
)

// A Field writes exactly its state: each state is written over each state of the field.
func TestFieldWritesItsState(t *testing.T) {
	type holder struct {
		F record.Field[int] `lww:"f"`
	}
	null, deleted := record.Field[int]{}, record.Field[int]{}
	null.SetNull()
	deleted.Delete()
	fields := map[string]record.Field[int]{"absent": {}, "null": null, "deleted": deleted, "0": record.FieldOf(0), "1": record.FieldOf(1)}
	now := stampOf(9, ben)
	for was, before := range fields {
		seen := record.New(milkKey)
		if was != "absent" {
			m, err := seen.Edit(stampOf(1, ana)).SetStruct(holder{before}).Mutation()
			require.NoError(t, err)
			seen = m.Data
			require.Equal(t, 1, seen.Len(), was)
		}
		var read holder
		require.NoError(t, seen.Struct(&read))
		require.Equal(t, before, read.F)
		for is, f := range fields {
			want := map[string]string{"f": is}
			if is == was || is == "absent" {
				want = map[string]string{}
			}
			require.Equal(t, want, written(t, seen.Edit(now).SetStruct(holder{f}), seen, now), "%s over %s", is, was)
		}
	}
}

// An absent Field does not change the field, even if the field holds a value that does not
// fit.
func TestAbsentFieldKeepsAValueThatDoesNotFit(t *testing.T) {
	seen := taskOf(t, map[string]record.FieldValue{"due": write("soon", 1)})
	now := stampOf(9, ben)
	require.Equal(t, map[string]string{"title": `"x"`}, written(t, seen.Edit(now).SetStruct(booking{Title: "x"}), seen, now))
	_, err := seen.Edit(now).SetStruct(booking{Due: record.FieldOf(time.Time{})}).Mutation()
	require.ErrorIs(t, err, record.ErrType)
}

func TestFieldHasOneOfFourStates(t *testing.T) {
	var f record.Field[int]
	state := func() [4]bool {
		_, present := f.Get()
		return [4]bool{f.IsZero(), f.IsNull(), f.Deleted(), present}
	}
	require.Equal(t, [4]bool{true, false, false, false}, state())
	f.Set(7)
	require.Equal(t, [4]bool{false, false, false, true}, state())
	v, ok := f.Get()
	require.Equal(t, 7, v)
	require.True(t, ok)
	require.True(t, f == record.FieldOf(7))
	f.SetNull()
	require.Equal(t, [4]bool{false, true, false, false}, state())
	v, _ = f.Get()
	require.Zero(t, v, "SetNull must clear the value")
	f.Set(8)
	f.Delete()
	require.Equal(t, [4]bool{false, false, true, false}, state())
	v, _ = f.Get()
	require.Zero(t, v)
}

func TestFieldJSONIsTheValueOrNull(t *testing.T) {
	type message struct {
		A record.Field[int]    `json:"a,omitzero"`
		B record.Field[string] `json:"b,omitzero"`
		C record.Field[[]int]  `json:"c,omitzero"`
	}
	var m message
	require.NoError(t, json.Unmarshal([]byte(`{"b":null,"c":[1,2]}`), &m))
	require.True(t, m.A.IsZero())
	require.True(t, m.B.IsNull())
	c, ok := m.C.Get()
	require.True(t, ok)
	require.Equal(t, []int{1, 2}, c)
	text, err := json.Marshal(m)
	require.NoError(t, err)
	require.Equal(t, `{"b":null,"c":[1,2]}`, string(text))
	require.Equal(t, `{"b":null,"c":[1,2]}`, record.MustOf(m).JSON(), "a Field may be part of a composite")

	f := record.FieldOf(1)
	require.ErrorIs(t, f.UnmarshalJSON([]byte(`"x"`)), record.ErrType)
	require.ErrorIs(t, f.UnmarshalJSON([]byte(`1e999`)), record.ErrNumber)
	require.True(t, f == record.FieldOf(1), "a refused text must not change the Field")

	f.Delete()
	_, err = f.MarshalJSON()
	require.ErrorIs(t, err, record.ErrValueForm)
	_, err = record.Field[int]{}.MarshalJSON()
	require.ErrorIs(t, err, record.ErrMissing)
	_, err = record.FieldOf(math.NaN()).MarshalJSON()
	require.ErrorIs(t, err, record.ErrNumber)
}
