package lawtest

import "github.com/fieldlww/fieldlww/merge/buckets"

// pull lets the client pull one chunk, and apply it.
func (x *viewSearch) pull(s *viewState) (settled bool, broken law) {
	before := *s
	m, broken := x.serve(s)
	m.answered = s.item.accepted
	if b := x.apply(s, m, false); broken == "" {
		broken = b
	}
	if before.records != s.records || before.rows != s.rows || before.seq != s.seq {
		broken = lawPullWrites
	}
	return m.settled, broken
}

// apply lets the store apply a chunk, which may be the late one of the second tab. It discards a
// chunk if its cursor is no longer the one with which the chunk was asked for.
func (x *viewSearch) apply(s *viewState, m viewChunk, late bool) (broken law) {
	isGreater := m.next.seq >= s.cursor.seq && m.next.epoch == s.cursor.epoch
	if late && !m.fresh && !x.rules.anyChunk && !(x.rules.greater && isGreater) {
		return ""
	}
	x.lose(s, m)
	x.take(s, m)
	if !x.rules.noSelfPurge {
		for k, h := range s.held {
			if h.old && m.dead[k] == h.seq && x.engine.isDead(viewData{kind: h.kind, old: h.old}) {
				x.forget(s, k)
			}
		}
	}
	if s.cursor != m.next {
		s.tab.fresh = false
	}
	if !late || m.fresh || !x.rules.ownCursor {
		s.cursor = m.next
	}
	if m.settled && s.item.accepted && !x.rules.keepsOverlay && (m.answered || x.rules.anySettled) {
		if s.cursor.epoch == s.epoch && s.cursor.seq < s.item.applied {
			broken = lawOverlay
		}
		s.item = viewItem{}
	}
	return broken
}

// lose removes the buckets that a chunk takes away, by buckets.Loss.
func (x *viewSearch) lose(s *viewState, m viewChunk) {
	if m.reset == 0 && !m.tells {
		return
	}
	var has []string
	if m.tells {
		has = bucketNames(m.has)
	}
	loss := buckets.LossOf(bucketNames(m.reset), has)
	for k := range s.held {
		h := &s.held[k]
		if h.kind == viewAbsent {
			continue
		}
		if h.in = bucketsNamed(loss.Keep(bucketNames(h.in))); h.in == 0 {
			x.forget(s, k)
		}
	}
}

// take applies the line of a chunk.
func (x *viewSearch) take(s *viewState, m viewChunk) {
	k := int(m.record)
	switch m.line {
	case dataLine:
		if x.rules.adds {
			m.data.in |= s.held[k].in
		}
		s.held[k] = m.data
		if s.item.of(k) {
			s.item.left, s.item.seen = false, true
		}
	case leftLine:
		x.forget(s, k)
	}
}

// forget forgets a record. Its item is no longer shown.
func (x *viewSearch) forget(s *viewState, k int) {
	if x.rules.deletes && s.records[k].kind == viewAlive {
		x.put(s, k, viewData{kind: viewDeleted, in: s.records[k].in})
	}
	s.held[k] = viewHeld{}
	if s.item.of(k) {
		s.item.left = true
	}
}

// shows reports whether the client shows a record, held or made by its own item.
func (x *viewSearch) shows(s *viewState, k int) bool {
	return s.held[k].kind != viewAbsent || s.item.of(k) && s.item.isNew && (!s.item.left || x.rules.showsLeft)
}
