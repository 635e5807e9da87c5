package lawtest

import "math/bits"

// The scope of purging is every history of a small world, up to a number of steps: one record with
// the fields f, g and $deleted, two clients, one server, and an ideal server that never purges and
// joins exactly the writes that the real one accepted. The server and the clients follow the rules
// of purge_rules_test.go, in which merge.Engine and merge.Purge decide.
//
//	purge_state_test.go    a state of the world, and its canonical form
//	purge_rules_test.go    the rules of the protocol, which mutants replace
//	purge_server_test.go   pushes, duplicates, the fence, sweeps and restores
//	purge_client_test.go   edits, pushes and their answers
//	purge_pull_test.go     pulls, whole and in chunks
//	purge_erase_test.go    the erasure of the record, and its repetition after a restore
//	purge_search_test.go   the search, breadth first
//	purge_scope_test.go    the scopes of the right rules, with the number of their states
//	purge_mutants_test.go  the search for a history that breaks a law under each wrong rule;
//	                       the wrong rules are in purge_mutants_server_test.go, _client_test.go and
//	                       _erase_test.go

// A rank stands for a stamp or a sequence: only their order matters. Rank 0 is before all.
type rank = int8

// sentItem is an item that waits in an outbox or is under way.
type sentItem struct {
	purgeItem
	accepted   bool // all its writes were accepted before, but the answer was lost
	sawDeleted bool // its author was shown a deleted record
	current    bool // its author knew the fence and the level that still hold

	// Of an overlay:
	answered bool // the answer came before the pull under way began
	taken    int8 // the set of fields whose writes were accepted
	held     int8 // the accepted writes that the client did not judge gone when the answer came
}

// batch holds some items, the oldest first. The rest have no writes.
type batch [3]sentItem

func (b *batch) len() (n int) {
	for n < len(b) && !b[n].writes.empty() {
		n++
	}
	return n
}

// purgeServer holds the real server and the ideal one. A restore brings back all members; the
// epoch is not among them.
type purgeServer struct {
	stored, ideal triple
	sequence      rank // of the last change
	changed       rank // the sequence of the record, if one is stored
	floor         rank // F: a cursor below it gets a reset
	fence         rank // H
	greatest      rank // the greatest stamp that was accepted
	level         int8
}

// purgeDevice is a client, and what an ideal client holds as confirmed.
type purgeDevice struct {
	confirmed, ideal triple
	outbox           batch
	overlays         batch // what was accepted, until a pull brings it
	cursor           rank
	fence, clock     rank
	level            int8
	epoch            int8
	loading          bool // a reset came, but not yet what follows it
	snapshot         bool // the client began with a snapshot without tombstones
	stuck            bool // an old client that was told to resync
	pulling          purgePull
}

// purgePull is a response to a pull.
type purgePull struct {
	begun         bool
	line          bool // the response has a line of the record, or a reset
	record, ideal triple
	sequence      rank
	fence, told   rank
	level, epoch  int8
}

// purgeState is a state of the world.
type purgeState struct {
	purgeServer
	epoch   int8
	backup  purgeServer
	backups int8 // 0 before the backup, 1 after it, 2 after the restore
	edits   int8
	clients [2]purgeDevice
	network batch // copies that are under way
	erasing purgeErasure
}

// eachStamp visits the stamps, and the ranks that are compared to them.
func (s *purgeState) eachStamp(visit func(*rank)) {
	of := func(t *triple) {
		for i := range t {
			visit(&t[i].at)
		}
	}
	for _, v := range []*purgeServer{&s.purgeServer, &s.backup} {
		of(&v.stored)
		of(&v.ideal)
		visit(&v.fence)
		visit(&v.greatest)
	}
	for i := range s.clients {
		c := &s.clients[i]
		of(&c.confirmed)
		of(&c.ideal)
		visit(&c.fence)
		visit(&c.clock)
		of(&c.pulling.record)
		of(&c.pulling.ideal)
		visit(&c.pulling.fence)
		visit(&c.pulling.told)
		for j := range c.overlays.len() {
			of(&c.overlays[j].writes)
		}
		for j := range c.outbox.len() {
			of(&c.outbox[j].writes)
		}
	}
	for j := range s.network.len() {
		of(&s.network[j].writes)
	}
	s.erasing.each(visit)
}

// eachSequence visits the sequences.
func (s *purgeState) eachSequence(visit func(*rank)) {
	for _, v := range []*purgeServer{&s.purgeServer, &s.backup} {
		visit(&v.sequence)
		visit(&v.changed)
		visit(&v.floor)
	}
	for i := range s.clients {
		visit(&s.clients[i].cursor)
		visit(&s.clients[i].pulling.sequence)
	}
}

// newest returns the greatest rank of a stamp.
func (s *purgeState) newest() (at rank) {
	s.eachStamp(func(r *rank) { at = max(at, *r) })
	return at
}

// rankSet is a set of ranks. Rank 0 is not counted.
type rankSet uint64

func (set *rankSet) add(r rank) { *set |= 1 << r &^ 1 }

// index returns the position of a rank in the set, from 1, and 0 for rank 0.
func (set rankSet) index(r rank) rank {
	return rank(bits.OnesCount64(uint64(set) & (2<<r - 1)))
}

// canonical renumbers the ranks. Stamps get even ranks, so that a new one fits into each gap. If
// the clients are alike, it orders them, and reports whether they changed places. It returns a hash
// of the state. Two states with the same hash count as one, but such a collision is unlikely in ten
// million states.
func (s *purgeState) canonical(alike bool) (h purgeHash, swapped bool) {
	if s.stored.empty() {
		s.changed = 0
	}
	if s.backup.stored.empty() {
		s.backup.changed = 0
	}
	var stamps, sequences rankSet
	s.eachStamp(func(r *rank) { stamps.add(*r) })
	s.eachStamp(func(r *rank) { *r = 2 * stamps.index(*r) })
	s.eachSequence(func(r *rank) { sequences.add(*r) })
	s.eachSequence(func(r *rank) { *r = sequences.index(*r) })
	first, second := s.clients[0].hash(), s.clients[1].hash()
	if swapped = alike && second < first; swapped {
		s.clients[0], s.clients[1] = s.clients[1], s.clients[0]
		first, second = second, first
	}
	h.add(uint64(first))
	h.add(uint64(second))
	s.purgeServer.hash(&h)
	s.backup.hash(&h)
	s.network.hash(&h)
	s.erasing.hash(&h)
	h.add(packed(s.epoch, s.backups, s.edits))
	return h, swapped
}

// purgeHash is a hash of numbers.
type purgeHash uint64

func (h *purgeHash) add(n uint64) {
	*h = (*h ^ purgeHash(n)) * 0x9E3779B97F4A7C15
	*h ^= *h >> 32
}

func (v *purgeServer) hash(h *purgeHash) {
	h.add(v.stored.number())
	h.add(v.ideal.number())
	h.add(packed(v.sequence, v.changed, v.floor, v.fence, v.greatest, v.level))
}

func (b *batch) hash(h *purgeHash) {
	for i := range b {
		m := &b[i]
		h.add(m.writes.number())
		h.add(packed(bit(m.isNew)|bit(m.accepted)<<1|bit(m.sawDeleted)<<2|bit(m.current)<<3|bit(m.answered)<<4, m.taken, m.held))
	}
}

func (c *purgeDevice) hash() (h purgeHash) {
	p := &c.pulling
	for _, t := range []*triple{&c.confirmed, &c.ideal, &p.record, &p.ideal} {
		h.add(t.number())
	}
	c.outbox.hash(&h)
	c.overlays.hash(&h)
	h.add(packed(c.cursor, c.fence, c.clock, c.level, c.epoch, bit(c.loading)|bit(c.snapshot)<<1|bit(c.stuck)<<2))
	h.add(packed(p.sequence, p.fence, p.told, p.level, p.epoch, bit(p.begun)|bit(p.line)<<1))
	return h
}

// packed returns up to eight bytes as one number.
func packed(bytes ...int8) (n uint64) {
	for _, b := range bytes {
		n = n<<8 | uint64(uint8(b))
	}
	return n
}

func (t triple) number() (n uint64) {
	for _, c := range t {
		n = n<<16 | uint64(c.kind)<<8 | uint64(c.at)
	}
	return n
}

func bit(b bool) int8 {
	if b {
		return 1
	}
	return 0
}

// fields returns the set of fields with a write.
func (t triple) fields() (set int8) {
	for i, c := range t {
		if c.kind != absent {
			set |= 1 << i
		}
	}
	return set
}

// within returns the writes of a set of fields.
func (t triple) within(set int8) triple {
	for i := range t {
		if set>>i&1 == 0 {
			t[i] = mark{}
		}
	}
	return t
}

// above returns the writes above a fence.
func (t triple) above(fence rank) triple {
	for i, c := range t {
		if c.at <= fence {
			t[i] = mark{}
		}
	}
	return t
}
