package fields_test

import (
	"fmt"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/fields"
)

// A card is dragged between two others: one write of its position.
func ExampleBetween() {
	ana := clock.MustParseClientID("0194a1f0-0000-7000-8000-00000000000a")
	turn := fields.Turn{Client: ana}
	var cards []record.Record
	var low string
	for i, title := range []string{"Buy paint", "Paint the fence", "Tidy up"} {
		turn.N++
		position, err := fields.Between(low, "", turn)
		if err != nil {
			panic(err)
		}
		m, err := record.New(record.Key{Table: "cards", ID: title}).Edit(stampOf(int64(i), ana)).Set("position", position).Mutation()
		if err != nil {
			panic(err)
		}
		cards, low = append(cards, m.Data), position
	}

	position := func(i int) string {
		w, _ := cards[i].Get("position")
		text, _ := w.Value.Text()
		return text
	}
	turn.N++
	moved, err := fields.Between(position(0), position(1), turn)
	if err != nil {
		panic(err)
	}
	m, err := cards[2].Edit(stampOf(10, ana)).Set("position", moved).Mutation()
	if err != nil {
		panic(err)
	}
	cards[2] = m.Data

	slices.SortFunc(cards, fields.ByPosition("position"))
	for _, card := range cards {
		fmt.Println(card.Key().ID)
	}
	// Output:
	// Buy paint
	// Tidy up
	// Paint the fence
}

// Two elements have one position, and a third one a number from an earlier version of the app.
func ExampleRespace() {
	ana := clock.MustParseClientID("0194a1f0-0000-7000-8000-00000000000a")
	first, err := fields.Between("", "", fields.Turn{Client: ana, N: 1})
	if err != nil {
		panic(err)
	}
	moves, err := fields.Respace([]fields.Placed{{ID: "old"}, {ID: "card", Position: first}, {ID: "copy", Position: first}}, fields.Turn{Client: ana, N: 2})
	if err != nil {
		panic(err)
	}
	for _, move := range moves {
		fmt.Println(move.ID, move.Position < first)
	}
	// Output:
	// old true
	// copy false
}

// Two devices count at the same time. Nothing is lost.
func ExampleCounter() {
	ana, ben := clients[0], clients[1]
	quantity := fields.Counter{Name: "qty"}
	milk := record.New(record.Key{Table: "articles", ID: "milk"})

	add := func(at clock.Stamp, id string, n int64) record.Record {
		e := milk.Edit(at)
		if err := quantity.Add(e, fields.Addition{ID: id, N: n}); err != nil {
			panic(err)
		}
		m, err := e.Mutation()
		if err != nil {
			panic(err)
		}
		return m.Data
	}
	// In a program, the IDs come from rand.Text() of package crypto/rand.
	hers, his := add(stampOf(1, ana), "JXO4ZLVQ3ZUYT5Y7", 2), add(stampOf(1, ben), "QH7ZV2D5PLK3N6AW", 1)

	var b record.Builder
	both, _, err := b.Join(hers, his)
	if err != nil {
		panic(err)
	}
	sum, err := quantity.Sum(both)
	fmt.Println(sum, err)
	// Output: 3 <nil>
}

// A struct holds a set and the sum of a counter.
func ExampleElements() {
	type Article struct {
		Tags     fields.Elements `lww:"tags"`
		Quantity fields.Total    `lww:"qty"`
	}
	milk := record.New(record.Key{Table: "articles", ID: "milk"})
	m, err := milk.Edit(stampOf(1, clients[0])).SetStruct(Article{Tags: fields.Elements{"cold", "daily"}}).Mutation()
	if err != nil {
		panic(err)
	}
	for name := range m.Data.All() {
		fmt.Println(name)
	}

	var article Article
	err = m.Data.Struct(&article)
	fmt.Println(article, err)
	// Output:
	// tags/cold
	// tags/daily
	// {[cold daily] 0} <nil>
}

// Elements are added and removed one by one.
func ExampleSet() {
	const tags = fields.Set("tags")
	milk := record.New(record.Key{Table: "articles", ID: "milk"})
	e := milk.Edit(stampOf(1, clients[0]))
	if err := tags.Add(e, "cold", "daily"); err != nil {
		panic(err)
	}
	m, err := e.Mutation()
	if err != nil {
		panic(err)
	}
	fmt.Println(tags.List(m.Data))
	fmt.Println(tags.Has(m.Data, "warm"))
	// Output:
	// [cold daily] <nil>
	// false
}

// A server checks what is pushed: tags and positions in a Guard, which sees the pushed item alone, and a counter in the
// MayWrite of a merge.Stored, which sees the stored record.
func Example_server() {
	const tags = fields.Set("tags")
	quantity := fields.Counter{Name: "qty"}
	var guard merge.Guard = func(_ clock.ClientID, m record.Mutation) error {
		for name, w := range m.Data.All() {
			text, _ := w.Value.Text()
			wrong := name == "position" && !w.Deleted() && !fields.IsPosition(text)
			if wrong || name == "tags" || name == "qty" { // their elements are in fields of their own
				return &merge.Refusal{Code: merge.Invalid, Path: "data." + name}
			}
		}
		_, err := tags.List(m.Data)
		return err
	}
	stored := merge.Stored{MayWrite: func(seen, after record.Record, _ record.Mutation) error {
		return quantity.Admit(seen, after)
	}}

	item := func(r record.Record, name string, value any) record.Mutation {
		m, err := r.Edit(stampOf(1, clients[0])).Set(name, value).Mutation()
		if err != nil {
			panic(err)
		}
		return m
	}
	milk := record.New(record.Key{Table: "articles", ID: "milk"})
	fmt.Println(guard(clients[0], item(milk, "tags/cold", "yes")))
	fmt.Println(guard(clients[0], item(milk, "position", "")))

	two := item(milk, "qty/JXO4ZLVQ3ZUYT5Y7", 2)
	three := item(milk, "qty/JXO4ZLVQ3ZUYT5Y7", 3)
	fmt.Println(stored.MayWrite(milk, two.Data, two))
	fmt.Println(stored.MayWrite(two.Data, three.Data, three))
	// Output:
	// record: tags/cold: wrong type: want true
	// merge: invalid at data.position
	// <nil>
	// the ID of an addition needs 16 random characters or more, and is used once
}
