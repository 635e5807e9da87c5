package check

import (
	"maps"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/record"
)

// Item is an item of an outbox.
type Item struct {
	Raw    []byte
	ID     string
	M      record.Mutation
	Writes []oracle.Written
	Bad    string // what is wrong with it, if something is
	Words  string // in words, if its writes do not say it
	code   string // with which it was refused

	Spelled bool // it is not in the spelling of the library, and the story shows how
	Sent    bool // at least once
}

// Batch is what was sent at once.
type Batch struct {
	Client clock.ClientID
	Items  []*Item
}

// NewItem returns an item as this library writes it.
func NewItem(id string, m record.Mutation) *Item {
	it := &Item{Raw: m.AppendJSON(nil), ID: id, M: m}
	for name, v := range m.Data.All() {
		it.Writes = append(it.Writes, oracle.Written{FieldKey: oracle.FieldKey{ID: id, Field: name}, Write: WriteOf(v)})
	}
	return it
}

// Latest returns the greatest time in a push.
func (b Batch) Latest() (at int64) {
	for _, it := range b.Items {
		for _, x := range it.Writes {
			at = max(at, x.Time)
		}
	}
	return at
}

// WriteOf returns a write in the form of the oracle.
func WriteOf(v record.FieldValue) oracle.Write {
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

// WrittenOf returns a write in the form of the oracle.
func WrittenOf(k oracle.FieldKey, v record.Value, at clock.Stamp) oracle.Written {
	return oracle.Written{FieldKey: k, Write: WriteOf(record.FieldValue{Value: v, Stamp: at})}
}

// RecordOf returns a record of fields that are sound.
func RecordOf(key record.Key, fields map[string]record.FieldValue) record.Record {
	var b record.Builder
	r, _ := b.Record(key, maps.All(fields)) // of sound fields no error can come
	return r
}

// What is wrong with an invalid item is one of these fields, or $deleted.
const (
	Flawed   = "zzz"  // a field in which invalid items have an invalid write
	Reserved = "$own" // a name that clients may not use
)
