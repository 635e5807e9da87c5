package lawtest

// pull lets a client pull: in one step, in two steps that read and apply the response, or in
// chunks.
func (x *purgeSearch) pull(s *purgeState, i int) {
	c := &s.clients[i]
	switch {
	case x.isOld(i):
		x.pullOld(s, i)
	case c.pulling.begun:
		t := *s
		t.clients[i].pulling = purgePull{}
		broken := x.settle(&t.clients[i], c.pulling)
		x.visit(t, purgeAction{what: "applies its pull", who: i}, x.checkThen(broken, &t, i))
	default:
		t := *s
		t.clients[i].overlays.answer()
		broken := x.settle(&t.clients[i], x.read(s, c))
		if broken == "" {
			broken = x.checkSynced(&t, i)
		}
		x.visit(t, purgeAction{what: "pulls", who: i}, x.checkThen(broken, &t, i))
		if x.slow && c.epoch == s.epoch {
			t := *s
			t.clients[i].overlays.answer()
			t.clients[i].pulling = x.read(s, c)
			x.visit(t, purgeAction{what: "begins to pull", who: i}, "")
			x.pullChunk(s, i)
		}
	}
}

// checkThen returns the given broken law, if any, or else the law that the client breaks.
func (x *purgeSearch) checkThen(broken law, s *purgeState, i int) law {
	if broken != "" {
		return broken
	}
	return x.checkClient(s, i)
}

// read returns the response to a pull.
func (x *purgeSearch) read(s *purgeState, c *purgeDevice) purgePull {
	p := purgePull{
		begun: true, ideal: s.ideal, sequence: s.sequence,
		fence: s.fence, told: s.greatest, level: s.level, epoch: s.epoch,
	}
	if p.line = c.loading || x.rules.resets(s, c) || !s.stored.empty() && c.cursor < s.changed; p.line {
		p.record = x.rules.normal(s.stored, s.fence, s.level)
	}
	p.told = x.rules.told(s, p.record)
	return p
}

// answer notes that the answers to the items came before a pull that begins now.
func (b *batch) answer() {
	for i := range b.len() {
		b[i].answered = true
	}
}

// settle applies a whole response.
func (x *purgeSearch) settle(c *purgeDevice, p purgePull) law {
	if p.line {
		c.confirmed, c.snapshot = p.record, false
	}
	c.cursor, c.ideal, c.epoch, c.loading = p.sequence, p.ideal, p.epoch, false
	x.trailer(c, p, true)
	if p.line && c.confirmed.shown() != p.ideal.shown() {
		return lawSynced
	}
	return ""
}

// trailer applies a trailer, the last line of a response. Overlays that a settled pull has
// brought are dropped. If the response has no line of the record, the other overlays are
// joined before the fence or the level rises, judged by the old ones.
func (x *purgeSearch) trailer(c *purgeDevice, p purgePull, settled bool) {
	var rest batch
	for _, m := range c.overlays[:c.overlays.len()] {
		switch {
		case !x.rules.ends(m, settled):
			rest[rest.len()] = m
		case !settled || !m.answered: // the ideal client still has the item
			c.ideal = c.ideal.joins(m)
		}
	}
	c.overlays = rest
	if n := rest.len(); n > 0 && !p.line && x.rules.folds(c, p) {
		ideal := x.idealOf(c, rest[:n])
		c.confirmed, c.ideal = x.rules.judge(c.world(), itemsOf(rest[:n])).after, ideal
		c.overlays = batch{}
	}
	c.fence, c.level, c.clock = p.fence, p.level, max(c.clock, p.told)
	if !x.rules.neverPurges {
		c.confirmed = x.rules.normal(c.confirmed, c.fence, c.level)
	}
}

// pullChunk lets a client apply the first chunk of a response and no more. The chunk ends after a
// reset, before the line of the record, or after that line.
func (x *purgeSearch) pullChunk(s *purgeState, i int) {
	c := &s.clients[i]
	p := x.read(s, c)
	t := *s
	d := &t.clients[i]
	switch {
	case c.loading || !p.line:
	case x.rules.resets(s, c):
		d.confirmed, d.loading = triple{}, true
		x.trailer(d, p, false)
		x.visit(t, purgeAction{what: "pulls no more than a reset", who: i}, "")
	default:
		before := p
		before.line = false
		x.trailer(d, before, false)
		x.visit(t, purgeAction{what: "pulls no more than what precedes the record", who: i}, x.checkClient(&t, i))
		t = *s
		d.confirmed, d.ideal, d.cursor = p.record, p.ideal, s.changed
		x.trailer(d, p, false)
		x.visit(t, purgeAction{what: "pulls no more than the record", who: i}, x.checkClient(&t, i))
	}
}

// pullOld lets a client that knows neither fence nor reset pull.
func (x *purgeSearch) pullOld(s *purgeState, i int) {
	t := *s
	c := &t.clients[i]
	if c.stuck || c.cursor < s.floor && !x.rules.oldPulls {
		c.stuck = true
		x.visit(t, purgeAction{what: "is told to resync", who: i}, "")
		return
	}
	if !s.stored.empty() && c.cursor < s.changed {
		c.confirmed = x.rules.normal(s.stored, s.fence, s.level)
	}
	c.cursor, c.ideal = s.sequence, s.ideal
	c.clock = max(c.clock, c.confirmed.newest())
	x.visit(t, purgeAction{what: "pulls", who: i}, x.checkThen(x.checkSynced(&t, i), &t, i))
}

// checkSynced returns the law, if any, that a client which has just pulled breaks.
func (x *purgeSearch) checkSynced(s *purgeState, i int) law {
	c := &s.clients[i]
	switch {
	case c.confirmed.shown().fields != s.ideal.shown().fields:
		return lawSynced
	case !c.snapshot && c.confirmed.shown() != s.ideal.shown():
		return lawSynced // a snapshot without tombstones has no empty records
	case x.isOld(i):
	case !c.snapshot && c.confirmed != x.rules.normal(s.stored, s.fence, s.level):
		return lawSame
	case s.erasing.has(c.confirmed[:life]...) || !x.isOld(i) && x.showsErased(s, c):
		return lawErased
	case c.clock < s.stored.newest():
		return lawClock
	}
	return ""
}

// begin lets a client begin again with a snapshot that has no tombstones.
func (x *purgeSearch) begin(s *purgeState, i int) {
	t := *s
	fields := s.stored.shown().fields
	c := purgeDevice{
		confirmed: triple{fields[0], fields[1]}, ideal: s.ideal, snapshot: true,
		cursor: s.sequence, fence: s.fence, level: s.level, epoch: s.epoch,
	}
	c.clock = x.rules.told(s, c.confirmed)
	t.clients[i] = c
	x.visit(t, purgeAction{what: "begins with a snapshot", who: i}, x.checkSynced(&t, i))
}

// showsErased reports whether a client shows a value that was erased.
func (x *purgeSearch) showsErased(s *purgeState, c *purgeDevice) bool {
	shown := x.rules.show(c).shown()
	return s.erasing.at > 0 && s.erasing.has(shown.fields[:]...)
}
