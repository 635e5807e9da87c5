package mergetest

import (
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// answers returns a backend that changes its replies about fields.
func answers(tells func(record.Item, merge.Decision, *merge.FieldReply)) newBackend {
	return from(memory{tells: func(request merge.Request, a merge.Answer) (all []merge.Reply) {
		for r := range a.Replies() {
			for _, d := range a.Results[r.Index].Fields {
				f := r.Fields[d.Field]
				tells(request.Items[r.Index], d, &f)
				r.Fields[d.Field] = f
			}
			all = append(all, r)
		}
		return all
	}})
}

// claims returns a backend that reports a replaced write as lost whenever a condition holds.
func claims(when func(record.Item, merge.Decision) bool) newBackend {
	return answers(func(it record.Item, d merge.Decision, f *merge.FieldReply) {
		if d.Won() && !d.Before.IsZero() && when(it, d) {
			f.Lost = true
			f.Loser = &merge.StampReply{UpdatedAt: d.Before.Stamp.Time, ClientID: d.Before.Stamp.Client}
		}
	})
}

func otherBase(it record.Item, d merge.Decision) bool {
	base, ok := it.Mutation.Base[d.Field]
	return ok && base != d.Before.Stamp && d.Before.Stamp.Client != d.Incoming.Stamp.Client && d.Before.Value != d.Incoming.Value
}

func sameClient(_ record.Item, d merge.Decision) bool {
	return d.Before.Stamp.Client == d.Incoming.Stamp.Client && d.Before.Value != d.Incoming.Value
}

func noBase(it record.Item, d merge.Decision) bool {
	_, ok := it.Mutation.Base[d.Field]
	return !ok && d.Before.Stamp.Client != d.Incoming.Stamp.Client && d.Before.Value != d.Incoming.Value
}

func sameValues(it record.Item, d merge.Decision) bool {
	base, ok := it.Mutation.Base[d.Field]
	return ok && base.Compare(d.Before.Stamp) < 0 && d.Before.Stamp.Client != d.Incoming.Stamp.Client
}

func dropsBases(r *merge.Request) {
	r.Items = slices.Clone(r.Items)
	for i := range r.Items {
		r.Items[i].Mutation.Base = nil
	}
}

func noMarks(_ *memory, s *merge.Stored) { s.Watermarks[0].Time = 0 }

func oneMark(m *memory, s *merge.Stored) {
	for _, at := range m.disk.marks {
		s.Watermarks[0].Time = max(s.Watermarks[0].Time, at)
	}
}

// marksOfRefused raises the mark for refused items as well.
func marksOfRefused(o *own, client clock.ClientID, batch []byte) ([]byte, error) {
	answer, err := o.memory.Push(client, batch)
	items, _ := o.engine.Decode(batch)
	for _, it := range items {
		for _, v := range it.Mutation.Data.All() {
			o.disk.marks[client] = max(o.disk.marks[client], v.Stamp.Time)
		}
	}
	return answer, err
}

func forgetsMarks(m *memory) *memory {
	clear(m.disk.marks)
	return m
}

func noWinner(_ record.Item, _ merge.Decision, f *merge.FieldReply) { f.Winner = nil }

func noLoser(_ record.Item, _ merge.Decision, f *merge.FieldReply) { f.Loser = nil }

// onlyNotes notes a lost edit on every item that changed something, and leaves out the fields.
func onlyNotes(all []merge.Reply) []merge.Reply {
	for i := range all {
		all[i].Fields = nil
		if all[i].Changed && !slices.Contains(all[i].Notes, merge.StampCollision) {
			all[i].Notes = []merge.Code{merge.LostEdit}
		}
	}
	return all
}

// brokenLosses returns backends with false reports of lost edits, or without true ones.
func brokenLosses() []broken {
	return []broken{
		{"bases are not passed on", from(memory{asks: dropsBases}), []law.Law{law.Lost}},
		{"an edit is lost if the base is any other stamp", claims(otherBase), []law.Law{law.Lost}},
		{"a client's own edits reported as lost", claims(sameClient), []law.Law{law.Lost}},
		{"edits of the same value reported as lost", claims(sameValues), []law.Law{law.Lost}},
		{"lost without a base", claims(noBase), []law.Law{law.Lost}},
		{"marks are not stored", from(memory{finds: noMarks}), []law.Law{law.Lost}},
		{"one mark for all clients", from(memory{finds: oneMark}), []law.Law{law.Lost, law.Note}},
		{"refused items raise the mark", ownOf(own{push: marksOfRefused}), []law.Law{law.Lost, law.Note}},
		{"a restart loses the marks", ownOf(own{open: forgetsMarks}), []law.Law{law.Lost}},
		{"the winner is not named", answers(noWinner), []law.Law{law.Lost}},
		{"the loser is not named", answers(noLoser), []law.Law{law.Lost}},
		{"notes of lost edits where none is lost", with(quirks{replies: onlyNotes}), []law.Law{law.Lost}},
	}
}
