package mergetest

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/sim"
	"github.com/fieldlww/fieldlww/record"
)

func (a *app) Outbox() []byte {
	if a.restampsRetry && a.sent > 0 {
		a.outbox, _ = record.Restamp(a.outbox, a.stamp)
	}
	if a.forgets {
		a.outbox = a.outbox[a.sent:]
	}
	if a.renamesRetry || a.resetsLate {
		a.changesOutbox()
	}
	a.sent = len(a.outbox)
	var lines [][]byte
	for _, m := range slices.Concat(a.outbox, a.ghosts) {
		if a.nameless {
			m.Data = m.Data.WithKey(record.Key{Table: m.Data.Key().Table})
		}
		text := m.AppendJSON(nil)
		if a.respells {
			text = []byte(strings.ReplaceAll(string(sim.Respell(m)), "\r\n", ""))
		}
		lines = append(lines, text)
	}
	if a.asArray && len(lines) > 0 {
		return slices.Concat([]byte("["), bytes.Join(lines, []byte(",")), []byte("]"))
	}
	return bytes.Join(lines, []byte("\n"))
}

func (a *app) Answer(answer []byte) error {
	var replies []merge.Reply
	if err := json.Unmarshal(answer, &replies); err != nil {
		return err
	}
	keep, late := a.process(replies[:a.sent])
	rest := a.outbox[a.sent:]
	a.outbox = keep
	for _, m := range rest {
		answered := slices.ContainsFunc(replies, func(r merge.Reply) bool { return r.ID == m.Data.Key().ID })
		if !a.clears && !(a.clearsRecord && answered) {
			a.outbox = append(a.outbox, m)
		}
	}
	a.sent = 0
	if late {
		return a.correctClock()
	}
	return nil
}

// process acts on the replies to the sent items. It returns the items to send again, and reports whether the
// clock was found to be wrong.
func (a *app) process(replies []merge.Reply) (keep []record.Mutation, late bool) {
	for i, r := range replies {
		m := a.outbox[i]
		switch {
		case r.Verdict == "accepted":
			if a.replaces {
				a.confirmed[m.Data.Key()] = m.Data
			} else if !a.unconfirmed {
				a.accepted(m, r)
			}
		case r.Code == merge.TooFarAhead:
			by := r.ServerTime.Time().Sub(a.now())
			if a.wrongSign {
				by = -by
			}
			if !a.ignoresLate {
				if !a.keepsClock {
					a.offset += by
				}
				late = late || by != 0 || !a.trustsClock
			}
			if !a.dropsLate {
				keep = append(keep, m)
			}
		case r.Retryable || a.staysRefused || a.retriesGone && r.Code == merge.Gone:
			keep = append(keep, m)
		case a.sendsRefused:
			a.ghosts = append(a.ghosts, m)
		case a.keepsRefused:
			a.join(m.Data)
		}
		if r.Verdict == "refused" && a.stalls {
			keep = append(keep, a.outbox[i+1:a.sent]...)
			break
		}
	}
	return keep, late
}

// correctClock makes a new clock that starts above all confirmed stamps, and restamps the waiting edits.
func (a *app) correctClock() error {
	last := a.floor
	if a.lowClock {
		last = 0
	}
	for _, m := range a.overlay {
		for _, v := range m.Data.All() {
			last = max(last, v.Stamp.Time)
		}
	}
	bound := clock.TimestampOf(a.now().Add(clock.DefaultMaxAhead)) + clock.Timestamp(time.Millisecond-1)
	for _, r := range a.confirmed {
		for _, v := range r.All() {
			if !a.limits || v.Stamp.Time <= bound {
				last = max(last, v.Stamp.Time)
			}
		}
	}
	if a.deafNew {
		last = 0
	}
	err := a.newClock(last)
	if err == nil {
		before := a.outbox
		a.outbox, err = record.Restamp(a.outbox, a.stamp)
		a.hideAgain(before)
	}
	return err
}

func (a *app) Cursor() string { return a.cursor }

func (a *app) Pulled(lines []byte, next string) error {
	settled := next == a.cursor
	a.cursor = next
	if a.busyIgnores && len(a.outbox) > 0 {
		return nil
	}
	for _, line := range splitLines(lines) {
		if special, err := a.pulledSpecial(line); special || err != nil {
			if err != nil {
				return err
			}
			continue
		}
		d := record.Decoder{Trusted: true}
		items, err := d.Batch(line)
		if err != nil {
			return err
		}
		for _, it := range items {
			a.pulled(it.Mutation.Data)
			a.enter(it.Mutation.Data.Key(), line)
		}
	}
	if settled {
		a.fresh = false
		a.settle()
	}
	return nil
}

// pulled confirms a pulled record.
func (a *app) pulled(r record.Record) {
	if a.resetsPulled {
		a.dropsAdditions(r)
	}
	if a.joins || a.joinsPulled && a.fence > 0 {
		a.join(r)
	} else {
		a.confirmed[r.Key()] = a.kept(r)
	}
	for _, v := range r.All() {
		if !a.deaf {
			a.clock.Observe(v.Stamp.Time)
		}
	}
}

// kept returns those fields of a pulled record that the client keeps.
func (a *app) kept(r record.Record) record.Record {
	var b record.Builder
	kept, _ := b.Record(r.Key(), func(yield func(string, record.FieldValue) bool) {
		for name, v := range r.All() {
			if !(a.skipsDeleted && v.Deleted()) && !yield(name, v) {
				return
			}
		}
	})
	return kept
}
