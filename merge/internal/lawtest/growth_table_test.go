package lawtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// growthTable returns the measured functions. The name of an entry lists all exported functions
// that one call of it measures.
func growthTable() map[string]measured {
	all := map[string]measured{}
	maps.Copy(all, growthOfMerge())
	maps.Copy(all, growthOfRecord())
	maps.Copy(all, growthOfValues())
	maps.Copy(all, growthOfFields())
	return all
}

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

// rowsOf returns the records as rows of a page.
func rowsOf(m *material) []record.Row {
	rows := make([]record.Row, len(m.records))
	for i, r := range m.records {
		rows[i] = record.Row{Record: r, Seq: int64(i + 1)}
	}
	return rows
}

// readsColumns reads the records from columns.
func readsColumns(m *material) func() {
	chunks := bytes.Split(bytes.TrimSuffix(record.AppendColumns(nil, rowsOf(m)), []byte("\n")), []byte("\n"))
	return func() {
		d := record.Decoder{Limits: record.Limits{Fields: -1}}
		for _, chunk := range chunks {
			if _, err := d.Columns(chunk); err != nil {
				panic(err)
			}
		}
	}
}

func forCells(m *material, do func(cell)) func() {
	return func() {
		for _, c := range m.cells {
			do(c)
		}
	}
}

func forDecisions(m *material, do func(merge.Decision)) func() {
	return func() {
		for d := range m.answer.Decisions() {
			do(d)
		}
	}
}

func drain[T any](all iter.Seq[T]) {
	for range all {
	}
}

func drain2[K, V any](all iter.Seq2[K, V]) {
	for range all {
	}
}

func growthOfRecord() map[string]measured {
	key := record.Key{Table: "t", ID: "1"}
	decoder := func(text []byte, read func(*record.Decoder, []byte) error) func() {
		return func() {
			d := record.Decoder{Limits: record.Limits{Value: -1}}
			if err := read(&d, text); err != nil {
				panic(err)
			}
		}
	}
	return map[string]measured{
		"record.AppendColumns":   func(m *material) func() { rows := rowsOf(m); return func() { record.AppendColumns(nil, rows) } },
		"record.Decoder.Columns": readsColumns,
		"record.Decoder.Batch": func(m *material) func() {
			return decoder(m.lines, func(d *record.Decoder, b []byte) error { _, err := d.Batch(b); return err })
		},
		"record.Decoder.Record": func(m *material) func() {
			return decoder(m.wide.AppendJSON(nil), func(d *record.Decoder, b []byte) error { _, err := d.Record(key, b); return err })
		},
		"record.Decoder.Mutation": func(m *material) func() {
			return decoder(wideMutation(m).AppendJSON(nil), func(d *record.Decoder, b []byte) error { _, err := d.Mutation(b); return err })
		},
		"record.Mutation.AppendJSON":    func(m *material) func() { w := wideMutation(m); return func() { w.AppendJSON(nil) } },
		"record.Mutation.MarshalJSON":   func(m *material) func() { w := wideMutation(m); return func() { _, _ = w.MarshalJSON() } },
		"record.Mutation.UnmarshalJSON": func(m *material) func() { return unmarshals(wideMutation(m).AppendJSON(nil), new(record.Mutation)) },
		"record.Record.AppendJSON":      func(m *material) func() { return func() { m.wide.AppendJSON(nil) } },
		"record.Record.MarshalJSON":     func(m *material) func() { return func() { _, _ = m.wide.MarshalJSON() } },
		"record.Record.String":          func(m *material) func() { return func() { _ = m.wide.String() } },
		"record.Record.UnmarshalJSON":   func(m *material) func() { return unmarshals(m.wide.AppendJSON(nil), new(record.Record)) },
		"record.Record.Value":           func(m *material) func() { return func() { _, _ = m.wide.Value() } },
		"record.Record.Scan": func(m *material) func() {
			text := m.wide.AppendJSON(nil)
			r := record.New(key)
			return func() { _ = r.Scan(text) }
		},
		"record.Record.All":    func(m *material) func() { return func() { drain2(m.wide.All()) } },
		"record.Record.Get":    func(m *material) func() { return forCells(m, func(c cell) { m.wide.Get(c.name) }) },
		"record.Record.Map":    func(m *material) func() { return func() { m.wide.Map() } },
		"record.Record.Equal":  func(m *material) func() { o, _ := merge.Records(m.wide, m.wide); return func() { m.wide.Equal(o) } },
		"record.Record.Struct": intoStruct,
		"record.Builder.Record": func(m *material) func() {
			return func() { var b record.Builder; _, _ = b.Record(key, m.wide.All()) }
		},
		"record.Builder.Join": func(m *material) func() {
			newer := restamped(m.wide)
			return func() { var b record.Builder; _, _, _ = b.Join(m.wide, newer) }
		},
		"record.Builder.JoinAll": func(m *material) func() {
			return func() { var b record.Builder; b.JoinAll(m.records[:len(m.records)/2], m.records) }
		},
		"record.Restamp": func(m *material) func() { return restamps(m.mutations) },
		"record.Edit.Set record.Record.Edit record.Edit.Mutation": func(m *material) func() {
			return edits(m, func(e *record.Edit, c cell) { e.Set(c.name, c.write.Value) })
		},
		"record.Edit.Delete":    func(m *material) func() { return edits(m, func(e *record.Edit, c cell) { e.Delete(c.name) }) },
		"record.Edit.SetMap":    setMap,
		"record.Edit.SetStruct": setStruct,
	}
}

// wideMutation returns a mutation of all fields, with a base for each.
func wideMutation(m *material) record.Mutation {
	w := record.Mutation{Data: m.wide, Base: map[string]clock.Stamp{}}
	for name, f := range m.wide.All() {
		w.Base[name] = f.Stamp
	}
	return w
}

// unmarshals decodes text with UnmarshalJSON, as encoding/json does.
func unmarshals(text []byte, into json.Unmarshaler) func() {
	return func() {
		if err := into.UnmarshalJSON(text); err != nil {
			panic(err)
		}
	}
}

// lateStamp is above all other stamps of these tests.
var lateStamp = clock.Stamp{Time: 1 << 40, Client: clock.ClientID{0xff}}

// restamped returns r with a later stamp for every third write.
func restamped(r record.Record) record.Record {
	var b record.Builder
	n := 0
	newer, err := b.Record(r.Key(), func(yield func(string, record.FieldValue) bool) {
		for name, w := range r.All() {
			if n++; n%3 == 0 {
				w.Stamp = lateStamp
			}
			if !yield(name, w) {
				return
			}
		}
	})
	if err != nil {
		panic(err)
	}
	return newer
}

func restamps(all []record.Mutation) func() {
	return func() {
		next := clock.Timestamp(1 << 40)
		_, _ = record.Restamp(all, func() clock.Stamp { next++; return clock.Stamp{Time: next, Client: clock.ClientID{1}} })
	}
}

// edits writes every field of the wide record in one mutation.
func edits(m *material, write func(*record.Edit, cell)) func() {
	return func() {
		e := m.wide.Edit(lateStamp)
		for _, c := range m.cells {
			if c.name != record.DeletedField {
				write(e, c)
			}
		}
		if _, err := e.Mutation(); err != nil {
			panic(err)
		}
	}
}

func setMap(m *material) func() {
	fields := map[string]any{}
	for i, c := range m.cells {
		if c.name != record.DeletedField {
			fields[c.name] = i
		}
	}
	return func() {
		if _, err := m.wide.Edit(lateStamp).SetMap(fields).Mutation(); err != nil {
			panic(err)
		}
	}
}

// holder has one member, whose value grows with the input.
type holder struct {
	All map[string]any `lww:"all"`
}

func intoStruct(m *material) func() {
	made, err := record.New(record.Key{Table: "t", ID: "1"}).Edit(lateStamp).Set("all", m.value).Mutation()
	if err != nil {
		panic(err)
	}
	return func() {
		var h holder
		if err := made.Data.Struct(&h); err != nil {
			panic(err)
		}
	}
}

func setStruct(m *material) func() {
	var h holder
	if err := m.value.Decode(&h.All); err != nil {
		panic(err)
	}
	return func() {
		if _, err := record.New(record.Key{Table: "t", ID: "1"}).Edit(lateStamp).SetStruct(&h).Mutation(); err != nil {
			panic(err)
		}
	}
}

func growthOfValues() map[string]measured {
	long := func(m *material) record.FieldValue { return record.FieldValue{Value: m.value, Stamp: lateStamp} }
	text := func(m *material) record.Value { return record.MustOf(string(m.document)) }
	return map[string]measured{
		"record.Decoder.Value": func(m *material) func() {
			return func() { _, _ = (&record.Decoder{Limits: record.Limits{Value: -1}}).Value(m.document) }
		},
		"record.ParseValue":             func(m *material) func() { return func() { _, _ = record.ParseValue(m.document) } },
		"record.Value.UnmarshalJSON":    func(m *material) func() { return func() { _ = new(record.Value).UnmarshalJSON(m.document) } },
		"record.Value.Scan":             func(m *material) func() { return func() { _ = new(record.Value).Scan(m.document) } },
		"record.Value.Any":              func(m *material) func() { return func() { m.value.Any() } },
		"record.Value.Decode":           func(m *material) func() { return func() { var x any; _ = m.value.Decode(&x) } },
		"record.Value.AppendJSON":       func(m *material) func() { return func() { m.value.AppendJSON(nil) } },
		"record.Value.MarshalJSON":      func(m *material) func() { return func() { _, _ = m.value.MarshalJSON() } },
		"record.Value.Clone":            func(m *material) func() { return func() { m.value.Clone() } },
		"record.Value.Compare":          func(m *material) func() { c := m.value.Clone(); return func() { m.value.Compare(c) } },
		"record.Value.Value":            func(m *material) func() { return func() { _, _ = m.value.Value() } },
		"record.Value.Text":             func(m *material) func() { v := text(m); return func() { v.Text() } },
		"record.Text":                   func(m *material) func() { s := string(m.document); return func() { _, _ = record.Text(s) } },
		"record.Of":                     func(m *material) func() { x := m.value.Any(); return func() { _, _ = record.Of(x) } },
		"record.MustOf":                 func(m *material) func() { x := m.value.Any(); return func() { record.MustOf(x) } },
		"record.FieldValue.AppendJSON":  func(m *material) func() { w := long(m); return func() { w.AppendJSON(nil) } },
		"record.FieldValue.MarshalJSON": func(m *material) func() { w := long(m); return func() { _, _ = w.MarshalJSON() } },
		"record.Decoder.FieldValue": func(m *material) func() {
			text := long(m).AppendJSON(nil)
			return func() { _, _ = (&record.Decoder{Limits: record.Limits{Value: -1}}).FieldValue(text) }
		},
		"record.FieldValue.UnmarshalJSON": func(m *material) func() {
			return unmarshals(long(m).AppendJSON(nil), new(record.FieldValue))
		},
		"record.FieldValue.Compare": func(m *material) func() {
			w, o := long(m), long(m)
			o.Value = o.Value.Clone()
			return func() { w.Compare(o) }
		},
		"record.Field.MarshalJSON":   func(m *material) func() { f := record.FieldOf(m.value.Any()); return func() { _, _ = f.MarshalJSON() } },
		"record.Field.UnmarshalJSON": func(m *material) func() { return unmarshals(m.document, new(record.Field[any])) },
		"record.Seen.UnmarshalJSON": func(m *material) func() { // members that it does not know are ignored
			return unmarshals(slices.Concat([]byte(`{"epoch":"a","seq":1,"other":`), m.document, []byte("}")), new(record.Seen))
		},
		"record.PathName": func(m *material) func() { s := string(m.document); return func() { _ = record.PathName(s) } },
		"record.Reserved": func(m *material) func() { s := string(m.document); return func() { _ = record.Reserved(s) } },
		"clock.ParseTimestamp clock.ParseStamp clock.ParseClientID": func(m *material) func() {
			s := fmt.Sprint(string(m.document))
			return func() {
				_, _ = clock.ParseTimestamp(s)
				_, _ = clock.ParseStamp(s)
				_, _ = clock.ParseClientID(s)
			}
		},
	}
}

// withoutSize lists the functions whose input is one stamp, one write or one number, and the
// functions that only return a stored value.
const withoutSize = `
	clock.Timestamp.AppendBinary clock.Timestamp.MarshalBinary clock.Timestamp.UnmarshalBinary clock.ClientID.AppendBinary
	clock.ClientID.MarshalBinary clock.ClientID.UnmarshalBinary clock.Stamp.AppendBinary clock.Stamp.MarshalBinary
	clock.Stamp.UnmarshalBinary clock.MustParseClientID clock.ClientID.IsZero clock.ClientID.Compare clock.ClientID.String
	clock.ClientID.AppendText clock.ClientID.MarshalText clock.ClientID.UnmarshalText clock.New clock.Clock.Now
	clock.Clock.NowN clock.Clock.Observe clock.Clock.Check clock.Clock.Last clock.Clock.Ahead clock.ParseError.Error
	clock.ParseError.Unwrap clock.AheadError.Ahead clock.AheadError.Error clock.AheadError.Unwrap clock.WallError.Error
	clock.WallError.Unwrap clock.Timestamp.Value clock.Timestamp.Scan clock.ClientID.Value clock.ClientID.Scan
	clock.Stamp.Value clock.Stamp.Scan clock.Stamp.IsZero clock.Stamp.Valid clock.Stamp.Compare clock.Stamp.String
	clock.Stamp.AppendText clock.Stamp.MarshalText clock.Stamp.UnmarshalText clock.MustParseTimestamp clock.Timestamp.String
	clock.Timestamp.AppendText clock.Timestamp.MarshalText clock.Timestamp.UnmarshalText clock.TimestampOf
	clock.Timestamp.Time clock.Timestamp.Millis clock.Timestamp.Counter clock.Timestamp.IsZero clock.Timestamp.Compare

	record.Edit.DeleteRecord record.Edit.RestoreRecord record.Edit.Seen record.Error.Error record.Error.Unwrap record.LimitError.Error
	record.LimitError.Is record.FieldValue.Deleted record.FieldValue.IsZero record.FieldValue.Check record.FieldOf
	record.Field.Get record.Field.IsZero record.Field.IsNull record.Field.Deleted record.Field.Set record.Field.SetNull
	record.Field.Delete record.Key.Compare record.Key.Check record.Key.String record.New record.Record.Key
	record.Record.WithKey record.Record.Len record.Record.At record.Record.Deleted record.Record.Erased record.Kind.String record.Deletion
	record.Bool record.Int record.Float record.Value.Kind record.Value.Bool record.Value.Int record.Value.Float
	record.Value.JSON record.Value.String

	merge.Outcome.String merge.Step.String merge.Change.Won merge.Change.Winner merge.Change.Loser merge.Change.Step
	merge.Change.Margin merge.Code.Advice merge.Collection.Len merge.Collection.At merge.Decision.Lost merge.Decision.String
	merge.Decision.LogValue merge.Digest.Add merge.Digest.Sub merge.Digest.String merge.Fold.Len merge.Push.Keys merge.Push.Request merge.Refusal.Unwrap
	merge.Result.Accepted
`
