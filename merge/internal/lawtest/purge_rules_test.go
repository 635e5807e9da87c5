package lawtest

import "github.com/fieldlww/fieldlww/merge"

// mostItems is the number of items that are judged at a time.
const mostItems = 4

// ruling is what becomes of a batch.
type ruling struct {
	before triple            // the normal form of what was stored
	after  triple            // what is stored afterwards
	joined [mostItems]triple // the writes of each item that are joined, none if the item is gone
	reborn bool              // a new life replaces what was stored
	// journaled reports which items on an erased record have data in the journal.
	journaled [mostItems]bool
}

// judge decides about a batch under a fence.
type judge func(w purgeWorld, items []purgeItem) ruling

// purgeRules are the rules of the protocol. A mutant replaces one of them.
type purgeRules struct {
	normal func(t triple, fence rank, level int8) triple
	judge  judge // how clients judge what they show and confirm
	server judge
	// isNew reports whether an item says that it creates its record.
	isNew func(shown, writes triple) bool
	// fences reports whether the server may raise its fence.
	fences func(s *purgeState) bool
	// told is the stamp that a client observes with a pull that brought it the record t.
	told func(s *purgeState, t triple) rank
	// resets reports whether a pull replaces all that the client holds.
	resets func(s *purgeState, c *purgeDevice) bool
	// show returns what a client shows.
	show func(c *purgeDevice) triple
	// overlay returns what a client keeps of an item after some of its writes were accepted.
	overlay func(m sentItem, accepted triple) triple
	// folds reports whether overlays are joined before a trailer is applied.
	folds func(c *purgeDevice, p purgePull) bool
	// ends reports whether an overlay ends with a trailer.
	ends func(m sentItem, settled bool) bool
	// restored returns the server after it was restored from a backup.
	restored func(backup purgeServer) purgeServer

	// erasureAt returns the stamp of a new erasure of the record t, given a stamp above t.
	erasureAt func(t triple, above rank) rank
	// erase returns the record t after an erasure.
	erase func(t triple, at rank) triple
	// restores reports whether a client restores the record that it is shown.
	restores func(shown triple) bool

	silent      bool // an erasure takes no sequence
	forgetful   bool // a restored server does not repeat the erasure
	anyEpoch    bool // the server judges pushes of clients that have not pulled since it was restored
	cachedFence bool // one process of the server judges by the fence of its start
	joinsWhole  bool // partly gone items of old clients are not refused as a whole
	oldPulls    bool // old clients below the floor pull as before
	neverPurges bool // a trailer that raises the fence leaves the record as it is
}

// rightRules returns the rules of the protocol, in which merge.Purge and merge.Engine decide.
func (e *purgeEngine) rightRules() *purgeRules {
	r := &purgeRules{
		normal:   e.normal,
		judge:    e.rule,
		server:   e.rule,
		isNew:    func(shown, _ triple) bool { return shown.empty() },
		fences:   func(*purgeState) bool { return true },
		told:     func(s *purgeState, _ triple) rank { return max(s.greatest, s.fence) },
		resets:   func(s *purgeState, c *purgeDevice) bool { return c.cursor < s.floor || c.epoch != s.epoch },
		overlay:  func(_ sentItem, accepted triple) triple { return accepted },
		folds:    func(c *purgeDevice, p purgePull) bool { return p.fence > c.fence || p.level > c.level },
		ends:     func(m sentItem, settled bool) bool { return settled && m.answered },
		restored: func(backup purgeServer) purgeServer { return backup },

		erasureAt: func(_ triple, above rank) rank { return above },
		erase:     e.erase,
		restores:  func(shown triple) bool { return shown[life].kind == removed },
	}
	r.show = func(c *purgeDevice) triple {
		if sent := c.waiting(); len(sent) > 0 {
			return r.judge(c.world(), itemsOf(sent)).after
		}
		return c.confirmed
	}
	return r
}

// world is what a client judges its own items by.
func (c *purgeDevice) world() purgeWorld { return purgeWorld{c.confirmed, c.fence, c.level, false} }

// normal returns the normal form by merge.Purge.
func (e *purgeEngine) normal(t triple, fence rank, level int8) triple {
	if fence == 0 || t.empty() {
		return t
	}
	key := purgeWorld{t, fence, level, false}
	n, ok := e.normals[key]
	if !ok {
		n = tripleOf(merge.Purge(e.record(t), stampAt(fence).Time, int(level)))
		e.normals[key] = n
	}
	return n
}

// rulingKey is a batch whose ranks are numbered without gaps.
type rulingKey struct {
	world purgeWorld
	n     int
	items [mostItems]purgeItem
}

// rule returns the ruling of the real Engine. It asks the Engine once for all cases that differ
// only in the gaps between their ranks.
func (e *purgeEngine) rule(w purgeWorld, items []purgeItem) ruling {
	var set rankSet
	key := rulingKey{world: w, n: len(items)}
	copy(key.items[:], items)
	key.each(func(r *rank) { set.add(*r) })
	key.each(func(r *rank) { *r = set.index(*r) })
	v, ok := e.rulings[key]
	if !ok {
		v = e.ask(key.world, key.items[:key.n])
		e.rulings[key] = v
	}
	var ranks [64]rank
	for r := range rank(len(ranks)) {
		if set>>r&1 == 1 {
			ranks[set.index(r)] = r
		}
	}
	v.each(func(r *rank) { *r = ranks[*r] })
	return v
}

func (k *rulingKey) each(visit func(*rank)) {
	visit(&k.world.fence)
	k.world.stored.each(visit)
	for i := range k.n {
		k.items[i].writes.each(visit)
	}
}

func (v *ruling) each(visit func(*rank)) {
	v.before.each(visit)
	v.after.each(visit)
	for i := range v.joined {
		v.joined[i].each(visit)
	}
}

func (t *triple) each(visit func(*rank)) {
	for i := range t {
		visit(&t[i].at)
	}
}

// ask asks the Engine about a batch.
func (e *purgeEngine) ask(w purgeWorld, items []purgeItem) ruling {
	push, stored := e.prepare(w, items)
	a, err := push.Apply(stored)
	if err != nil {
		panic(err) // the records match the keys
	}
	given := w.verdictOf(items, a)
	v := ruling{before: e.normal(w.stored, w.fence, w.level), after: given.after}
	copy(v.joined[:], given.joined)
	v.reborn = v.after != v.before && (v.before.empty() || v.before.dead(w.fence))
	if v.before[life].kind == erased {
		line, err := merge.ParseJournalLine(push.AppendJournal(nil, stored, a))
		if err != nil {
			panic(err) // AppendJournal made the line
		}
		for i, item := range line.Request.Items {
			v.journaled[i] = item.Mutation.Data.Len() > 0
		}
	}
	return v
}

// purgeOrders holds the orders of two and of three items.
var purgeOrders = [...][][]int{2: permutations(2), 3: permutations(3)}

// anyOrder reports whether a batch gets the same ruling in every order.
func (j judge) anyOrder(w purgeWorld, items []purgeItem, first ruling) bool {
	ordered := make([]purgeItem, len(items))
	for _, order := range purgeOrders[len(items)] {
		for i, from := range order {
			ordered[i] = items[from]
		}
		given := j(w, ordered)
		v := given
		for i, from := range order {
			v.joined[from] = given.joined[i]
		}
		if v != first {
			return false
		}
	}
	return true
}

// sight is what users see of a record.
type sight struct {
	exists bool // may be true even if no field has a value
	fields [2]mark
}

// shown is how users see a record. A deleted record does not exist for them.
func (t triple) shown() (v sight) {
	if t.deleted() {
		return v
	}
	v.exists = !t.empty()
	for i := range v.fields {
		if t[i].kind == set {
			v.fields[i] = t[i]
		}
	}
	return v
}

// reborn returns what an ideal server stores when the real one begins a new life: the dead
// record, with its fields deleted and itself restored, all at the fence. An item whose author was
// shown the deletion creates nothing, whatever it says.
func (t triple) reborn(v ruling, sent []sentItem, fence rank) triple {
	created := false
	for i, m := range sent {
		created = created || m.isNew && !m.sawDeleted && !v.joined[i].empty()
	}
	if !v.reborn || !created || !t.dead(fence) {
		return t
	}
	for i := range life {
		if t[i].kind != absent {
			t[i] = mark{removed, fence}
		}
	}
	t[life] = mark{set, fence}
	return t
}

// joins returns the join of items, without judging them.
func (t triple) joins(sent ...sentItem) triple {
	for _, m := range sent {
		t = t.join(m.writes)
	}
	return t
}
