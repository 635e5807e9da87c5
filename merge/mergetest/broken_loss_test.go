package mergetest

import (
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// answers is a backend that answers otherwise about lost edits.
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

// claims answers that the stored edit is lost if it is replaced and some condition holds.
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

// marksOfRefused raises the mark by what is refused as well.
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

// onlyNotes says of all that changed something that an edit is lost, and no more.
func onlyNotes(all []merge.Reply) []merge.Reply {
	for i := range all {
		all[i].Fields = nil
		if all[i].Changed && !slices.Contains(all[i].Notes, merge.StampCollision) {
			all[i].Notes = []merge.Code{merge.LostEdit}
		}
	}
	return all
}

// brokenLosses report edits as lost that are not, or do not report those that are.
func brokenLosses() []broken {
	return []broken{
		{"bases are not handed on", from(memory{asks: dropsBases}), []law.Law{law.Lost}},
		{"lost if the base is another stamp", claims(otherBase), []law.Law{law.Lost}},
		{"one's own edits are lost", claims(sameClient), []law.Law{law.Lost}},
		{"edits of the same value are lost", claims(sameValues), []law.Law{law.Lost}},
		{"lost if there is no base", claims(noBase), []law.Law{law.Lost}},
		{"marks are not stored", from(memory{finds: noMarks}), []law.Law{law.Lost}},
		{"one mark for all clients", from(memory{finds: oneMark}), []law.Law{law.Lost, law.Note}},
		{"marks of refused items", ownOf(own{push: marksOfRefused}), []law.Law{law.Lost, law.Note}},
		{"marks are gone after a restart", ownOf(own{open: forgetsMarks}), []law.Law{law.Lost}},
		{"who won is not named", answers(noWinner), []law.Law{law.Lost}},
		{"who lost is not named", answers(noLoser), []law.Law{law.Lost}},
		{"notes of lost edits that are not lost", with(quirks{replies: onlyNotes}), []law.Law{law.Lost}},
	}
}
