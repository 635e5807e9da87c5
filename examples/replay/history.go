package main

import (
	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// place names one field of one record.
type place struct {
	record.Key
	field string
}

// String returns the three names separated by slashes, as -explain takes them.
func (p place) String() string { return p.Table + "/" + p.ID + "/" + p.field }

// write is one write of one field, as a history delivers it.
type write struct {
	place
	record.FieldValue
	// base is the stamp of the write that the author saw in the field, or zero if the author saw
	// none. It is valid only if known is set: the history has a base for this write.
	base  clock.Stamp
	known bool
}

// decision returns the outcome of w as a decision. The base shows whether the author had seen the
// write that was stored before.
func (w write) decision(c merge.Change) merge.Decision {
	d := merge.Decision{Key: w.Key, Field: w.field, Change: c}
	if c.Won() && w.known && w.base.Compare(c.Before.Stamp) < 0 && c.Before.Stamp.Client != w.Stamp.Client {
		d.Seen = merge.SeenNo
	}
	return d
}

// readHistory passes each write of a history to deliver, in the order of the lines, and returns the
// number of mutations. It keeps only one line in memory at a time.
func readHistory(in *input, deliver func(write) error) (mutations int, err error) {
	// The only limit is maxLine: the user chose the file, and stored records may be of any size.
	decoder := record.Decoder{Trusted: true, Limits: record.Limits{Bytes: maxLine}}
	err = in.each(func(line []byte) error {
		m, err := decoder.Mutation(line)
		if err != nil {
			return err
		}
		mutations++
		return deliverAll(m, deliver)
	})
	return mutations, err
}

// deliverAll delivers the writes of one mutation in the order of field names. Each value gets its
// own memory, so that a stored value does not keep the others in memory.
func deliverAll(m record.Mutation, deliver func(write) error) error {
	for name, w := range m.Data.All() {
		w.Value = w.Value.Clone()
		base, known := m.Base[name]
		if err := deliver(write{place{m.Data.Key(), name}, w, base, known}); err != nil {
			return err
		}
	}
	return nil
}
