package replica

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// restampWaiting lowers the clock if it is above the server's limit, and restamps waiting items
// that need it. The parameters "at" and "took" describe the server's answer, as in ServerTime. The
// list "late" holds the items that the answer refused as too far ahead, or the items that are based
// on a repaired stamp. The result is the number of restamped items.
func (r *Replica) restampWaiting(at clock.Timestamp, took time.Duration, late []*item) int {
	server := r.serverNow(at, took)
	limit := limitAt(server)
	s := settling{Replica: r, limit: limit, late: make(map[*item]bool, len(late)), renamed: make(map[clock.Stamp]clock.Stamp)}
	for _, it := range late {
		if future := s.future(it); len(future) > 0 {
			r.noticeFuture(it, future)
		} else {
			s.late[it] = true
		}
	}
	if len(late) > 0 && len(s.late) == 0 && r.clock.Last() <= limit {
		return 0 // all late items wait, and nothing else has changed
	}
	for it := range s.late {
		s.limit = min(s.limit, it.stamp().Time-1) // the server's bound is lower
	}
	s.now = min(clock.TimestampOf(r.Now()), server)
	if s.refused = s.now; plausible(at) {
		s.refused = min(s.now, at)
	}
	r.lowerClock(s.limit)
	s.restampAll()
	r.observe(s.last)
	r.ahead = s.aheadOf(r.clock.Last())
	slices.SortFunc(late, func(a, b *item) int { return cmp.Compare(b.number, a.number) })
	for _, it := range late {
		if s.late[it] {
			it.putFirst(&r.outbox.fresh) // so that items are sent in ascending order of stamps
		}
	}
	return len(s.renamed)
}

// settling is the state of one call of restampWaiting.
type settling struct {
	*Replica
	limit   clock.Timestamp // the greatest stamp that the server accepts
	now     clock.Timestamp // no item was edited after this time
	refused clock.Timestamp // no late item was edited after this time: it had reached the server by then
	late    map[*item]bool
	last    clock.Timestamp             // the greatest waiting stamp so far
	renamed map[clock.Stamp]clock.Stamp // old stamp to new stamp
	taken   map[clock.Timestamp]bool    // the times of all waiting items, and of records of restamped ones
}

// renameBase replaces old stamps of restamped items with their new ones in the bases of an item.
func (s *settling) renameBase(it *item) {
	for name, base := range it.m.Base {
		if now, ok := s.renamed[base]; ok {
			s.rebase(it, func(bases map[string]clock.Stamp) { bases[name] = now })
		}
	}
}

// restampAll restamps the items that need it, in the order of the outbox.
func (s *settling) restampAll() {
	all := s.outbox.items()
	s.taken = make(map[clock.Timestamp]bool, len(all))
	for _, it := range all {
		s.taken[it.stamp().Time] = true
	}
	for _, it := range all {
		s.renameBase(it)
		if s.needsStamp(it) {
			s.restamp(it)
		}
		if at := it.stamp().Time; at <= s.limit {
			s.last = max(s.last, at)
		}
	}
}

// aheadOf returns those taken times that are above the given time.
func (s *settling) aheadOf(last clock.Timestamp) map[clock.Timestamp]bool {
	maps.DeleteFunc(s.taken, func(at clock.Timestamp, _ bool) bool { return at <= last })
	return s.taken
}

// needsStamp reports whether an item needs another stamp. It does if it
//
//   - was refused as too far ahead, or would be refused for the same reason;
//   - was stamped when the offset was wrong;
//   - is not above the items before it, now that these have been restamped;
//   - has the ID of another client.
//
// An item that a server may have is never given a greater stamp, because a retry would win over
// edits made since.
//
// An item that edits a field whose stamp lies in the future needs no new stamp: it waits until the
// field is repaired or that time has come.
func (s *settling) needsStamp(it *item) bool {
	stamp := it.stamp()
	switch {
	case stamp.Client != s.id:
		return true
	case len(s.future(it)) > 0:
		return false
	case s.late[it]:
		return true
	case stamp.Time > s.limit && len(s.late) > 0:
		return true
	case it.sent:
		return false
	case stamp.Time <= s.last:
		return true
	}
	off := s.timeOf(it).Time().Sub(stamp.Time.Time())
	return !s.followed(it) && off.Abs() > agreement
}

// future returns the fields that make an item wait: each has a confirmed write whose stamp is above
// the limit, but below the stamp of the item.
func (s *settling) future(it *item) (names []string) {
	known, at := s.known(s.find(it.m.Data.Key())), it.stamp()
	for name := range it.m.Data.All() {
		if v, _ := known.Get(name); v.Stamp.Time > s.limit && at.Compare(v.Stamp) > 0 {
			names = append(names, name)
		}
	}
	return names
}

// followed reports whether a server may have a later write of one of the item's fields.
func (s *settling) followed(it *item) bool {
	return slices.ContainsFunc(it.writes, func(w write) bool { return w.after != nil && w.after.it.sent })
}

// timeOf returns the time of the edit in an item, corrected by what is now known of the device's
// clock.
func (s *settling) timeOf(it *item) clock.Timestamp {
	if stamp := it.stamp(); stamp.Client != s.id {
		return stamp.Time
	}
	latest := s.now
	if s.late[it] {
		latest = s.refused
	}
	return min(clock.TimestampOf(it.wall.Add(s.offset)), latest)
}

// restamp stamps an item with the time of its edit, but above every write that its author saw,
// above the clock of the last trailer before the edit, and above every waiting write before it. A
// write that its author did not see may be later, and then wins.
func (s *settling) restamp(it *item) {
	s.touch(it.m.Data.Key())
	at := max(s.timeOf(it), s.last+1, it.floor+1)
	for name, w := range it.links() {
		if seen := it.m.Base[name].Time; seen <= s.limit {
			at = max(at, seen+1)
		}
		if w.before != nil {
			at = max(at, w.before.it.stamp().Time+1)
		}
	}
	s.takeKnown(s.find(it.m.Data.Key()))
	for s.taken[at] && at != it.stamp().Time {
		at++
	}
	s.taken[at] = true
	s.stampAs(it, clock.Stamp{Time: at, Client: s.id})
}

// takeKnown takes the times of the confirmed record and of its overlays. An edit that got one of them
// could not be told from the accepted edit that has it.
func (s *settling) takeKnown(h *held) {
	for _, w := range h.confirmed.All() {
		s.taken[w.Stamp.Time] = true
	}
	for _, it := range h.overlays() {
		s.taken[it.stamp().Time] = true
	}
}

// stampAs gives all writes of an item one stamp.
func (s *settling) stampAs(it *item, stamp clock.Stamp) {
	old := it.stamp()
	data, err := s.builder.Record(it.m.Data.Key(), func(yield func(string, record.FieldValue) bool) {
		for name, v := range it.m.Data.All() {
			if v.Stamp = stamp; !yield(name, v) {
				return
			}
		}
	})
	if err != nil {
		return // the stamp is out of range
	}
	it.m.Data = data
	s.renamed[old] = stamp
	s.logRestamp(data.Key(), old, stamp)
	s.entries.outbox.put(it)
	s.unsaved.state = true
}
