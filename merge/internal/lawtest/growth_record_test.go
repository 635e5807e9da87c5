package lawtest

import (
	"bytes"
	"encoding/json"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

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
		"record.Edit.Delete": func(m *material) func() { return edits(m, func(e *record.Edit, c cell) { e.Delete(c.name) }) },
		"record.Edit.After": func(m *material) func() {
			e := m.wide.Edit(lateStamp)
			return func() { _, _ = e.After() }
		},
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
