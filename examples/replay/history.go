package main

import (
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// place names one field of one record.
type place struct {
	record.Key
	field string
}

// String returns the three names, parted by slashes, as -explain takes them.
func (p place) String() string { return p.Table + "/" + p.ID + "/" + p.field }

// write is one write of one field, as a history delivers it.
type write struct {
	place
	record.FieldValue
	// base is the stamp of the write that the author saw there, if known says
	// that the history tells: it is zero if the author saw none.
	base  clock.Stamp
	known bool
}

// decision returns what the merge made of w, as a decision: the base tells whether
// the author had seen what was there.
func (w write) decision(c merge.Change) merge.Decision {
	d := merge.Decision{Key: w.Key, Field: w.field, Change: c}
	if c.Won() && w.known && w.base.Compare(c.Before.Stamp) < 0 && c.Before.Stamp.Client != w.Stamp.Client {
		d.Seen = merge.SeenNo
	}
	return d
}

// readHistory hands each write of a history to deliver, as they come, and returns
// the number of mutations. It holds one line at a time.
func readHistory(in *input, deliver func(write) error) (mutations int, err error) {
	// The user chose the file, and what a server stored may be of any size.
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

// deliverAll delivers the writes of one mutation in the order of names. Each value
// has memory of its own, so that one that stays does not keep those that go.
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

// fieldIn returns the field that path means if it leads into the record of the
// given key. Names may contain slashes, so it may lead into several records, but
// to one field of each.
func fieldIn(key record.Key, path string) (field string, ok bool) {
	rest, ok := strings.CutPrefix(path, key.Table+"/")
	if ok {
		rest, ok = strings.CutPrefix(rest, key.ID+"/")
	}
	return rest, ok && rest != ""
}
