package lawtest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// The model computes the answer that an Engine must give. It implements the contract as
// plainly as possible, with the types of the oracle.

// order is an item: writes of one record, and the stamps that their author saw.
type order struct {
	table, id string
	writes    []entry
	base      map[string]clock.Stamp
}

// situation is the input of a push, in the types of the oracle.
type situation struct {
	stored    history
	orders    []order
	actor     [16]byte
	anyClient bool
	marks     map[[16]byte]int64
	wall      int64
	maxRecord int
	full      bool
}

// opinion is the model's result for one item.
type opinion struct {
	code    merge.Code // empty if the item is accepted
	changed bool
	fields  []fieldOpinion
	notes   []merge.Code
}

type fieldOpinion struct {
	name    string
	outcome merge.Outcome
	winner  entry
	lost    bool
}

// judge returns the code with which an item is refused, whatever is stored. It is empty if the
// item is accepted.
func (s situation) judge(o order) merge.Code {
	for _, w := range o.writes {
		if w.field[0] == '$' && w.field != "$deleted" {
			return merge.Invalid
		}
	}
	for _, w := range o.writes {
		if w.client != s.actor && !s.anyClient {
			return merge.OtherClient
		}
	}
	for _, w := range o.writes {
		if w.value == forbidden {
			return merge.Forbidden
		}
	}
	for _, w := range o.writes {
		if w.time/1_000_000-s.wall/1_000_000 > 300_000 {
			return merge.TooFarAhead
		}
	}
	return ""
}

// decide returns the model's results for all items, and the state after the push.
func (s situation) decide() (all []opinion, after history) {
	all = make([]opinion, len(s.orders))
	for i, o := range s.orders {
		all[i].code = s.judge(o)
	}
	s.refuseGrowth(all)
	var accepted []entry
	for i, o := range s.orders {
		if all[i].code == "" {
			accepted = append(accepted, o.writes...)
		}
	}
	after = append(slices.Clone(s.stored), accepted...).winners()
	for i, o := range s.orders {
		if all[i].code != "" {
			continue
		}
		for _, w := range o.writes {
			f := s.field(accepted, o, w)
			all[i].fields = append(all[i].fields, f)
			all[i].changed = all[i].changed || f.winner == w && f.outcome != merge.Equal
		}
		slices.SortFunc(all[i].fields, func(a, b fieldOpinion) int { return byteOrder(a.name, b.name) })
		all[i].notes = s.notes(accepted, o, all[i].fields, after)
	}
	return all, after
}

// before returns the write in the field of w at the moment when w is applied: the greatest of
// the stored write and the lower writes of the batch.
func (s situation) before(accepted []entry, w entry) (entry, bool) {
	seen := slices.Clone(s.stored)
	for _, v := range accepted {
		if ruleOrder(v, w) < 0 {
			seen = append(seen, v)
		}
	}
	return seen.at(w)
}

func (s situation) field(accepted []entry, o order, w entry) fieldOpinion {
	was, ok := s.before(accepted, w)
	f := fieldOpinion{name: w.field, winner: w, outcome: merge.Applied}
	if !ok {
		return f
	}
	switch {
	case was == w:
		f.outcome = merge.Equal
	case was.time == w.time && was.client == w.client:
		f.outcome = merge.Collision
	case ruleOrder(was, w) > 0:
		f.outcome = merge.Superseded
	}
	if ruleOrder(was, w) > 0 {
		f.winner = was
	}
	base, known := o.base[w.field]
	differ := was.client != w.client && (was.deleted != w.deleted || was.value != w.value)
	mark, kept := s.marks[w.client]
	if f.winner == w {
		f.lost = known && differ && base.Compare(was.fieldValue().Stamp) < 0
	} else {
		f.lost = known && differ && kept && w.time > mark && w.client == s.actor
	}
	return f
}

func (s situation) notes(accepted []entry, o order, fields []fieldOpinion, after history) []merge.Code {
	found := map[merge.Code]bool{}
	for i, f := range fields {
		w := o.writes[slices.IndexFunc(o.writes, func(w entry) bool { return w.field == f.name })]
		was, _ := s.before(accepted, w)
		if f.lost {
			found[merge.LostEdit] = true
		}
		if f.outcome == merge.Collision {
			found[merge.StampCollision] = true
		}
		if mark, kept := s.marks[w.client]; kept && f.outcome == merge.Applied && w.time < mark {
			found[merge.Rewound] = true
		}
		if base, known := o.base[f.name]; known && base.Client != w.client && base.Compare(w.fieldValue().Stamp) >= 0 {
			found[merge.StampBelowBase] = true
		}
		life, lives := after.at(entry{table: o.table, id: o.id, field: "$deleted"})
		switch {
		case f.name != "$deleted":
			was, _ := history(s.stored).at(entry{table: o.table, id: o.id, field: "$deleted"})
			later := w.time > life.time || w.time == life.time && clock.ClientID(w.client).Compare(life.client) > 0
			late := was.value == "true"
			if lives && life.value == "true" && (f.outcome == merge.Applied && (later || late) || f.outcome == merge.Equal && later) {
				found[merge.UpdateOfDeleted] = true
			}
		case was.value == "true" && w.value == "true" && f.outcome != merge.Equal && life.value == "true":
			found[merge.AlreadyDeleted] = true
		case was.value == "true" && w.value == "false" && fields[i].winner == w && life.value == "false":
			found[merge.Restored] = true
		}
	}
	var codes []merge.Code
	for _, c := range []merge.Code{merge.LostEdit, merge.StampCollision, merge.Rewound, merge.StampBelowBase, merge.UpdateOfDeleted, merge.AlreadyDeleted, merge.Restored} {
		if found[c] {
			codes = append(codes, c)
		}
	}
	return codes
}

// The functions below convert between the model and the library.

// judging is the engine of these tests. Its guard refuses one value.
var judging = merge.Engine{Guard: func(_ clock.ClientID, m record.Mutation) error {
	for _, w := range m.Data.All() {
		if w.Value.JSON() == forbidden {
			return errors.New("not allowed")
		}
	}
	return nil
}}

func (o order) item() record.Item {
	var b record.Builder
	data, err := b.Record(record.Key{Table: o.table, ID: o.id}, func(yield func(string, record.FieldValue) bool) {
		for _, w := range o.writes {
			if !yield(w.field, w.fieldValue()) {
				return
			}
		}
	})
	if err != nil {
		panic(err)
	}
	return record.Item{Mutation: record.Mutation{Data: data, Base: o.base}}
}

func (s situation) input() input {
	in := input{Actor: s.actor, AnyClient: s.anyClient, Wall: time.Unix(0, s.wall), Current: s.stored.collection(), StorageFull: s.full}
	for _, o := range s.orders {
		in.Items = append(in.Items, o.item())
	}
	for _, c := range clients {
		if mark, ok := s.marks[c]; ok {
			in.Watermarks = append(in.Watermarks, clock.Stamp{Time: clock.Timestamp(mark), Client: c})
		}
	}
	return in
}

// opinionOf converts a result of the engine to the types of the model.
func opinionOf(r merge.Result) opinion {
	o := opinion{changed: r.Changed, notes: r.Notes}
	if !r.Accepted() {
		o.code = r.Refusal.Code
	}
	for _, d := range r.Fields {
		w := readWrite(d.Key, d.Field, d.Winner())
		o.fields = append(o.fields, fieldOpinion{d.Field, d.Outcome, w, d.Lost()})
	}
	return o
}

// genSituation draws a situation from a narrow domain, in which equal stamps, values and bases
// are common.
func genSituation() *rapid.Generator[situation] {
	return rapid.Custom(func(t *rapid.T) situation {
		s := situation{
			stored:    genHistory().Draw(t, "stored"),
			actor:     rapid.SampledFrom(clients).Draw(t, "actor"),
			anyClient: rapid.IntRange(0, 3).Draw(t, "any client") > 0,
			marks:     map[[16]byte]int64{},
			wall:      rapid.SampledFrom([]int64{epoch, epoch + 1, epoch - 300_000_000_000, epoch + 3_600_000_000_000}).Draw(t, "wall"),
		}
		for _, c := range clients {
			if rapid.Bool().Draw(t, "marked") {
				s.marks[c] = rapid.SampledFrom(append([]int64{0}, times...)).Draw(t, "mark")
			}
		}
		for range rapid.IntRange(0, 6).Draw(t, "items") {
			s.orders = append(s.orders, genOrder(s).Draw(t, "item"))
		}
		return s
	})
}

func genOrder(s situation) *rapid.Generator[order] {
	return rapid.Custom(func(t *rapid.T) order {
		key := rapid.SampledFrom(keys[:3]).Draw(t, "key")
		o := order{table: key[0], id: key[1], base: map[string]clock.Stamp{}}
		drawn := genHistoryOf(key).Draw(t, "writes")
		// Some writes repeat a delivered write, or reuse its stamp with another value.
		for _, w := range s.delivered(key) {
			again := rapid.IntRange(0, 8).Draw(t, "again")
			if again == 1 {
				other := genWriteOf(key).Draw(t, "twin")
				w.deleted, w.value = other.deleted, other.value
				if w.field == "$deleted" {
					w.deleted, w.value = false, []string{"true", "false"}[rapid.IntRange(0, 1).Draw(t, "twin")]
				}
			}
			if again < 2 {
				drawn = append(history{w}, drawn...)
			}
		}
		for _, w := range drawn {
			if slices.ContainsFunc(o.writes, func(v entry) bool { return v.field == w.field }) {
				continue
			}
			if w.field == "$next" && rapid.IntRange(0, 4).Draw(t, "reserved") > 0 {
				continue
			}
			if rapid.IntRange(0, 5).Draw(t, "own") > 0 && !s.anyClient {
				w.client = s.actor
			}
			if w.field[0] != '$' && rapid.IntRange(0, 12).Draw(t, "forbidden") == 0 {
				w.value, w.deleted = forbidden, false
			}
			if rapid.IntRange(0, 12).Draw(t, "ahead") == 0 {
				w.time += 3_600_000_000_000
			}
			o.writes = append(o.writes, w)
			switch rapid.IntRange(0, 3).Draw(t, "base") {
			case 0:
			case 1:
				o.base[w.field] = clock.Stamp{}
			default:
				o.base[w.field] = genWrite().Draw(t, "base").fieldValue().Stamp
			}
		}
		return o
	})
}

// delivered returns the writes of a record that are stored or in the items.
func (s situation) delivered(key [2]string) []entry {
	all := slices.Clone(s.stored)
	for _, o := range s.orders {
		all = append(all, o.writes...)
	}
	return slices.DeleteFunc(all, func(w entry) bool { return w.table != key[0] || w.id != key[1] })
}

// String returns the text that is printed for a situation when a property fails.
func (s situation) String() string {
	text := fmt.Sprintf("actor %x, any client: %v, wall clock %d, watermarks %v\nstored:\n%s", s.actor, s.anyClient, s.wall, s.marks, lines(s.stored.winners()))
	for _, o := range s.orders {
		text += fmt.Sprintf("item: %s\n", o.item().Mutation.AppendJSON(nil))
	}
	return text
}
