package record_test

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/record"
)

// Audit is embedded without a tag, so its members count as members of the outer struct.
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
	Chan    chan int                // no tag, so any type is allowed
	Embed   struct{ Audit }         // no tag, and not embedded
	private string
}

// everyField returns the fields of a record with a value for every member of a booking.
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

func TestStructReadsEveryMember(t *testing.T) {
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

// If a field is absent, null or deleted, a plain member becomes zero, whatever it held
// before. Only a Field distinguishes the three, and a Value distinguishes a deletion from the
// others.
func TestStructZeroesMembersWithoutAValue(t *testing.T) {
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

// Writing back an unchanged struct writes nothing, even if the Go type cannot hold the whole
// value, as for the slot and the spellings of times here.
func TestSetStructOfAnUnchangedStructWritesNothing(t *testing.T) {
	seen := taskOf(t, everyField())
	var b booking
	require.NoError(t, seen.Struct(&b))
	for name, src := range map[string]any{"value": b, "pointer": &b} {
		t.Run(name, func(t *testing.T) {
			require.Empty(t, written(t, seen.Edit(stampOf(9, ben)).SetStruct(src), seen, stampOf(9, ben)))
		})
	}
}

func TestSetStructWritesOnlyChanges(t *testing.T) {
	seen := taskOf(t, everyField())
	now := stampOf(9, ben)
	newRoom := "C3"
	for name, c := range map[string]struct {
		change func(b *booking)
		want   map[string]string
	}{
		"only unmapped members":  {func(b *booking) { b.Skipped, b.Plain, b.private = "1", "2", "3" }, map[string]string{}},
		"a string":               {func(b *booking) { b.Title = "Ball" }, map[string]string{"title": `"Ball"`}},
		"a string becomes empty": {func(b *booking) { b.Title = "" }, map[string]string{"title": `""`}},
		"a number becomes zero":  {func(b *booking) { b.Guests = 0 }, map[string]string{"guests": "0"}},
		"promoted members":       {func(b *booking) { b.Editor, b.Checked = "ana", false }, map[string]string{"editor": `"ana"`, "checked": "false"}},
		"a pointer becomes nil":  {func(b *booking) { b.Room = nil }, map[string]string{"room": "null"}},
		"a pointer":              {func(b *booking) { b.Room = &newRoom }, map[string]string{"room": `"C3"`}},
		"a slice becomes nil":    {func(b *booking) { b.Tags = nil }, map[string]string{"tags": "null"}},
		"a slice becomes empty":  {func(b *booking) { b.Tags = []string{} }, map[string]string{"tags": "[]"}},
		"an element of a slice":  {func(b *booking) { b.Tags[1] = "c" }, map[string]string{"tags": `["a","c"]`}},
		"an entry of a map":      {func(b *booking) { delete(b.Extra, "deep") }, map[string]string{"extra": `{"f":1.5,"id":9007199254740993}`}},
		"an any":                 {func(b *booking) { b.Any = int64(1<<53 + 2) }, map[string]string{"any": "9007199254740994"}},
		"a part of a composite": {func(b *booking) { b.Slot.To = b.Slot.From }, map[string]string{
			"slot": `{"from":"2026-11-22T16:00:00Z","to":"2026-11-22T16:00:00Z"}`,
		}},
		"a time":           {func(b *booking) { b.Made = b.Made.Add(time.Hour) }, map[string]string{"made": `"2026-11-22T17:00:00.5+01:00"`}},
		"a value":          {func(b *booking) { b.Value = record.Value{} }, map[string]string{"value": "null"}},
		"a value, deleted": {func(b *booking) { b.Value = record.Deletion() }, map[string]string{"value": "deleted"}},
		"a type that marshals itself through a pointer":   {func(b *booking) { b.Sum.SetInt64(78) }, map[string]string{"sum": "78"}},
		"raw JSON gets another spelling":                  {func(b *booking) { b.Raw = json.RawMessage(" [1.0, 2] ") }, map[string]string{}},
		"raw JSON":                                        {func(b *booking) { b.Raw = json.RawMessage("[2]") }, map[string]string{"raw": "[2]"}},
		"Fields become absent":                            {func(b *booking) { *b = zeroFields(*b) }, map[string]string{}},
		"a Field becomes null":                            {func(b *booking) { b.Note.SetNull() }, map[string]string{"note": "null"}},
		"a Field, deleted":                                {func(b *booking) { b.Note.Delete() }, map[string]string{"note": "deleted"}},
		"a Field becomes zero":                            {func(b *booking) { b.Note.Set("") }, map[string]string{"note": `""`}},
		"a Field is set to the same value":                {func(b *booking) { b.Note = record.FieldOf("n") }, map[string]string{}},
		"several":                                         {func(b *booking) { b.Title, b.Guests, b.Note = "", 13, record.FieldOf("o") }, map[string]string{"title": `""`, "guests": "13", "note": `"o"`}},
		"a Field is set to another spelling of its value": {func(b *booking) { when, _ := b.Due.Get(); b.Due.Set(when) }, map[string]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			var b booking
			require.NoError(t, seen.Struct(&b))
			c.change(&b)
			require.Equal(t, c.want, written(t, seen.Edit(now).SetStruct(&b), seen, now))
			require.Equal(t, c.want, written(t, seen.Edit(now).SetStruct(b), seen, now))

			// The written fields read back as the struct from which they were written.
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

// SetStruct counts like any other call of an edit: the last call on a field wins.
func TestLastCallOnAFieldCounts(t *testing.T) {
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

// The values that Struct stores belong to the caller and do not refer to the previous
// contents of the struct.
func TestStructSharesNoMemory(t *testing.T) {
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

func TestStructHasNoLimitOfSize(t *testing.T) {
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
