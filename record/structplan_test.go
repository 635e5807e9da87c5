package record_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/record"
)

// Struct and SetStruct refuse a type that cannot be mapped, with an error whose path names the
// member at fault.
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
		"named pointer to pointer": {&struct {
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
		"empty name": {&struct {
			A int `lww:""`
		}{}, "A", record.ErrName},
		"an option": {&struct {
			A int `lww:"a,omitempty"`
		}{}, "A", record.ErrName},
		"only an option": {&struct {
			A int `lww:",omitempty"`
		}{}, "A", record.ErrName},
		"__proto__": {&struct {
			A int `lww:"__proto__"`
		}{}, "A", record.ErrName},
		"not UTF-8": {&struct {
			A int "lww:\"\\xff\""
		}{}, "A", record.ErrUTF8},
		"a name twice": {&struct {
			A int `lww:"a"`
			B int `lww:"a"`
		}{}, "B", record.ErrName},
		"twice, embedded first": {&struct {
			Audit
			E int `lww:"editor"`
		}{}, "E", record.ErrName},
		"twice, embedded second": {&struct {
			E int `lww:"editor"`
			Audit
		}{}, "Audit.Editor", record.ErrName},
		"not a struct":                 {new(int), "", record.ErrUnsupported},
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

// The type of a composite is accepted, but a value of it with a part that cannot be written is
// refused.
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

// hexBytes marshals itself, so it is allowed although it is a byte slice.
type hexBytes []byte

func (h *hexBytes) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%x", []byte(*h)), nil }

func (h *hexBytes) UnmarshalText(text []byte) error {
	_, err := fmt.Sscanf(string(text), "%x", (*[]byte)(h))
	return err
}

func TestBytesThatMarshalThemselvesAreAccepted(t *testing.T) {
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

// Members of deeply embedded structs must not share an index path.
func TestDeeplyEmbeddedMembersAreMapped(t *testing.T) {
	type l4 struct {
		X int `lww:"x"`
		Y int `lww:"y"`
		Z int `lww:"z"`
	}
	type l3 struct {
		l4
		V int `lww:"v"`
		W int `lww:"w"`
	}
	type l2 struct{ l3 }
	type l1 struct{ l2 }
	type l0 struct{ l1 }
	var h l0
	r := taskOf(t, map[string]record.FieldValue{
		"v": write(5, 1), "w": write(1, 1), "x": write(2, 1), "y": write(3, 1), "z": write(4, 1),
	})
	require.NoError(t, r.Struct(&h))
	require.Equal(t, l3{l4{2, 3, 4}, 5, 1}, h.l3)
}

// An embedded type that is not a struct and has no tag is ignored.
func TestEmbeddedTypesThatAreNotStructsAreIgnored(t *testing.T) {
	type holder struct {
		fmt.Stringer
		word
		Title string `lww:"title"`
	}
	h := holder{word: "w"}
	require.NoError(t, taskOf(t, map[string]record.FieldValue{"title": write("Milk", 1)}).Struct(&h))
	require.Equal(t, holder{word: "w", Title: "Milk"}, h)
}

// An embedded struct with a tag is one composite field.
func TestEmbeddedStructWithATagIsOneField(t *testing.T) {
	type holder struct {
		Audit `lww:"audit"`
	}
	now := stampOf(1, ana)
	seen := record.New(milkKey)
	e := seen.Edit(now).SetStruct(holder{Audit{"ana"}})
	require.Equal(t, map[string]string{"audit": `{"Editor":"ana"}`}, written(t, e, seen, now))
}
