package record_test

import (
	"errors"
	"fmt"
	"math"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// A Go value becomes its canonical JSON text or is refused: no value is silently changed.
func ExampleOf() {
	type Slot struct {
		To   string `json:"to"`
		From string `json:"from"`
	}
	for _, v := range []any{
		nil, true, uint8(7), 1e2, float32(0.1), int64(1)<<53 + 1, "<3",
		[]string{"b", "a"},
		Slot{From: "9:00", To: "10:30"},
		math.NaN(), "\xff", []byte("abc"),
	} {
		value, err := record.Of(v)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(value.Kind(), value)
	}
	// Output:
	// null null
	// bool true
	// number 7
	// number 100
	// number 0.1
	// number 9007199254740993
	// string "<3"
	// composite ["b","a"]
	// composite {"from":"9:00","to":"10:30"}
	// record: number out of range
	// record: invalid UTF-8
	// record: unsupported Go value: bytes
}

// Two values are equal if they mean the same, in whatever spelling.
func ExampleParseValue() {
	a, _ := record.ParseValue([]byte(`{"size": 1e2, "name": "caf\u00e9"}`))
	b, _ := record.ParseValue([]byte(`{"name":"café","size":100.0}`))
	fmt.Println(a == b, a)

	_, err := record.ParseValue([]byte(`{"size": 1, "size": 2}`))
	fmt.Println(errors.Is(err, record.ErrDuplicate))
	// Output:
	// true {"name":"café","size":100}
	// true
}

// Absent, null, deleted and empty are four different things.
func ExampleValue() {
	ana := clock.MustParseClientID("7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10")
	stamp := clock.Stamp{Time: clock.MustParseTimestamp("2026-03-02T12:00:00Z"), Client: ana}
	m, _ := record.New(record.Key{Table: "tasks", ID: "42"}).Edit(stamp).
		Set("due", nil).Set("note", "").Delete("tags").Mutation()

	for _, name := range []string{"color", "due", "note", "tags"} {
		w, ok := m.Data.Get(name)
		if !ok {
			fmt.Println(name, "is absent")
			continue
		}
		text, isText := w.Value.Text()
		fmt.Printf("%s is %v: %v %q %v\n", name, w.Value.Kind(), w.Value, text, isText)
	}
	fmt.Println(m.Data.Map())
	// Output:
	// color is absent
	// due is null: null "" false
	// note is string: "" "" true
	// tags is deleted: deleted "" false
	// map[due:<nil> note:]
}
