package clock

import (
	"cmp"
	"time"
)

// Timestamp is a point on one number line, which can be written as an integer,
// a text or a time. It counts nanoseconds since the Unix epoch. The wall clock
// is rounded down to the millisecond, and the low six decimal digits are a
// logical counter:
//
//	1795366637123000003  =  2026-11-22T16:57:17.123000003Z  =  17.123 s, counter 3
//
// A full counter (999,999) carries into the next millisecond by plain
// addition, so every positive value is a timestamp, and the next timestamp is
// always t+1. The digits after the third decimal look like real nanoseconds
// but are not: they only order timestamps.
//
// Timestamps compare with == and <, serve as map keys, and have the same order
// as integers, as texts and as big-endian bytes. The zero value means "never
// written" and is less than every timestamp that a clock issues. Its text is
// the Unix epoch, which no decoder of text accepts. Leave it out of JSON with
// the omitzero option.
type Timestamp int64

// MaxTimestamp is the greatest timestamp that is accepted from other hosts:
// 2262-04-10T23:59:59.999999999Z. The range of int64 ends within the following
// day. That day is reserved for clocks that observed a timestamp close to its
// beginning: they can still issue timestamps above every accepted one, so
// [Clock.Now] needs no error.
const MaxTimestamp = Timestamp(firstRefusedDay*secondsPerDay)*Timestamp(time.Second) - 1

const (
	firstRefusedDay = 106_751 // 2262-04-11, in days since the epoch
	secondsPerDay   = 24 * 60 * 60
	millisecond     = Timestamp(time.Millisecond)
)

// TimestampOf returns the timestamp of the millisecond that contains t, with
// counter 0. A time before 1970 gives zero. A time after [MaxTimestamp] gives
// the last millisecond of the range.
func TimestampOf(t time.Time) Timestamp {
	sec := t.Unix()
	if sec < 0 {
		return 0
	}
	if sec >= firstRefusedDay*secondsPerDay {
		return MaxTimestamp - MaxTimestamp%millisecond
	}
	return Timestamp(sec)*1e9 + Timestamp(t.Nanosecond()/1e6)*1e6
}

// Time returns the same instant as a UTC time, with the counter in its last
// six digits. The zero timestamp gives the Unix epoch, not the zero time.
func (t Timestamp) Time() time.Time { return time.Unix(0, int64(t)).UTC() }

// Millis returns the wall clock part in Unix milliseconds.
func (t Timestamp) Millis() int64 {
	ms, _ := floorDiv(int64(t), int64(millisecond))
	return ms
}

// Counter returns the logical counter, 0 to 999,999.
func (t Timestamp) Counter() int {
	_, counter := floorDiv(int64(t), int64(millisecond))
	return int(counter)
}

// IsZero reports whether t means "never written".
func (t Timestamp) IsZero() bool { return t == 0 }

// Compare returns -1, 0 or +1 if t is before, equal to or after u.
func (t Timestamp) Compare(u Timestamp) int { return cmp.Compare(t, u) }

// lead returns how far t lies ahead of wall, in whole milliseconds. It cannot
// overflow if neither is negative.
func lead(t, wall Timestamp) time.Duration {
	return time.Duration(t.Millis()-wall.Millis()) * time.Millisecond
}
