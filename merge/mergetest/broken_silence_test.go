package mergetest

import (
	"maps"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/record"
)

// expiring returns a backend that drops old data at each push.
func expiring(after time.Duration, gone func(o *own, limit clock.Timestamp)) newBackend {
	return ownOf(own{push: func(o *own, client clock.ClientID, batch []byte) ([]byte, error) {
		if at := o.env.Now().Add(-after); at.Year() > 2000 {
			gone(o, clock.TimestampOf(at))
		}
		return o.memory.Push(client, batch)
	}})
}

// purges removes deletions made before a given time.
func purges(o *own, limit clock.Timestamp) {
	for key, r := range o.disk.rows {
		fields := maps.Collect(r.All())
		maps.DeleteFunc(fields, func(_ string, v record.FieldValue) bool { return v.Deleted() && v.Stamp.Time < limit })
		o.disk.rows[key] = row{check.RecordOf(key, fields), r.seq}
	}
}

// archives removes records whose last write was made before a given time.
func archives(o *own, limit clock.Timestamp) {
	maps.DeleteFunc(o.disk.rows, func(_ record.Key, r row) bool {
		var last clock.Timestamp
		for _, v := range r.All() {
			last = max(last, v.Stamp.Time)
		}
		return last < limit
	})
}

// dropsMarks removes the marks of clients that have written nothing since a given time.
func dropsMarks(o *own, limit clock.Timestamp) {
	maps.DeleteFunc(o.disk.marks, func(_ clock.ClientID, at clock.Timestamp) bool { return at < limit })
}

// expiringCursors returns a backend that continues from the newest row if a cursor is old.
func expiringCursors(after time.Duration) newBackend {
	return ownOf(own{pull: func(o *own, _ clock.ClientID, cursor string) ([]byte, string, error) {
		since, at, _ := strings.Cut(cursor, "@")
		issued, err := strconv.ParseInt(at, 10, 64)
		from := o.disk.at(since)
		if err == nil && o.env.Now().Unix()-issued > int64(after/time.Second) && o.env.Now().Year() > 2000 {
			from = o.disk.seq
		}
		lines, last := o.disk.above(from)
		if last == o.disk.at(since) && err == nil {
			return nil, cursor, nil
		}
		return lines, o.disk.cursor(last) + "@" + strconv.FormatInt(o.env.Now().Unix(), 10), nil
	}})
}

// storesAfter returns a backend that changes stamps from before 2001.
func storesAfter(as func(clock.Timestamp) clock.Timestamp) newBackend {
	return with(quirks{stores: storesAs(func(v record.FieldValue) record.FieldValue {
		if v.Stamp.Time < 1e18 {
			v.Stamp.Time = as(v.Stamp.Time)
		}
		return v
	})})
}

// byDigits compares times as decimal text.
func byDigits(old, in record.FieldValue) bool {
	a, b := strconv.FormatInt(int64(old.Stamp.Time), 10), strconv.FormatInt(int64(in.Stamp.Time), 10)
	if a == b {
		return rightly(old, in)
	}
	return a < b
}

// TestExpiryAfterLongSilenceIsFound checks that a backend whose data expires after a long time is found
// within forty seeds.
func TestExpiryAfterLongSilenceIsFound(t *testing.T) {
	gone := []law.Law{law.Tombstone, law.Stays, law.Later, law.Vanish, law.Outcome, law.Revive, law.Lost, law.Retry}
	checkAll(t, []broken{
		{"deletions expire after a month", expiring(30*schedule.Day, purges), gone},
		{"deletions expire after a year", expiring(schedule.Year, purges), gone},
		{"records expire after a year", expiring(schedule.Year, archives), gone},
		{"marks expire after a month", expiring(30*schedule.Day, dropsMarks), []law.Law{law.Lost, law.Note}},
		{"marks expire after a year", expiring(schedule.Year, dropsMarks), []law.Law{law.Lost, law.Note}},
		{"cursors expire after a month", expiringCursors(30 * schedule.Day), []law.Law{law.Skip}},
		{"cursors expire after a year", expiringCursors(schedule.Year), []law.Law{law.Skip}},
	}, func(t *testing.T, b broken) { b.checkFew(t, 40) })
}

// TestWrongStampsBefore2001AreFound checks that mistakes with stamps from before 2001 are found within forty
// seeds.
func TestWrongStampsBefore2001AreFound(t *testing.T) {
	skipShort(t)
	checkAll(t, []broken{
		{"stamps compared as text", with(quirks{wins: byDigits}), []law.Law{law.Later, law.Tombstone}},
		{"stamps read as microseconds", storesAfter(func(at clock.Timestamp) clock.Timestamp { return at * 1000 % 4e18 }), []law.Law{law.Stamp, law.Later, law.Collision, law.Vanish}},
		{"stamps raised to 2001", storesAfter(func(clock.Timestamp) clock.Timestamp { return 1e18 }), []law.Law{law.Stamp, law.Later, law.Counter}},
		{"stamps of a clock in 1970 refused", with(quirks{engine: merge.Engine{Guard: func(_ clock.ClientID, m record.Mutation) error {
			for _, v := range m.Data.All() {
				if v.Stamp.Time.Time().Year() < 1980 {
					return &merge.Refusal{Code: "clock"}
				}
			}
			return nil
		}}}), []law.Law{law.Fine}},
	}, func(t *testing.T, b broken) { b.checkFew(t, 40) })
}
