package lawtest

import (
	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

func growthOfMerge() map[string]measured {
	return map[string]measured{
		"merge.Collect": func(m *material) func() { return func() { merge.Collect(m.each...) } },
		"merge.Join":    func(m *material) func() { return func() { merge.Join(m.odd, m.even) } },
		"merge.Delta":   func(m *material) func() { return func() { merge.Delta(m.odd, m.state) } },
		"merge.Purge":   func(m *material) func() { return func() { merge.Purge(m.wide, clock.MaxTimestamp, 2) } },
		"merge.Erase": func(m *material) func() {
			return func() { _, _ = merge.Erase(m.wide, clock.Stamp{Client: clock.ClientID{1}}) }
		},
		"merge.DigestOf":               func(m *material) func() { return func() { merge.DigestOf(m.wide) } },
		"merge.Collection.Digest":      func(m *material) func() { return func() { m.state.Digest() } },
		"merge.Collection.AppendLines": func(m *material) func() { return func() { m.state.AppendLines(nil) } },
		"merge.Collection.Equal":       func(m *material) func() { return func() { m.state.Equal(merge.Collect(m.records...)) } },
		"merge.Collection.All":         func(m *material) func() { return func() { drain(m.state.All()) } },
		"merge.Changes":                func(m *material) func() { return func() { drain2(merge.Changes(m.wide, m.wide)) } },
		"merge.Engine.Decode":          func(m *material) func() { return func() { _, _ = m.engine.Decode(m.lines) } },
		"merge.Engine.Prepare":         func(m *material) func() { return func() { m.engine.Prepare(m.input.request()) } },
		"merge.Push.Apply":             func(m *material) func() { return func() { _, _ = m.push.Apply(m.stored) } },
		"merge.Push.AppendJournal":     func(m *material) func() { return func() { m.push.AppendJournal(nil, m.stored, m.answer) } },
		"merge.Collection.Lookup":      func(m *material) func() { return func() { m.state.Lookup(m.push.Keys()) } },
		"merge.JournalLine.Replay":     replays,
		"merge.ParseJournalLine":       func(m *material) func() { return func() { _, _ = merge.ParseJournalLine(m.journal) } },
		"merge.Answer.Decisions":       func(m *material) func() { return func() { drain(m.answer.Decisions()) } },
		"merge.Answer.Digest":          func(m *material) func() { return func() { m.answer.Digest() } },
		"merge.Answer.LostEdits":       func(m *material) func() { return func() { m.answer.LostEdits() } },
		"merge.Answer.Replies":         func(m *material) func() { return func() { drain(m.answer.Replies()) } },
		"merge.Answer.AppendJSON":      func(m *material) func() { return func() { m.answer.AppendJSON(nil) } },
		"merge.Answer.MarshalJSON":     func(m *material) func() { return func() { _, _ = m.answer.MarshalJSON() } },
		"merge.Fold.Add":               func(m *material) func() { return func() { folded(m) } },
		"merge.Fold.Collection":        func(m *material) func() { f := folded(m); return func() { f.Collection() } },
		"merge.Fold.Write":             foldWrites,
		"merge.Records":                recordsOneByOne,
		"merge.Collection.Get":         func(m *material) func() { return forCells(m, func(c cell) { m.state.Get(c.key) }) },
		"merge.Decision.WithValues":    func(m *material) func() { return forDecisions(m, func(d merge.Decision) { _ = d.WithValues() }) },
		"merge.Refusal.Error":          refusedOnes,

		"merge.JournalEraser.Collect merge.JournalEraser.Rewrite": erases,
	}
}

func replays(m *material) func() {
	l, err := merge.ParseJournalLine(m.journal)
	return func() {
		if _, again := l.Replay(); err != nil || again != nil {
			panic("the journal line does not replay")
		}
	}
}

// erases erases all records of a journal line.
func erases(m *material) func() {
	return func() {
		e := merge.JournalEraser{Erases: func(record.Record) bool { return true }}
		if err := e.Collect(m.journal); err != nil {
			panic(err)
		}
		if _, err := e.Rewrite(m.journal); err != nil {
			panic(err)
		}
	}
}

// foldWrites folds the writes one by one.
func foldWrites(m *material) func() {
	return func() {
		var f merge.Fold
		for _, c := range m.cells {
			_, _ = f.Write(c.key, c.name, c.write)
		}
	}
}

func folded(m *material) *merge.Fold {
	f := new(merge.Fold)
	for _, r := range m.each {
		f.Add(r)
	}
	return f
}

// recordsOneByOne joins two records only, because joining many one by one copies the result each
// time.
func recordsOneByOne(m *material) func() {
	return func() { _, _ = merge.Records(m.wide, m.wide.WithKey(m.wide.Key())) }
}

// refusedOnes applies items when the storage is full, and formats their refusals.
func refusedOnes(m *material) func() {
	in := m.input
	in.Current, in.StorageFull = merge.Collection{}, true
	return func() {
		for _, r := range applied(&m.engine, in).Results {
			if r.Refusal != nil {
				_ = r.Refusal.Error()
			}
		}
	}
}
