package lawtest

import "slices"

// law is a law of purging. The error of a search names the broken law.
type law string

const (
	lawServer law = "the server shows what the ideal server shows"
	lawSynced law = "a client in sync shows what the ideal server shows"
	lawSame   law = "a client in sync holds what the server stores"
	lawClient law = "a client shows what the ideal client shows"
	lawOwn    law = "a client shows its own writes, but for those that may be gone"
	lawRetry  law = "a retry changes nothing that is shown"
	lawGone   law = "a write is gone only at or below the fence, of a field without a value, or if the record is dead"
	lawHonest law = "an item whose author knew the fence is gone only if its record is dead"
	lawOrder  law = "the order of a batch changes nothing"
	lawErased law = "the server stores nothing that was erased, and a client in sync shows nothing of it"
	lawLife   law = "an erased record comes back only with an item that creates it"
	lawLines  law = "the journal has no data of items on an erased record"
	lawClock  law = "the clock of a client in sync is not below a stored stamp"
)

// check returns the law that the server breaks, if any.
func (s *purgeState) check() law {
	if s.stored.shown() != s.ideal.shown() {
		return lawServer
	}
	if s.erasing.has(s.stored[:life]...) {
		return lawErased
	}
	return ""
}

// deliver lets the server apply a batch under a fence that it knows.
func (x *purgeSearch) deliver(s *purgeState, sent []sentItem, w purgeWorld) (ruling, law) {
	items := itemsOf(sent)
	v := x.rules.server(w, items)
	if !x.rules.server.anyOrder(w, items, v) {
		return v, lawOrder
	}
	if v.journaled != [mostItems]bool{} {
		return v, lawLines
	}
	before, fence := s.ideal, s.fence
	if v.after != v.before {
		s.sequence++
		s.changed, s.stored = s.sequence, v.after
		s.greatest = max(s.greatest, v.after.newest())
	}
	s.ideal = s.ideal.reborn(v, sent, fence)
	retry := true
	for i, m := range sent {
		s.ideal = s.ideal.join(v.joined[i])
		if x.erasure {
			s.erasing.accept(v.joined[i])
		}
		retry = retry && (m.accepted || v.joined[i].empty())
	}
	if s.erasing.ends(before, s.stored) && !slices.ContainsFunc(items, func(m purgeItem) bool { return m.isNew }) {
		return v, lawLife
	}
	if retry && s.ideal.shown() != before.shown() {
		return v, lawRetry
	}
	d := delivered{s, before, w.whole, w.stored[life].kind == erased}
	for i, m := range sent {
		if broken := d.checkGone(m, v.joined[i]); broken != "" {
			return v, broken
		}
	}
	return v, s.check()
}

// delivered is a state after a batch.
type delivered struct {
	*purgeState
	before triple // what the ideal server stored before the batch
	whole  bool   // items of the batch are not accepted in part
	erased bool   // the record was erased before the batch
}

// checkGone checks that the writes of an item that were not joined may be gone.
func (s delivered) checkGone(m sentItem, joined triple) law {
	if joined == m.writes || s.before.dead(s.fence) || s.erased {
		return ""
	}
	if m.current && !m.sawDeleted && !s.whole {
		return lawHonest
	}
	if s.before.empty() {
		return "" // the item follows a creation that is gone
	}
	for i, c := range m.writes {
		if joined[i] != c && s.whole && c.at <= s.fence {
			return ""
		}
	}
	if s.before.keeps(m.writes, joined, s.fence) {
		return lawGone
	}
	return ""
}

// keeps reports whether a record that is not dead should have kept a write that was not joined: a
// write above the fence, or of a field that has a value.
func (t triple) keeps(writes, joined triple, fence rank) bool {
	for i, c := range writes {
		if joined[i] != c && (c.at > fence || i != life && t[i].kind == set) {
			return true
		}
	}
	return false
}

func itemsOf(sent []sentItem) []purgeItem {
	items := make([]purgeItem, len(sent))
	for i, m := range sent {
		items[i] = m.purgeItem
	}
	return items
}

// world is what the server judges a batch by.
func (s *purgeServer) world(fence rank, whole bool) purgeWorld {
	return purgeWorld{s.stored, fence, s.level, whole}
}

// serve tries all that the server does by itself.
func (x *purgeSearch) serve(s *purgeState) {
	x.duplicate(s)
	if x.rules.fences(s) {
		newest := s.newest()
		for fence := s.fence + 2; fence <= newest; fence += 2 {
			t := *s
			t.fence = fence
			t.age()
			x.visit(t, purgeAction{what: "the fence rises", who: server}, t.check())
		}
	}
	if n := x.rules.normal(s.stored, s.fence, s.level); n != s.stored {
		t := *s
		if t.stored = n; n.empty() {
			t.floor = max(s.floor, s.changed)
		}
		x.visit(t, purgeAction{what: "a sweep", who: server}, t.check())
	}
	if x.levelUp && s.level == 1 {
		t := *s
		t.level = 2
		t.age()
		x.visit(t, purgeAction{what: "the level rises", who: server}, t.check())
	}
	if x.restore {
		x.restoreServer(s)
	}
	if x.erasure {
		x.erase(s)
	}
}

// duplicate delivers copies once more, all or one of them.
func (x *purgeSearch) duplicate(s *purgeState) {
	n := s.network.len()
	for from := range n {
		for _, to := range []int{from + 1, n} {
			if to == n && from > 0 {
				break // the copies from here on are not one batch
			}
			t := *s
			v, broken := x.deliver(&t, t.network[from:to], s.world(s.fence, false))
			for i := from; i < to; i++ {
				m := &t.network[i]
				m.accepted = m.accepted || v.joined[i-from] == m.writes
			}
			x.visit(t, purgeAction{what: "a late duplicate arrives", who: server, items: to - from}, broken)
		}
	}
}

// age notes that the authors of the waiting items did not know the fence and the level that hold
// from now on.
func (s *purgeState) age() {
	for _, b := range []*batch{&s.clients[0].outbox, &s.clients[1].outbox, &s.network} {
		for i := range b {
			b[i].current = false
		}
	}
}

// forget notes that the server has lost what it accepted.
func (b *batch) forget() {
	for i := range b {
		b[i].accepted = false
	}
}

// restoreServer makes a backup of the server, and restores it once.
func (x *purgeSearch) restoreServer(s *purgeState) {
	t := *s
	switch s.backups {
	case 0:
		t.backup, t.backups = s.purgeServer, 1
		x.visit(t, purgeAction{what: "a backup is made", who: server}, "")
	case 1:
		t.purgeServer, t.backup, t.backups, t.epoch = x.rules.restored(s.backup), purgeServer{}, 2, 1
		for i := range t.clients {
			t.clients[i].outbox.forget()
		}
		if t.network.forget(); !x.rules.anyEpoch {
			t.network = batch{}
		}
		if at := s.erasing.at; at > 0 && !x.rules.forgetful {
			t.purgeServer.erase(x.rules.erase(t.stored, at))
		}
		x.visit(t, purgeAction{what: "the server is restored", who: server}, t.check())
	}
}
