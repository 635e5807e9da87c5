package mergetest

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
)

// checked returns a backend that compares and swaps as memory does, but calls save to store the answer.
func checked(save func(o *own, a merge.Answer)) newBackend {
	return ownOf(own{push: func(o *own, client clock.ClientID, batch []byte) ([]byte, error) {
		items, err := o.engine.Decode(batch)
		if err != nil {
			return nil, err
		}
		request := o.request(client, items)
		for range 5 {
			seq, mark := o.disk.seq, o.disk.marks[client]
			answer := o.apply(request)
			o.env.Pause()
			o.env.Pause()
			if o.disk.seq == seq && o.disk.marks[client] == mark {
				save(o, answer)
				o.clock.Observe(answer.Greatest)
				return answer.AppendJSON(nil), nil
			}
		}
		return nil, errBusy
	}})
}

// savesLate lets other requests in between the check and the write.
func savesLate(o *own, a merge.Answer) {
	o.env.Pause()
	o.disk.save(a)
}

// savesRows stores the answer row by row, without a transaction.
func savesRows(o *own, a merge.Answer) {
	for _, u := range a.Updates {
		o.disk.put(u.After)
		o.env.Pause()
	}
	o.disk.save(merge.Answer{Watermarks: a.Watermarks})
}

// nextLife gives the cursors after a restore a number that is one above the number in the backup, so two
// restores of one backup share a number.
func nextLife(m *memory) func() (Backend, error) {
	saved := m.disk.copy()
	return func() (Backend, error) {
		again := saved.copy()
		again.life = saved.life + 1
		return m.open(again)
	}
}

// peeks reads one row more than it returns, and then continues after the extra row.
func peeks(m *memory, cursor string) (lines []byte, next string) {
	after, n := 0, 0
	if life, seq, _ := strings.Cut(cursor, "."); life == strconv.Itoa(m.disk.life) {
		after, _ = strconv.Atoi(seq)
	}
	for _, r := range m.disk.sorted() {
		if r.seq <= after {
			continue
		}
		if n++; n <= 2 {
			lines = append(lines, line(r.Record)...)
		}
		cursor = fmt.Sprintf("%d.%d", m.disk.life, r.seq)
		if n == 3 {
			break
		}
	}
	return lines, cursor
}

// lastField checks only the stamp of the last field of each item against the bound.
func lastField(r *merge.Request) {
	for _, it := range r.Items {
		var first, last clock.Timestamp
		for _, v := range it.Mutation.Data.All() {
			first, last = max(first, v.Stamp.Time), v.Stamp.Time
		}
		bound := clock.TimestampOf(r.Wall.Add(clock.DefaultMaxAhead))
		if it.Err == nil && first > bound && last <= bound {
			r.Wall = first.Time()
		}
	}
}

// badIsAhead refuses an invalid item as too far ahead if another item of the batch is too far ahead.
func badIsAhead(request merge.Request, a merge.Answer) (all []merge.Reply) {
	ahead := false
	for r := range a.Replies() {
		ahead = ahead || r.Code == merge.TooFarAhead
	}
	for r := range a.Replies() {
		if ahead && r.Verdict == "refused" && r.Code != merge.ServerClock {
			r.Code, r.Retryable, r.ServerTime = merge.TooFarAhead, true, clock.TimestampOf(request.Wall)
		}
		all = append(all, r)
	}
	return all
}

// TestRareMistakesAreFound checks that the kit finds mistakes which show only in rare combinations.
func TestRareMistakesAreFound(t *testing.T) {
	skipShort(t)
	spelled := []law.Law{law.Fine, law.Retry, law.Order}
	checkAll(t, []broken{
		{"other requests between check and write", checked(savesLate), []law.Law{law.Meet}},
		{"no transaction", checked(savesRows), []law.Law{law.Meet, law.Skip, law.Stays}},
		{"two restores share a cursor number", restored(nextLife), []law.Law{law.Skip}},
		{"a page skips the row that it peeked at", over(func(m *memory) Backend { return pulling{m, peeks} }), []law.Law{law.Skip, law.Vanish, law.Tombstone}},
		{"only the stamp of the last field is checked", from(memory{asks: lastField}), []law.Law{law.Ahead}},
		{"invalid items are refused as too far ahead", from(memory{tells: badIsAhead}), []law.Law{law.BadRefused}},
		{"unknown members are refused", reading(replacing(`"unknown"`, `"ID"`)), spelled},
		{"only one form of UTC is read", reading(replacing(`\+00:00"`, `"`)), spelled},
		{"items without fields are refused", reading(replacing(`"data":\{\}`, `"data":null`)), spelled},
		{"other time zones are read as UTC", reading(replacing(`\+02:00`, `Z`)), []law.Law{law.BadRefused, law.Exact}},
	}, func(t *testing.T, b broken) { b.check(t, Options{}) })
}
