package lawtest

import (
	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
)

// viewPush is a question to merge.Push: an item, what is stored, and the rights of its author.
type viewPush struct {
	stored viewData
	item   viewItem
	at     clock.Timestamp
	has    bucketSet
}

// viewAnswer is the answer to an item, and what is stored then.
type viewAnswer struct {
	accepted, changed bool
	after             viewData
}

// push lets the client push its item. The answer may be lost.
func (x *viewSearch) push(s *viewState, answered bool) (broken law) {
	k, again := int(s.item.record), s.item.applied > 0
	a := x.answer(s, k)
	stored := s.records[k]
	exists := stored.kind != viewAbsent && !x.isDead(s, k)
	switch {
	case again && (a.changed || exists && stored.own != 0 && !a.accepted):
		broken = lawAgain
	case a.changed && exists && x.in(s, k)&s.has == 0:
		broken = lawRights
	}
	if a.changed {
		x.put(s, k, a.after)
	}
	if a.accepted && s.item.applied == 0 {
		s.item.applied = s.records[k].seq
	}
	switch {
	case !answered:
	case !a.accepted:
		s.item = viewItem{}
	case x.rules.joinsOwn:
		s.held[k].kind, s.held[k].seq = viewAlive, s.records[k].seq
		s.held[k].in |= s.records[k].in
		s.item = viewItem{}
	default:
		s.item.waits, s.item.accepted, s.tab.answered = false, true, false
	}
	return broken
}

// answer returns the answer to the item.
func (x *viewSearch) answer(s *viewState, k int) viewAnswer {
	stored := s.records[k].viewData
	item := viewItem{isNew: s.item.isNew, moves: s.item.moves, in: s.item.in}
	q := viewPush{stored, item, newItem, s.has}
	switch isOld := stored.old || stored.kind == viewAbsent; {
	case s.item.applied == 0:
	case stored.own != 0 && isOld:
		q.at = oldItem
	case stored.own != 0:
	case isOld: // others have overwritten it
		q.at = lowOldItem
	default:
		q.at = lowItem
	}
	if x.rules.judge != nil {
		return x.rules.judge(x.engine, q)
	}
	return x.engine.push(q)
}

// push returns the answer of merge.Push with buckets.Rights. Users may hand over records to buckets
// that they do not have.
func (e *viewEngine) push(q viewPush) viewAnswer {
	a, found := e.pushes[q]
	if !found {
		a = e.ask(q)
		e.pushes[q] = a
	}
	return a
}

// ask asks merge.Push.
func (e *viewEngine) ask(q viewPush) (a viewAnswer) {
	data, err := e.builder.Record(viewKey, func(yield func(string, record.FieldValue) bool) {
		stamp := clock.Stamp{Time: q.at, Client: viewClient}
		if q.item.moves && !yield("in", record.FieldValue{Value: record.MustOf(textOf(q.item.in)), Stamp: stamp}) {
			return
		}
		if !q.item.moves || q.item.isNew {
			yield("title", record.FieldValue{Value: record.Int(1), Stamp: stamp})
		}
	})
	if err != nil {
		panic(err) // the fields are valid
	}
	push := e.engine.Prepare(merge.Request{
		Actor: viewClient, Wall: newItem.Time(), Items: []record.Item{{Mutation: record.Mutation{Data: data, New: q.item.isNew}}},
	})
	may := buckets.Rights{
		Of: inOf, Fence: viewFence, Add: func(string) bool { return true },
		Read: func(name string) bool { return bucketsNamed([]string{name})&q.has != 0 },
	}
	answer, err := push.Apply(merge.Stored{
		Records: []record.Record{e.record(q.stored)}, Fence: viewFence, Level: 2, MayRead: may.MayRead, MayWrite: may.MayWrite,
	})
	if err != nil {
		panic(err) // the record has the key of the item
	}
	a = viewAnswer{answer.Results[0].Accepted(), len(answer.Updates) > 0, q.stored}
	for _, u := range answer.Updates {
		a.after = viewDataOf(u.After)
	}
	return a
}

// viewDataOf reads a record that the client has written.
func viewDataOf(r record.Record) (d viewData) {
	d.kind = viewAlive
	if r.Deleted() {
		d.kind = viewDeleted
	}
	d.in = bucketsNamed(inOf(r))
	for name, w := range r.All() {
		if w.Stamp.Client == viewClient {
			d.own |= map[string]int8{"title": ownTitle, "in": ownIn}[name]
		}
	}
	return d
}
