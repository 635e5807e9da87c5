package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// line is one decoded line of a pull: a record, or a special line of a server that purges or has
// buckets.
type line struct {
	record record.Record // without fields if the line is a special one
	in     []string      // the buckets of the record
	left   bool          // the record is to be forgotten
	reset  bool          // everything is to be forgotten or, if the server has buckets, what is only in these
	resets []string      // with reset: the buckets
	epoch  bool          // with reset: because the server was restored from a backup
	told   *told         // the last line of a page
}

// told is the content of the last line of a page.
type told struct {
	fence, clock clock.Timestamp
	level        int
	buckets      []string // all buckets of the client; nil if they are not told
}

func countRecords(lines []line) (n int) {
	for _, l := range lines {
		if l.record.Len() > 0 {
			n++
		}
	}
	return n
}

// decode returns the decoded lines of a pull. Most lines are pulled many times, so decode keeps what
// it has decoded.
func (w *world) decode(text []byte) (lines []line, err error) {
	if lines, ok := w.decoded[string(text)]; ok {
		return lines, nil
	}
	if w.backend.Purge == nil && w.Sight == nil {
		lines, err = decodeRecords(text)
	} else {
		for one := range bytes.Lines(text) {
			l, ok := decodeSpecial(one)
			if ok {
				lines = append(lines, l)
				continue
			}
			more, err := decodeRecords(one)
			if err != nil {
				return nil, err
			}
			for _, r := range more {
				r.in = l.in
				lines = append(lines, r)
			}
		}
	}
	if err == nil {
		w.decoded[string(text)] = lines
	}
	return lines, err
}

// decodeRecords decodes lines that are all records.
func decodeRecords(text []byte) (lines []line, err error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, nil
	}
	decoder := record.Decoder{Trusted: true}
	items, err := decoder.Batch(text)
	if err != nil {
		return nil, fmt.Errorf("lines that are not a batch: %w", err)
	}
	for _, it := range items {
		if it.Err != nil {
			return nil, fmt.Errorf("an unreadable record: %w", it.Err)
		}
		lines = append(lines, line{record: it.Mutation.Data})
	}
	return lines, nil
}

// decodeSpecial decodes a line that only a server which purges or has buckets sends. The last line of
// a page may leave out the fence as long as there is none. Of another line, it decodes the buckets.
func decodeSpecial(text []byte) (l line, ok bool) {
	var members struct {
		Cursor, Fence, Clock json.RawMessage

		Reset, In, Buckets []string

		Left      bool
		Table, ID string
		Why       string
		Level     int
	}
	switch {
	case json.Unmarshal(text, &members) != nil:
		return l, false
	case members.Reset != nil:
		return line{reset: true, resets: members.Reset, epoch: members.Why == "epoch"}, true
	case members.Left:
		return line{left: true, record: record.New(record.Key{Table: members.Table, ID: members.ID})}, true
	case members.Table != "" || members.Cursor == nil && members.Fence == nil && members.Buckets == nil:
		return line{in: members.In}, false
	}
	t := told{level: members.Level, buckets: members.Buckets}
	var known [2]bool
	t.fence, known[0] = stampIn(members.Fence)
	t.clock, known[1] = stampIn(members.Clock)
	return line{told: &t}, known == [2]bool{true, true}
}

// stampIn returns a timestamp from its JSON, which may be missing, null or empty if there is no
// timestamp.
func stampIn(text json.RawMessage) (at clock.Timestamp, ok bool) {
	if len(text) == 0 || string(text) == "null" || string(text) == `""` {
		return 0, true
	}
	err := json.Unmarshal(text, &at)
	return at, err == nil
}

// mustNotReset reports a broken law if a page resets the client although it is not the first one of its
// pull, and nothing has changed since the page before.
func (w *world) mustNotReset(lines []line, same bool) {
	if same && slices.ContainsFunc(lines, func(l line) bool { return l.reset }) {
		w.Broken(law.ResetBelow, "a page that is not the first one of its pull resets the client")
	}
}

// mustTell reports a broken law if the lines of a page do not end by telling the fence.
func (w *world) mustTell(lines []line) {
	if w.Ledger.Fence == 0 {
		return
	}
	if len(lines) == 0 || lines[len(lines)-1].told == nil {
		w.Broken(law.FenceTold, "the fence is at %s, but a pull does not end by telling it", check.When(w.Ledger.Fence))
		return
	}
	if t := lines[len(lines)-1].told; int64(t.fence) != w.Ledger.Fence || t.clock < t.fence || t.level != w.Level {
		w.Broken(law.FenceTold, "the fence is at %s, level %d, but a pull tells %s, level %d and %s", check.When(w.Ledger.Fence), w.Level, stampText("fence", t.fence), t.level, stampText("clock", t.clock))
	}
}

// stampText describes a stamp that may be missing.
func stampText(what string, at clock.Timestamp) string {
	if at == 0 {
		return "no " + what
	}
	return "the " + what + " " + check.When(int64(at))
}

// mustSayWhy reports a broken law if the first pull of a device after a restore resets the device, but
// does not tell it of the restore.
func (w *world) mustSayWhy(d *device, p page) {
	first := slices.IndexFunc(p.lines, func(l line) bool { return l.reset }) // a later one may be due to a grant during the pull
	if d.outdated && first >= 0 && !p.lines[first].epoch {
		w.Broken(law.ResetBelow, "the server was restored since the last pull of %s, but the reset does not say \"why\":\"epoch\"", d.name)
	}
	d.outdated = d.outdated && len(p.lines) == 0 && p.cursor == d.cursor
}
