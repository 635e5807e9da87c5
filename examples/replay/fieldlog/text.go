package fieldlog

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
)

// Number returns n with its digits in groups of three.
func Number[T int | int64](n T) string {
	s := strconv.FormatInt(int64(n), 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Margin returns a duration in its one or two greatest units. The rest is cut off.
func Margin(d time.Duration) string {
	ms := d.Milliseconds()
	two := func(big int64, bigUnit string, small int64, smallUnit string) string {
		if small == 0 {
			return fmt.Sprintf("%d %s", big, bigUnit)
		}
		return fmt.Sprintf("%d %s %d %s", big, bigUnit, small, smallUnit)
	}
	sec := ms / 1000
	switch days := sec / 86400; {
	case ms < 1000:
		return fmt.Sprintf("%d ms", ms)
	case sec < 60:
		return strings.Replace(fmt.Sprintf("%d.%d s", sec, ms%1000/100), ".0", "", 1)
	case sec < 3600:
		return two(sec/60, "min", sec%60, "s")
	case days < 1:
		return two(sec/3600, "h", sec%3600/60, "min")
	case days == 1:
		return two(days, "day", sec%86400/3600, "h")
	case days < 10:
		return two(days, "days", sec%86400/3600, "h")
	default:
		return Number(int(days)) + " days"
	}
}

// Restated returns a sentence of a decision, from String or WithValues, with the distance between the
// two writes as Margin shows it. The decision itself gives only its greatest unit.
func Restated(d merge.Decision, sentence string) string {
	side := " earlier"
	if !d.Won() {
		side = " later"
	}
	end := strings.LastIndex(sentence, side)
	if d.Margin() == 0 || end < 0 || d.BeforeImported || d.IncomingImported {
		return sentence
	}
	begin := strings.LastIndex(sentence[:end], ", ") + len(", ")
	return sentence[:begin] + Margin(d.Margin()) + sentence[end:]
}

// Printable returns s with an escape for each character that is invisible or could move the cursor.
// Names and values come from strangers, and this text goes to a terminal.
func Printable(s string) string {
	plain := func(r rune) bool { return unicode.IsPrint(r) && r != utf8.RuneError }
	if strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if plain(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// Reason describes why an item was refused. It is safe to print.
func Reason(r *merge.Refusal) string {
	var ahead *clock.AheadError
	if errors.As(r.Err, &ahead) {
		return fmt.Sprintf("%s: stamped %s ahead of the server's clock; at most %s is allowed", r.Code, Margin(ahead.Ahead()), Margin(ahead.Limit))
	}
	return Printable(strings.TrimPrefix(r.Error(), "merge: "))
}
