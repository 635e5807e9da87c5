package mergetest

import (
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/record"
	"pgregory.net/rapid"
)

// FieldValue generates writes of any field except $deleted. There are few different writes, so that two of
// them often agree in time, client or value and differ in the rest. The three times differ in the counter or
// in the millisecond. The three client IDs reveal a comparison that takes bytes as signed, or that begins
// with the last byte. The values are null, two integers whose order as numbers is not their order as bytes,
// the empty string, and a deletion. With many different writes, a test would find nothing, since no two
// writes would ever be close.
func FieldValue() *rapid.Generator[record.FieldValue] {
	return rapid.Custom(func(t *rapid.T) record.FieldValue {
		return record.FieldValue{Value: rapid.SampledFrom(values()).Draw(t, "value"), Stamp: drawStamp(t)}
	})
}

// Record generates records of the given key with up to four fields, which may include $deleted. There
// are few names, so that records have fields in common. The writes are like the writes that
// [FieldValue] generates.
func Record(key record.Key) *rapid.Generator[record.Record] {
	return rapid.Custom(func(t *rapid.T) record.Record {
		fields := map[string]record.FieldValue{}
		for range rapid.IntRange(0, 4).Draw(t, "fields") {
			name := rapid.SampledFrom([]string{"a", "b", "tags/é", record.DeletedField}).Draw(t, "name")
			if name == record.DeletedField {
				fields[name] = record.FieldValue{Value: record.Bool(rapid.Bool().Draw(t, "deleted")), Stamp: drawStamp(t)}
			} else {
				fields[name] = FieldValue().Draw(t, "write")
			}
		}
		return check.RecordOf(key, fields)
	})
}

func drawStamp(t *rapid.T) clock.Stamp {
	first := clock.TimestampOf(schedule.Start())
	times := []clock.Timestamp{first, first + 1, first + clock.Timestamp(time.Millisecond)}
	clients := []clock.ClientID{{0: 0x7f, 15: 1}, {0: 0x7f, 15: 0xff}, {0: 0x80}}
	return clock.Stamp{Time: rapid.SampledFrom(times).Draw(t, "time"), Client: rapid.SampledFrom(clients).Draw(t, "client")}
}

func values() []record.Value {
	return []record.Value{{}, record.Int(9), record.Int(10), record.MustOf(""), record.Deletion()}
}
