package mergetest

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
)

// at returns the sequence number in a cursor, or 0 if the cursor is from before a restore.
func (d *disk) at(cursor string) (after int) {
	if life, seq, _ := strings.Cut(cursor, "."); life == strconv.Itoa(d.life) {
		after, _ = strconv.Atoi(seq)
	}
	return after
}

func (d *disk) cursor(seq int) string { return fmt.Sprintf("%d.%d", d.life, seq) }

// above returns the rows above a sequence number, one line each, and their greatest sequence number.
func (d *disk) above(seq int) (lines []byte, last int) {
	last = seq
	for _, r := range d.sorted() {
		if r.seq > seq {
			lines, last = append(lines, line(r.Record)...), r.seq
		}
	}
	return lines, last
}

// cursorAfter reads the rows, lets other requests in, and then reads the cursor.
func cursorAfter(o *own, _ clock.ClientID, cursor string) ([]byte, string, error) {
	lines, _ := o.disk.above(o.disk.at(cursor))
	o.env.Pause()
	return lines, o.disk.cursor(o.disk.seq), nil
}

// countsRows returns only the rows that were stored during a pause, if there are any, and moves the cursor past
// the others.
func countsRows(o *own, _ clock.ClientID, cursor string) ([]byte, string, error) {
	after := o.disk.at(cursor)
	before := o.disk.seq
	o.env.Pause()
	lines, last := o.disk.above(after)
	if last > before {
		last = max(o.disk.seq, last)
		lines, _ = o.disk.above(before)
	}
	return lines, o.disk.cursor(last), nil
}

// staleRows reads the rows, lets other requests in, and then reads the sequence numbers.
func staleRows(o *own, _ clock.ClientID, cursor string) ([]byte, string, error) {
	before := o.disk.copy()
	o.env.Pause()
	after := o.disk.at(cursor)
	for _, r := range o.disk.sorted() {
		if old, ok := before.rows[r.Key()]; ok && r.seq > after {
			return line(old.Record), o.disk.cursor(r.seq), nil
		}
	}
	return nil, cursor, nil
}

// byOffset returns pages of one row. Its cursor consists of the sequence number at the start of the pull and
// the number of rows returned since.
func byOffset(o *own, _ clock.ClientID, cursor string) ([]byte, string, error) {
	from, offset, _ := strings.Cut(cursor, "+")
	skip, _ := strconv.Atoi(offset)
	after := o.disk.at(from)
	for _, r := range o.disk.sorted() {
		if r.seq > after {
			if skip--; skip < 0 {
				n, _ := strconv.Atoi(offset)
				return line(r.Record), fmt.Sprintf("%s+%d", o.disk.cursor(after), n+1), nil
			}
		}
	}
	return nil, o.disk.cursor(o.disk.seq), nil
}

// upTo returns pages of one row, up to the sequence number that was the newest at the first page.
// After the last page, it continues from the newest sequence number instead of that bound.
func upTo(o *own, _ clock.ClientID, cursor string) ([]byte, string, error) {
	from, bound, paging := strings.Cut(cursor, "-")
	most, _ := strconv.Atoi(bound)
	if !paging {
		most = o.disk.seq
	}
	after := o.disk.at(from)
	for _, r := range o.disk.sorted() {
		if r.seq > after && r.seq <= most {
			return line(r.Record), fmt.Sprintf("%s-%d", o.disk.cursor(r.seq), most), nil
		}
	}
	return nil, o.disk.cursor(o.disk.seq), nil
}

// TestPullsThatLoseConcurrentPushesAreFound checks that pulls which lose concurrent pushes are
// found within twenty seeds.
func TestPullsThatLoseConcurrentPushesAreFound(t *testing.T) {
	checkAll(t, []broken{
		{"the cursor is read after the rows", ownOf(own{pull: cursorAfter}), []law.Law{law.Skip}},
		{"rows before a pause are skipped", ownOf(own{pull: countsRows}), []law.Law{law.Skip}},
		{"sequence numbers are read after the rows", ownOf(own{pull: staleRows}), []law.Law{law.Skip}},
		{"pages by offset", ownOf(own{pull: byOffset}), []law.Law{law.Skip}},
		{"the last page forgets the bound of the pull", ownOf(own{pull: upTo}), []law.Law{law.Skip}},
	}, func(t *testing.T, b broken) { b.checkFew(t, 20) })
}
