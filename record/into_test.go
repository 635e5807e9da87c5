package record_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/record"
)

func TestStructNumbersAreExactOrRefused(t *testing.T) {
	type numbers struct {
		I64 int64   `lww:"i64"`
		U64 uint64  `lww:"u64"`
		I8  int8    `lww:"i8"`
		U8  uint8   `lww:"u8"`
		F32 float32 `lww:"f32"`
		F64 float64 `lww:"f64"`
	}
	n := numbers{math.MinInt64, math.MaxInt64, -128, 255, 0.1, 1e300}
	m, err := record.New(milkKey).Edit(stampOf(1, ana)).SetStruct(n).Mutation()
	require.NoError(t, err)
	var got numbers
	require.NoError(t, m.Data.Struct(&got))
	require.Equal(t, n, got)

	_, err = record.New(milkKey).Edit(stampOf(1, ana)).SetStruct(numbers{U64: 1 << 63}).Mutation()
	require.ErrorIs(t, err, record.ErrNumber)
	require.Equal(t, "u64", errorPath(t, err))

	for name, bad := range map[string][]any{
		"i64": {0.5, 1e21, "1", true, []int{1}, map[string]int{}},
		"u64": {-1, 0.5, 1e21},
		"i8":  {128, -129, 0.5},
		"u8":  {256, -1},
		"f32": {1e39, "x"},
		"f64": {"1", false},
	} {
		for _, v := range bad {
			r := taskOf(t, map[string]record.FieldValue{"i64": write(7, 1), "f64": write(7, 1), name: write(v, 1)})
			got := n
			err := r.Struct(&got)
			require.ErrorIs(t, err, record.ErrType, "%s %v", name, v)
			require.Equal(t, name, errorPath(t, err))
			require.Equal(t, n, got, "the struct must not change")
			_, err = r.Edit(stampOf(9, ben)).SetStruct(numbers{}).Mutation()
			require.ErrorIs(t, err, record.ErrType, "%s %v", name, v)
			require.Equal(t, name, errorPath(t, err))
		}
	}
}

// A struct is stored as a whole or not at all, even if the value that does not fit is in the
// last member, deep in a composite, or in a Field.
func TestStructIsAllOrNothing(t *testing.T) {
	for name, v := range map[string]any{
		"editor": 1, "checked": "yes", "title": 5, "room": []int{}, "slot": map[string]any{"from": "73641"}, "tags": []any{"a", 73641},
		"extra": "x", "made": "73641", "sum": "x", "due": "73641", "note": 73641,
	} {
		t.Run(name, func(t *testing.T) {
			before := booking{Title: "before", Tags: []string{"x", "y"}, Extra: map[string]any{"k": 1}, Note: record.FieldOf("before")}
			b := before
			fields := everyField()
			fields[name] = write(v, 1)
			err := taskOf(t, fields).Struct(&b)
			require.ErrorIs(t, err, record.ErrType)
			require.Equal(t, name, errorPath(t, err))
			require.NotContains(t, err.Error(), "73641")
			require.Equal(t, before, b)
			require.Equal(t, []string{"x", "y"}, before.Tags)
			require.Equal(t, map[string]any{"k": 1}, before.Extra)
		})
	}
}

// Integers are exact in every any, and the json.Numbers that a type declares stay as they
// are.
func TestStructKeepsIntegersExactInEveryAny(t *testing.T) {
	type inner struct {
		Any    any
		Number json.Number
		Next   *inner
		Ints   []int64
		//lint:ignore U1000 a field that is not exported is left alone
		unseen any
	}
	type promoted struct{ Deep any }
	type outer struct {
		promoted
		Inner map[string][]inner
		Array [2]any
		Own   ownTree
		When  time.Time
		Iface fmt.Stringer `json:"-"`
	}
	type holder struct {
		Outer outer                        `lww:"outer"`
		List  []any                        `lww:"list"`
		Field record.Field[map[string]any] `lww:"field"`
		Ptr   *any                         `lww:"ptr"`
	}
	const big = int64(1<<53 + 1)
	r := taskOf(t, map[string]record.FieldValue{
		"outer": write(json.RawMessage(`{"Deep":{"x":[9007199254740993]},"Inner":{"k":[{"Any":9007199254740993,"Number":9007199254740993,
			"Next":{"Any":1.5},"Ints":[9007199254740993]}]},"Array":[9007199254740993,{"a":9007199254740993}],"Own":{"n":1},"When":"2026-11-22T16:00:00Z"}`), 1),
		"list":  write(json.RawMessage(`[9007199254740993,[9007199254740993]]`), 1),
		"field": write(json.RawMessage(`{"a":9007199254740993}`), 1),
		"ptr":   write(big, 1),
	})
	var h holder
	require.NoError(t, r.Struct(&h))
	in := h.Outer.Inner["k"][0]
	require.Equal(t, big, in.Any)
	require.Equal(t, json.Number("9007199254740993"), in.Number)
	require.Equal(t, 1.5, in.Next.Any)
	require.Equal(t, []int64{big}, in.Ints)
	require.Equal(t, map[string]any{"x": []any{big}}, h.Outer.Deep)
	require.Equal(t, [2]any{big, map[string]any{"a": big}}, h.Outer.Array)
	require.Equal(t, []any{big, []any{big}}, h.List)
	require.Equal(t, big, *h.Ptr)
	m, _ := h.Field.Get()
	require.Equal(t, map[string]any{"a": big}, m)
	require.Same(t, h.Outer.Own.self, h.Outer.Own.self.self)
}

// ownTree unmarshals itself into a value with a cycle.
type ownTree struct {
	Any  any
	self *ownTree
	Self *ownTree
}

func (o *ownTree) UnmarshalJSON([]byte) error {
	o.self = &ownTree{Any: 1}
	o.self.self, o.Self = o.self, o.self
	o.self.Self = o.self
	return nil
}
