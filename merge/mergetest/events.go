package mergetest

import (
	"maps"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/record"
)

// item is an item of an outbox.
type item struct {
	raw    []byte
	id     string
	m      record.Mutation
	writes []oracle.Written
	bad    string // what is wrong with it, if something is
	told   string // in words, if its writes do not say it
	code   string // with which it was refused

	spelled bool // it is not in the spelling of the library, and the story shows how
	sent    bool // at least once
}

// batch is what was sent at once.
type batch struct {
	client clock.ClientID
	items  []*item
}

func newItem(id string, m record.Mutation) *item {
	it := &item{raw: m.AppendJSON(nil), id: id, m: m}
	for name, v := range m.Data.All() {
		it.writes = append(it.writes, oracle.Written{FieldKey: oracle.FieldKey{ID: id, Field: name}, Write: writeOf(v)})
	}
	return it
}

// latest returns the greatest time in a push.
func (b batch) latest() (at int64) {
	for _, it := range b.items {
		for _, x := range it.writes {
			at = max(at, x.Time)
		}
	}
	return at
}

// writeOf returns a write in the form of the oracle.
func writeOf(v record.FieldValue) oracle.Write {
	return oracle.Write{Stamp: stampOf(v.Stamp), Deleted: v.Deleted(), Value: v.Value.JSON()}
}

func stampOf(s clock.Stamp) oracle.Stamp { return oracle.Stamp{Time: int64(s.Time), Client: s.Client} }

func clockStamp(s oracle.Stamp) clock.Stamp {
	return clock.Stamp{Time: clock.Timestamp(s.Time), Client: s.Client}
}

// lawOf is the law that is broken if a part of the rule is.
func lawOf(by oracle.Part) law.Law {
	return map[oracle.Part]law.Law{oracle.ByMillisecond: law.Later, oracle.ByCounter: law.Counter, oracle.ByClient: law.Client, oracle.ByKind: law.Kind, oracle.ByValue: law.Value}[by]
}

func writtenOf(k oracle.FieldKey, v record.Value, at clock.Stamp) oracle.Written {
	return oracle.Written{FieldKey: k, Write: writeOf(record.FieldValue{Value: v, Stamp: at})}
}

// recordOf returns a record of fields that are sound.
func recordOf(key record.Key, fields map[string]record.FieldValue) record.Record {
	var b record.Builder
	r, _ := b.Record(key, maps.All(fields)) // of sound fields no error can come
	return r
}

// What is wrong with an invalid item is one of these fields, or $deleted.
const (
	flawed   = "zzz"  // a field of which bad items have a bad write
	reserved = "$own" // a name that clients may not use
)
