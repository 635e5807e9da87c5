package lawtest

// purgeKinds are the kinds of edits, with what each writes at a stamp.
var purgeKinds = []struct {
	name   string
	writes func(s, d mark) triple
}{
	setF:     {"sets f", func(s, _ mark) triple { return triple{s} }},
	setG:     {"sets g", func(s, _ mark) triple { return triple{1: s} }},
	setBoth:  {"sets f and g", func(s, _ mark) triple { return triple{s, s} }},
	deleteF:  {"deletes f", func(_, d mark) triple { return triple{d} }},
	deleteIt: {"deletes the record", func(_, d mark) triple { return triple{life: d} }},
	restore:  {"restores the record", func(s, _ mark) triple { return triple{life: s} }},
}

const (
	setF = iota
	setG
	setBoth
	deleteF
	deleteIt
	restore
)

// isOld reports whether a client is one that knows no fence.
func (x *purgeSearch) isOld(i int) bool { return x.old && i == 1 }

// isLiar reports whether a client may lie about whether an item is new.
func (x *purgeSearch) isLiar(i int) bool { return x.liar && i == 1 }

// waiting returns the overlays and the outbox.
func (c *purgeDevice) waiting() []sentItem {
	return append(c.overlays[:c.overlays.len():c.overlays.len()], c.outbox[:c.outbox.len()]...)
}

// show returns what a client shows, and what an ideal client that joins the same writes shows.
func (x *purgeSearch) show(c *purgeDevice, old bool) (shown, ideal triple) {
	if old {
		return c.confirmed.joins(c.waiting()...), c.ideal.joins(c.waiting()...)
	}
	return x.rules.show(c), x.idealOf(c, c.waiting())
}

// idealOf returns what an ideal client holds after it has joined the writes of some items, overlays
// first, without the gone writes. A client may hide accepted writes that it judges gone, with two
// exceptions. A write that it did not judge gone when the answer came stays shown, unless a new life
// has begun since. A write above the fence is shown, unless the client holds nothing of the record,
// because the creation is at or below the fence.
func (x *purgeSearch) idealOf(c *purgeDevice, sent []sentItem) triple {
	if len(sent) == 0 {
		return c.ideal
	}
	v := x.rules.judge(c.world(), itemsOf(sent))
	ideal := c.ideal.reborn(v, sent, c.fence)
	follows := v.before.empty() || v.before.dead(c.fence)
	for i, m := range sent {
		if i >= c.overlays.len() {
			ideal = ideal.join(v.joined[i])
			continue
		}
		shown := v.joined[i].within(m.taken)
		if !v.reborn {
			shown = shown.join(m.writes.within(m.held))
		}
		if !follows {
			shown = shown.join(m.writes.within(m.taken).above(c.fence))
		}
		ideal = ideal.join(shown)
	}
	return ideal
}

// checkClient returns the law that a client breaks, if any.
func (x *purgeSearch) checkClient(s *purgeState, i int) law {
	c := &s.clients[i]
	if x.isLiar(i) || c.snapshot || c.loading || x.isOld(i) && c.outbox.len() > 0 {
		return ""
	}
	shown, ideal := x.show(c, x.isOld(i))
	if shown.shown() != ideal.shown() {
		return lawClient
	}
	if c.ideal.empty() || c.ideal.deleted() || c.outbox.len() == 0 {
		return ""
	}
	sent := c.waiting()
	v := x.rules.judge(c.world(), itemsOf(sent))
	for j := c.overlays.len(); j < len(sent); j++ {
		if c.ideal.keeps(sent[j].writes, v.joined[j], c.fence) {
			return lawOwn
		}
	}
	return ""
}

// edit tries all edits of a client, at a stamp in every gap above its clock.
func (x *purgeSearch) edit(s *purgeState, i int) {
	c := &s.clients[i]
	slot := c.outbox.len()
	if slot == x.outbox || int(s.edits) == x.edits {
		return
	}
	shown, _ := x.show(c, x.isOld(i))
	newest, sawDeleted := shown.newest(), shown.deleted()
	if shown.dead(c.fence) {
		shown, sawDeleted = triple{}, false // level 1 keeps a dead record, but clients do not show it
	}
	last := s.newest() + 1
	for _, kind := range x.kinds {
		if kind == restore && !x.rules.restores(shown) && !(x.isOld(i) && shown.deleted()) || kind == deleteIt && shown.empty() {
			continue
		}
		for at := max(c.clock, newest) + 1; at <= last; at += 2 {
			t := *s
			t.edits++
			d := &t.clients[i]
			m := sentItem{sawDeleted: sawDeleted, current: c.fence == s.fence && c.level == s.level}
			m.writes = purgeKinds[kind].writes(mark{set, at}, mark{removed, at})
			m.isNew = !x.isOld(i) && x.rules.isNew(shown, m.writes)
			d.outbox[slot], d.clock = m, at
			x.visit(t, purgeAction{what: purgeKinds[kind].name, who: i}, x.checkClient(&t, i))
			if x.isLiar(i) {
				m.isNew, m.current, m.sawDeleted = !m.isNew, false, false
				d.outbox[slot] = m
				x.visit(t, purgeAction{what: purgeKinds[kind].name + " and lies", who: i}, "")
			}
		}
	}
}

// push lets a client push its oldest items, as one batch.
func (x *purgeSearch) push(s *purgeState, i int) {
	c := &s.clients[i]
	if c.epoch != s.epoch && !x.rules.anyEpoch {
		return // the server refuses the push without judging it
	}
	for n := 1; n <= min(x.batch, c.outbox.len()); n++ {
		x.pushUnder(s, purgeAction{what: "pushes", who: i, items: n}, s.fence)
		if x.rules.cachedFence {
			x.pushUnder(s, purgeAction{what: "pushes to a process that knows no fence", who: i, items: n}, 0)
		}
	}
}

// pushUnder lets a server that knows a fence apply a push. The answer may be lost, and a copy may
// stay under way.
func (x *purgeSearch) pushUnder(s *purgeState, a purgeAction, fence rank) {
	n, old := a.items, x.isOld(a.who)
	sent := s.clients[a.who].outbox
	applied := *s
	v, broken := x.deliver(&applied, sent[:n], s.world(fence, old && !x.rules.joinsWhole))
	for i := range n {
		sent[i].accepted = sent[i].accepted || v.joined[i] == sent[i].writes
	}
	lost := applied
	lost.clients[a.who].outbox = sent
	answered := applied
	c := &answered.clients[a.who]
	room := x.answer(c, sent[:n], v, old)
	lostAction := a
	lostAction.lost = true
	brokenThen := broken
	if broken == "" {
		brokenThen = x.checkClient(&answered, a.who)
	}
	for copied := range 2 {
		if copied == 1 {
			if !x.copied || s.network.len() > 0 {
				break
			}
			copy(lost.network[:n], sent[:n])
			answered.network = lost.network
			a.copied, lostAction.copied = true, true
		}
		x.visit(lost, lostAction, broken)
		if room {
			x.visit(answered, a, brokenThen)
		}
	}
}

// answer takes items from the outbox and keeps their accepted writes. It reports whether there is
// room for those.
func (x *purgeSearch) answer(c *purgeDevice, sent []sentItem, v ruling, old bool) bool {
	var rest batch
	copy(rest[:], c.outbox[len(sent):])
	c.outbox = rest
	for i, m := range sent {
		switch n := c.overlays.len(); {
		case v.joined[i].empty():
		case old:
			c.confirmed = c.confirmed.joins(m)
			c.ideal = c.ideal.join(v.joined[i])
		case n == len(c.overlays):
			return false
		default:
			kept := purgeItem{x.rules.overlay(m, v.joined[i]), m.isNew}
			c.overlays[n] = sentItem{purgeItem: kept, sawDeleted: m.sawDeleted, taken: v.joined[i].fields()}
			x.hold(c, n)
		}
	}
	return true
}

// hold notes which writes of an overlay the client does not judge gone.
func (x *purgeSearch) hold(c *purgeDevice, i int) {
	v := x.rules.judge(c.world(), itemsOf(c.overlays[:i+1]))
	c.overlays[i].held = v.joined[i].fields() & c.overlays[i].taken
}
