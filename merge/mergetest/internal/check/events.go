package check

import (
	"maps"
	"time"

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
	Bad    string // its flaw; empty if it is valid
	Words  string // the flaw in words, if its writes do not show it
	code   string // the code of its refusal

	Spelled bool // not in the canonical spelling; the story shows its text
	Sent    bool // it was sent at least once
	Left    bool // its record left the device since it was made, so it is not shown
	Author  Author
}

// Author is what the author of an item knew when the item was made.
type Author struct {
	Pulled     time.Time // when its last pull began; the zero time if it never pulled
	Fence      int64     // the fence that the last pull told the author
	SawDeleted bool      // whether the author saw the record as deleted
}

// Batch is the contents of one push.
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

// Latest returns the greatest time of the writes in a batch.
func (b Batch) Latest() (at int64) {
	for _, it := range b.Items {
		for _, x := range it.Writes {
			at = max(at, x.Time)
		}
	}
	return at
}

// WriteOf converts a write to the oracle's type.
func WriteOf(v record.FieldValue) oracle.Write {
	return oracle.Write{Stamp: stampOf(v.Stamp), Deleted: v.Deleted(), Value: v.Value.JSON()}
}

func stampOf(s clock.Stamp) oracle.Stamp { return oracle.Stamp{Time: int64(s.Time), Client: s.Client} }

func clockStamp(s oracle.Stamp) clock.Stamp {
	return clock.Stamp{Time: clock.Timestamp(s.Time), Client: s.Client}
}

// lawOf returns the law for a part of the rule.
func lawOf(by oracle.Part) law.Law {
	return map[oracle.Part]law.Law{oracle.ByMillisecond: law.Later, oracle.ByCounter: law.Counter, oracle.ByClient: law.Client, oracle.ByKind: law.Kind, oracle.ByValue: law.Value}[by]
}

// WrittenOf returns a write of a field as the oracle's type Written.
func WrittenOf(k oracle.FieldKey, v record.Value, at clock.Stamp) oracle.Written {
	return oracle.Written{FieldKey: k, Write: WriteOf(record.FieldValue{Value: v, Stamp: at})}
}

// RecordOf returns a record of valid fields.
func RecordOf(key record.Key, fields map[string]record.FieldValue) record.Record {
	var b record.Builder
	r, _ := b.Record(key, maps.All(fields)) // valid fields cause no error
	return r
}

// An invalid item has its flaw in one of these fields, or in $deleted.
const (
	Flawed   = "zzz"  // the field of the invalid write in an invalid item
	Reserved = "$own" // a name that clients may not use
)
