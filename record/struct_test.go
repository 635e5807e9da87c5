package record_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/record"
)

// Audit is embedded without a tag: its members are members of what embeds it.
type Audit struct {
	Editor string `lww:"editor"`
}

type audited struct {
	Checked bool `lww:"checked"`
}

type slot struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

type booking struct {
	Audit
	audited
	Title   string                  `lww:"title"`
	Guests  int                     `lww:"guests"`
	Weight  float64                 `lww:"weight"`
	Room    *string                 `lww:"room"`
	Slot    slot                    `lww:"slot"`
	Tags    []string                `lww:"tags"`
	Extra   map[string]any          `lww:"extra"`
	Any     any                     `lww:"any"`
	Made    time.Time               `lww:"made"`
	Raw     json.RawMessage         `lww:"raw"`
	Value   record.Value            `lww:"value"`
	Sum     big.Int                 `lww:"sum"`
	Due     record.Field[time.Time] `lww:"due"`
	Note    record.Field[string]    `lww:"note"`
	Skipped string                  `lww:"-"`
	Plain   string                  // no tag
	Chan    chan int                // no tag, so it may be anything
	Embed   struct{ Audit }         // no tag, and not embedded
	private string
}

// everyField returns a record with a value in every field of a booking.
func everyField() map[string]record.FieldValue {
	return map[string]record.FieldValue{
		"editor":  write("ben", 1),
		"checked": write(true, 1),
		"title":   write("Party", 1),
		"guests":  write(12, 1),
		"weight":  write(0.5, 1),
		"room":    write("B2", 1),
		"slot":    write(json.RawMessage(`{"from":"2026-11-22T16:00:00.000Z","to":"2026-11-22T17:00:00Z","by":"ben"}`), 1),
		"tags":    write([]string{"a", "b"}, 1),
		"extra":   write(json.RawMessage(`{"id":9007199254740993,"deep":[{"id":9007199254740993}],"f":1.5}`), 1),
		"any":     write(int64(1)<<53+1, 1),
		"made":    write("2026-11-22T16:00:00.500+01:00", 1),
		"raw":     write([]int{1, 2}, 1),
		"value":   write("v", 1),
		"sum":     write(77, 1),
		"due":     write("2026-11-22T16:00:00.000Z", 1),
		"note":    write("n", 1),
		"unknown": write("of a newer version", 1),
	}
}

func TestStruct(t *testing.T) {
	b := booking{Skipped: "s", Plain: "p", private: "x"}
	require.NoError(t, taskOf(t, everyField()).Struct(&b))
	at := func(s string) time.Time {
		when, err := time.Parse(time.RFC3339, s)
		require.NoError(t, err)
		return when
	}
	room := "B2"
	due, ok := b.Due.Get()
	require.True(t, ok)
	require.True(t, due.Equal(at("2026-11-22T16:00:00Z")))
	require.True(t, b.Made.Equal(at("2026-11-22T15:00:00.5Z")))
	require.Equal(t, "77", b.Sum.String())
	b.Due, b.Made, b.Sum = record.Field[time.Time]{}, time.Time{}, big.Int{}
	require.Equal(t, booking{
		Audit:   Audit{"ben"},
		audited: audited{true},
		Title:   "Party",
		Guests:  12,
		Weight:  0.5,
		Room:    &room,
		Slot:    slot{at("2026-11-22T16:00:00Z"), at("2026-11-22T17:00:00Z")},
		Tags:    []string{"a", "b"},
		Extra: map[string]any{
			"id": int64(1<<53 + 1), "f": 1.5, "deep": []any{map[string]any{"id": int64(1<<53 + 1)}},
		},
		Any:     int64(1<<53 + 1),
		Raw:     json.RawMessage("[1,2]"),
		Value:   record.MustOf("v"),
		Note:    record.FieldOf("n"),
		Skipped: "s",
		Plain:   "p",
		private: "x",
	}, b)
}

// Where a field is absent, null or deleted, a plain member is zero, whatever it
// was before. Only a Field tells the three apart, and a Value two of them.
func TestStructWithoutValues(t *testing.T) {
	full := everyField()
	null, deleted := map[string]record.FieldValue{}, map[string]record.FieldValue{}
	for name := range full {
		null[name] = write(nil, 1)
		deleted[name] = write(record.Deletion(), 1)
	}
	zero := booking{Skipped: "s", Plain: "p", private: "x"}
	isNull, isDeleted := zero, zero
	isNull.Due.SetNull()
	isNull.Note.SetNull()
	isDeleted.Due.Delete()
	isDeleted.Note.Delete()
	isDeleted.Value = record.Deletion()
	for name, c := range map[string]struct {
		fields map[string]record.FieldValue
		want   booking
	}{
		"absent":  {nil, zero},
		"null":    {null, isNull},
		"deleted": {deleted, isDeleted},
	} {
		t.Run(name, func(t *testing.T) {
			b := booking{Skipped: "s", Plain: "p", private: "x"}
			require.NoError(t, taskOf(t, full).Struct(&b))
			require.NoError(t, taskOf(t, c.fields).Struct(&b))
			require.Equal(t, c.want, b)
			seen := taskOf(t, c.fields)
			require.Empty(t, written(t, seen.Edit(stampOf(9, ben)).SetStruct(b), seen, stampOf(9, ben)))
			require.Empty(t, written(t, seen.Edit(stampOf(9, ben)).SetStruct(zeroFields(b)), seen, stampOf(9, ben)))
		})
	}
}

// zeroFields returns b with all Fields absent.
func zeroFields(b booking) booking {
	b.Due, b.Note = record.Field[time.Time]{}, record.Field[string]{}
	return b
}

// Writing back what was read writes nothing, also where the Go type cannot hold
// all of it, as the slot here and the forms of times.
func TestSetStructOfStruct(t *testing.T) {
	seen := taskOf(t, everyField())
	var b booking
	require.NoError(t, seen.Struct(&b))
	for name, src := range map[string]any{"value": b, "pointer": &b} {
		t.Run(name, func(t *testing.T) {
			require.Empty(t, written(t, seen.Edit(stampOf(9, ben)).SetStruct(src), seen, stampOf(9, ben)))
		})
	}
}

func TestSetStruct(t *testing.T) {
	seen := taskOf(t, everyField())
	now := stampOf(9, ben)
	newRoom := "C3"
	for name, c := range map[string]struct {
		change func(b *booking)
		want   map[string]string
	}{
		"nothing that is mapped": {func(b *booking) { b.Skipped, b.Plain, b.private = "1", "2", "3" }, map[string]string{}},
		"a string":               {func(b *booking) { b.Title = "Ball" }, map[string]string{"title": `"Ball"`}},
		"a string to empty":      {func(b *booking) { b.Title = "" }, map[string]string{"title": `""`}},
		"a number to zero":       {func(b *booking) { b.Guests = 0 }, map[string]string{"guests": "0"}},
		"promoted members":       {func(b *booking) { b.Editor, b.Checked = "ana", false }, map[string]string{"editor": `"ana"`, "checked": "false"}},
		"a pointer to nil":       {func(b *booking) { b.Room = nil }, map[string]string{"room": "null"}},
		"a pointer":              {func(b *booking) { b.Room = &newRoom }, map[string]string{"room": `"C3"`}},
		"a slice to nil":         {func(b *booking) { b.Tags = nil }, map[string]string{"tags": "null"}},
		"a slice to empty":       {func(b *booking) { b.Tags = []string{} }, map[string]string{"tags": "[]"}},
		"a slice, within":        {func(b *booking) { b.Tags[1] = "c" }, map[string]string{"tags": `["a","c"]`}},
		"a map, within":          {func(b *booking) { delete(b.Extra, "deep") }, map[string]string{"extra": `{"f":1.5,"id":9007199254740993}`}},
		"an any":                 {func(b *booking) { b.Any = int64(1<<53 + 2) }, map[string]string{"any": "9007199254740994"}},
		"a composite, as a whole": {func(b *booking) { b.Slot.To = b.Slot.From }, map[string]string{
			"slot": `{"from":"2026-11-22T16:00:00Z","to":"2026-11-22T16:00:00Z"}`,
		}},
		"a time":                    {func(b *booking) { b.Made = b.Made.Add(time.Hour) }, map[string]string{"made": `"2026-11-22T17:00:00.5+01:00"`}},
		"a value":                   {func(b *booking) { b.Value = record.Value{} }, map[string]string{"value": "null"}},
		"a value, deleted":          {func(b *booking) { b.Value = record.Deletion() }, map[string]string{"value": "deleted"}},
		"through a pointer":         {func(b *booking) { b.Sum.SetInt64(78) }, map[string]string{"sum": "78"}},
		"raw JSON, spelled anew":    {func(b *booking) { b.Raw = json.RawMessage(" [1.0, 2] ") }, map[string]string{}},
		"raw JSON":                  {func(b *booking) { b.Raw = json.RawMessage("[2]") }, map[string]string{"raw": "[2]"}},
		"Fields to absent":          {func(b *booking) { *b = zeroFields(*b) }, map[string]string{}},
		"a Field to null":           {func(b *booking) { b.Note.SetNull() }, map[string]string{"note": "null"}},
		"a Field, deleted":          {func(b *booking) { b.Note.Delete() }, map[string]string{"note": "deleted"}},
		"a Field to zero":           {func(b *booking) { b.Note.Set("") }, map[string]string{"note": `""`}},
		"a Field to what it is":     {func(b *booking) { b.Note = record.FieldOf("n") }, map[string]string{}},
		"several":                   {func(b *booking) { b.Title, b.Guests, b.Note = "", 13, record.FieldOf("o") }, map[string]string{"title": `""`, "guests": "13", "note": `"o"`}},
		"a Field whose form is not": {func(b *booking) { when, _ := b.Due.Get(); b.Due.Set(when) }, map[string]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			var b booking
			require.NoError(t, seen.Struct(&b))
			c.change(&b)
			require.Equal(t, c.want, written(t, seen.Edit(now).SetStruct(&b), seen, now))
			require.Equal(t, c.want, written(t, seen.Edit(now).SetStruct(b), seen, now))

			// What was written reads back as what it was written from.
			m, err := seen.Edit(now).SetStruct(b).Mutation()
			require.NoError(t, err)
			var builder record.Builder
			merged, _, err := builder.Join(seen, m.Data)
			require.NoError(t, err)
			var again booking
			require.NoError(t, merged.Struct(&again))
			require.Empty(t, written(t, merged.Edit(stampOf(10, ana)).SetStruct(b), merged, stampOf(10, ana)))
		})
	}
}

// A Field writes just what it is: the four states of it upon the four states of
// a field.
func TestSetStructFieldStates(t *testing.T) {
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
			require.Equal(t, want, written(t, seen.Edit(now).SetStruct(holder{f}), seen, now), "%s upon %s", is, was)
		}
	}
}

// SetStruct takes part in what an edit collects: the last call about a field
// counts.
func TestSetStructAmongOtherCalls(t *testing.T) {
	type title struct {
		Title string            `lww:"title"`
		Done  record.Field[int] `lww:"done"`
	}
	seen := taskOf(t, map[string]record.FieldValue{"title": write("Milk", 1)})
	now := stampOf(9, ben)
	require.Equal(t, map[string]string{"a": "1", "done": "1"},
		written(t, seen.Edit(now).Set("a", 1).Set("title", "Tea").Set("done", 1).SetStruct(title{Title: "Milk"}), seen, now))
	require.Equal(t, map[string]string{"title": `"Rum"`},
		written(t, seen.Edit(now).SetStruct(title{Title: "Tea"}).Set("title", "Rum"), seen, now))
}

func TestStructNumbers(t *testing.T) {
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
			require.Equal(t, n, got, "left as it was")
			_, err = r.Edit(stampOf(9, ben)).SetStruct(numbers{}).Mutation()
			require.ErrorIs(t, err, record.ErrType, "%s %v", name, v)
			require.Equal(t, name, errorPath(t, err))
		}
	}
}

// A struct is stored as a whole or not at all, also if the misfit is the last
// member, or deep in a composite, or in a Field.
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

// An absent Field leaves alone even what it could not read.
func TestSetStructLeavesMisfitsAlone(t *testing.T) {
	seen := taskOf(t, map[string]record.FieldValue{"due": write("soon", 1)})
	now := stampOf(9, ben)
	require.Equal(t, map[string]string{"title": `"x"`}, written(t, seen.Edit(now).SetStruct(booking{Title: "x"}), seen, now))
	_, err := seen.Edit(now).SetStruct(booking{Due: record.FieldOf(time.Time{})}).Mutation()
	require.ErrorIs(t, err, record.ErrType)
}

// What Struct stores belongs to the caller, and does not refer to what was
// there before.
func TestStructSharesNothing(t *testing.T) {
	r := taskOf(t, everyField())
	room := "mine"
	b := booking{Room: &room, Tags: make([]string, 9), Extra: map[string]any{"mine": 1}}
	mine := b
	require.NoError(t, r.Struct(&b))
	require.Equal(t, "mine", room)
	require.Equal(t, map[string]any{"mine": 1}, mine.Extra)
	require.Equal(t, make([]string, 9), mine.Tags)
	require.NotContains(t, b.Extra, "mine")

	text := string(r.AppendJSON(nil))
	b.Tags[0], b.Raw[0] = "z", '!'
	b.Extra["deep"].([]any)[0] = nil
	require.Equal(t, text, string(r.AppendJSON(nil)))
}

// Integers are exact in any any, and json.Numbers that a type asked for stay.
func TestStructExactAnywhere(t *testing.T) {
	type inner struct {
		Any    any
		Number json.Number
		Next   *inner
		Ints   []int64
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

// ownTree unmarshals itself, into something with a cycle.
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

// A type that cannot be mapped is refused by both, at the member that is to
// blame.
func TestStructRefusesTypes(t *testing.T) {
	type Inner struct {
		Bad chan int `lww:"bad"`
	}
	type lower struct {
		Title string `lww:"title"`
	}
	type Cycle struct{ *Cycle }
	type deep **int
	for name, c := range map[string]struct {
		src  any
		path string
		want error
	}{
		"channel": {&struct {
			C chan int `lww:"c"`
		}{}, "C", record.ErrUnsupported},
		"function": {&struct {
			F func() `lww:"c"`
		}{}, "F", record.ErrUnsupported},
		"complex": {&struct {
			C complex64 `lww:"c"`
		}{}, "C", record.ErrUnsupported},
		"pointer to channel": {&struct {
			C *chan int `lww:"c"`
		}{}, "C", record.ErrUnsupported},
		"pointer to pointer": {&struct {
			P **int `lww:"p"`
		}{}, "P", record.ErrUnsupported},
		"named such": {&struct {
			P deep `lww:"p"`
		}{}, "P", record.ErrUnsupported},
		"pointer to a Field": {&struct {
			P *record.Field[int] `lww:"p"`
		}{}, "P", record.ErrUnsupported},
		"bytes": {&struct {
			B []byte `lww:"b"`
		}{}, "B", record.ErrUnsupported},
		"pointer to bytes": {&struct {
			B *[]letter `lww:"b"`
		}{}, "B", record.ErrUnsupported},
		"interface": {&struct {
			E error `lww:"e"`
		}{}, "E", record.ErrUnsupported},
		"embedded":         {&struct{ Inner }{}, "Inner.Bad", record.ErrUnsupported},
		"embedded pointer": {&struct{ *Audit }{}, "Audit", record.ErrUnsupported},
		"embedded cycle":   {&Cycle{}, "Cycle", record.ErrUnsupported},
		"not exported": {&struct {
			title string `lww:"title"`
		}{}, "title", record.ErrUnsupported},
		"embedded with a tag": {&struct {
			lower `lww:"lower"`
		}{}, "lower", record.ErrUnsupported},
		"reserved": {&struct {
			D bool `lww:"$deleted"`
		}{}, "D", record.ErrName},
		"no name": {&struct {
			A int `lww:""`
		}{}, "A", record.ErrName},
		"an option": {&struct {
			A int `lww:"a,omitempty"`
		}{}, "A", record.ErrName},
		"only an option": {&struct {
			A int `lww:",omitempty"`
		}{}, "A", record.ErrName},
		"a trap": {&struct {
			A int `lww:"__proto__"`
		}{}, "A", record.ErrName},
		"not UTF-8": {&struct {
			A int "lww:\"\\xff\""
		}{}, "A", record.ErrUTF8},
		"a name twice": {&struct {
			A int `lww:"a"`
			B int `lww:"a"`
		}{}, "B", record.ErrName},
		"twice by embedding": {&struct {
			Audit
			E int `lww:"editor"`
		}{}, "E", record.ErrName},
		"twice, the other way": {&struct {
			E int `lww:"editor"`
			Audit
		}{}, "Audit.Editor", record.ErrName},
		"no struct":                    {new(int), "", record.ErrUnsupported},
		"a map":                        {&map[string]int{}, "", record.ErrUnsupported},
		"pointer to pointer to struct": {func() any { p := &Audit{}; return &p }(), "", record.ErrUnsupported},
		"nil":                          {nil, "", record.ErrUnsupported},
		"nil pointer":                  {(*Audit)(nil), "", record.ErrUnsupported},
	} {
		t.Run(name, func(t *testing.T) {
			err := record.New(milkKey).Struct(c.src)
			require.ErrorIs(t, err, c.want)
			require.Equal(t, c.path, errorPath(t, err))
			_, err = record.New(milkKey).Edit(stampOf(1, ana)).SetStruct(c.src).Mutation()
			require.ErrorIs(t, err, c.want)
			require.Equal(t, c.path, errorPath(t, err))
		})
	}
	err := record.New(milkKey).Struct(Audit{})
	require.EqualError(t, err, "record: unsupported Go value: need a pointer to a struct, not record_test.Audit")
}

// What is within a composite is judged by its values.
func TestSetStructRefusesValues(t *testing.T) {
	type Part struct {
		Name string
		Data []byte
	}
	type holder struct {
		Parts []Part                `lww:"parts"`
		Any   any                   `lww:"any"`
		Field record.Field[float64] `lww:"field"`
		Texts []string              `lww:"texts"`
	}
	for path, c := range map[string]struct {
		src  holder
		want error
	}{
		"parts": {holder{Parts: []Part{{Name: "x"}}}, record.ErrUnsupported},
		"any":   {holder{Any: func() {}}, record.ErrUnsupported},
		"field": {holder{Field: record.FieldOf(math.Inf(1))}, record.ErrNumber},
		"texts": {holder{Texts: []string{"\xff"}}, record.ErrUTF8},
	} {
		_, err := record.New(milkKey).Edit(stampOf(1, ana)).SetStruct(c.src).Mutation()
		require.ErrorIs(t, err, c.want)
		require.Equal(t, path, errorPath(t, err))
	}
}

// hexBytes has a form of its own, so it may be bytes.
type hexBytes []byte

func (h *hexBytes) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%x", []byte(*h)), nil }

func (h *hexBytes) UnmarshalText(text []byte) error {
	_, err := fmt.Sscanf(string(text), "%x", (*[]byte)(h))
	return err
}

func TestStructBytesWithAForm(t *testing.T) {
	type holder struct {
		Sum hexBytes `lww:"sum"`
	}
	now := stampOf(9, ben)
	seen := record.New(milkKey)
	require.Equal(t, map[string]string{"sum": `"cafe"`}, written(t, seen.Edit(now).SetStruct(holder{hexBytes{0xca, 0xfe}}), seen, now))
	var h holder
	require.NoError(t, taskOf(t, map[string]record.FieldValue{"sum": write("beef", 1)}).Struct(&h))
	require.Equal(t, hexBytes{0xbe, 0xef}, h.Sum)
}

// What is embedded without a tag and is no struct has no members to map.
func TestStructEmbeddedOtherThanStructs(t *testing.T) {
	type holder struct {
		fmt.Stringer
		word
		Title string `lww:"title"`
	}
	h := holder{word: "w"}
	require.NoError(t, taskOf(t, map[string]record.FieldValue{"title": write("Milk", 1)}).Struct(&h))
	require.Equal(t, holder{word: "w", Title: "Milk"}, h)
}

// The members of an embedded struct with a tag are one composite.
func TestStructEmbeddedWithATag(t *testing.T) {
	type holder struct {
		Audit `lww:"audit"`
	}
	now := stampOf(1, ana)
	seen := record.New(milkKey)
	e := seen.Edit(now).SetStruct(holder{Audit{"ana"}})
	require.Equal(t, map[string]string{"audit": `{"Editor":"ana"}`}, written(t, e, seen, now))
}

func TestStructOfLargeValue(t *testing.T) {
	type holder struct {
		Text  string       `lww:"text"`
		Value record.Value `lww:"value"`
	}
	long := strings.Repeat("x", 2<<20)
	m, err := record.New(milkKey).Edit(stampOf(1, ana)).SetStruct(holder{long, record.MustOf(long)}).Mutation()
	require.NoError(t, err)
	var h holder
	require.NoError(t, m.Data.Struct(&h))
	require.Equal(t, long, h.Text)
	require.True(t, h.Value == record.MustOf(long))
}

func TestField(t *testing.T) {
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
	require.Zero(t, v, "the value is forgotten")
	f.Set(8)
	f.Delete()
	require.Equal(t, [4]bool{false, false, true, false}, state())
	v, _ = f.Get()
	require.Zero(t, v)
}

func TestFieldJSON(t *testing.T) {
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
	require.Equal(t, `{"b":null,"c":[1,2]}`, record.MustOf(m).JSON(), "so it may be part of a composite")

	f := record.FieldOf(1)
	require.ErrorIs(t, f.UnmarshalJSON([]byte(`"x"`)), record.ErrType)
	require.ErrorIs(t, f.UnmarshalJSON([]byte(`1e999`)), record.ErrNumber)
	require.True(t, f == record.FieldOf(1), "a refused text changes nothing")

	f.Delete()
	_, err = f.MarshalJSON()
	require.ErrorIs(t, err, record.ErrKind)
	_, err = record.Field[int]{}.MarshalJSON()
	require.ErrorIs(t, err, record.ErrMissing)
	_, err = record.FieldOf(math.NaN()).MarshalJSON()
	require.ErrorIs(t, err, record.ErrNumber)
}
