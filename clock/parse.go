package clock

import "time"

// text is the input of the parsers: a string or bytes. They copy neither to
// the heap.
type text interface{ ~string | ~[]byte }

const (
	timestampMin = len(dateTimeShape + "Z")
	timestampMax = len(dateTimeShape + ".000000000+00:00")
)

// timestampText holds a text to be parsed, padded with zero bytes. Each method
// reads one part at its fixed position and reports whether the part is valid.
// If a part is invalid, the method problem finds the first error.
type timestampText [timestampMax]byte

// parseTimestamp reads a timestamp; most is the greatest that it accepts.
func parseTimestamp[T text](s T, most Timestamp) (Timestamp, error) {
	if len(s) < timestampMin || len(s) > timestampMax {
		return 0, syntaxError("timestamp", -1, "want 20 to 35 characters")
	}
	var in timestampText
	n := copy(in[:], s)
	day, dayOK := in.day()
	second, secondOK := in.second()
	nano, end := in.fraction()
	if !dayOK || !secondOK || !isUTC(in[end:n]) {
		return 0, in.problem(n)
	}
	if day < 0 {
		return 0, rangeError("timestamp", beforeRange)
	}
	// The range of int64 ends within a day; a uint64 can hold all of that day.
	t := uint64(day*secondsPerDay+second)*uint64(time.Second) + uint64(nano)
	if day > firstRefusedDay || t > uint64(most) {
		return 0, lateError("timestamp")
	}
	if t == 0 {
		return 0, rangeError("timestamp", "the Unix epoch means \"never written\" and is not a timestamp")
	}
	return Timestamp(t), nil
}

// day returns the date in days since the epoch.
func (in *timestampText) day() (n int64, ok bool) {
	century, year, month, day := in.two(0), in.two(2), in.two(5), in.two(8)
	if century > 99 || year > 99 || month < 1 || month > 12 || in[4] != '-' || in[7] != '-' {
		return 0, false
	}
	year += century * 100
	return days(year, month, day), day >= 1 && day <= daysIn(year, month)
}

// second returns the time of day in seconds.
func (in *timestampText) second() (n int64, ok bool) {
	hour, minute, second := in.two(11), in.two(14), in.two(17)
	ok = hour <= 23 && minute <= 59 && second <= 59 &&
		in[10] == 'T' && in[13] == ':' && in[16] == ':'
	return hour*3600 + minute*60 + second, ok
}

// fraction returns the fraction of the second in nanoseconds, and the offset
// of its end. Fewer than nine digits are padded on the right: .5 is half a
// second. A point without digits is not consumed: isUTC then refuses it as
// part of the zone.
func (in *timestampText) fraction() (nano int64, end int) {
	const point, first, limit = len(dateTimeShape), len(dateTimeShape) + 1, timestampLen - 1
	if in[point] != '.' || in[first]-'0' > 9 {
		return 0, point
	}
	for end = first; end < limit && in[end]-'0' <= 9; end++ {
		nano = nano*10 + int64(in[end]-'0')
	}
	for range limit - end {
		nano *= 10
	}
	return nano, end
}

func isUTC(zone []byte) bool {
	return len(zone) == 1 && zone[0] == 'Z' || string(zone) == "+00:00"
}

// two returns the number that the two digits at i form, or 100 if they are not
// digits.
func (in *timestampText) two(i int) int64 {
	tens, ones := in[i]-'0', in[i+1]-'0'
	if tens > 9 || ones > 9 {
		return 100
	}
	return int64(tens)*10 + int64(ones)
}

// problem returns the error for the first invalid part of a text of n bytes.
func (in *timestampText) problem(n int) error {
	for i, want := range []byte(dateTimeShape) {
		switch {
		case want == '0' && in[i]-'0' > 9:
			return syntaxError("timestamp", i, "want a digit")
		case want != '0' && in[i] != want:
			return syntaxError("timestamp", i, "want "+string(want))
		}
	}
	if month := in.two(5); month < 1 || month > 12 {
		return syntaxError("timestamp", 5, "want a month from 01 to 12")
	}
	if _, ok := in.day(); !ok {
		return syntaxError("timestamp", 8, "want a day that this month has")
	}
	if _, ok := in.second(); !ok {
		return syntaxError("timestamp", 11, "want a time of day up to 23:59:59 (no leap seconds)")
	}
	_, end := in.fraction()
	if end == timestampLen-1 && end < n && in[end]-'0' <= 9 {
		return syntaxError("timestamp", end, "want at most nine digits after the point")
	}
	if in[end] == '.' {
		return syntaxError("timestamp", end+1, "want a digit after the point")
	}
	return syntaxError("timestamp", end, "want a final Z or +00:00")
}
