package lawtest

import "fmt"

// viewAction is one step.
type viewAction struct {
	what   string
	record int8 // from 1, or 0
	in     bucketSet
	names  bool // in counts
}

func (a viewAction) String() string {
	text := a.what
	if a.record > 0 {
		text += fmt.Sprintf(" r%d", a.record-1)
	}
	if a.names {
		text += fmt.Sprintf(" (%v)", a.in)
	}
	return text
}

// expand takes all steps from a state.
func (x *viewSearch) expand(s *viewState) {
	for k := range s.records {
		if k == 0 || !x.derives && !x.one {
			x.change(s, k)
		}
	}
	if x.derives && s.records[1].kind == viewAbsent && (x.in(s, 0) != 0 || x.rules.rowOfClient && s.records[0].kind != viewAbsent) {
		t := *s
		x.derive(&t)
		x.visit(t, viewAction{what: "a row about r0"}, "")
	}
	for b := range viewBuckets {
		x.regrant(s, b)
	}
	t := *s
	settled, broken := x.pull(&t)
	if settled && broken == "" && !x.rules.rightsOnce {
		broken = x.settled(&t)
	}
	x.visit(t, viewAction{what: "pull"}, broken)
	x.tab(s)
	x.age(s)
	x.write(s)
}

// change lets others change a record.
func (x *viewSearch) change(s *viewState, k int) {
	r := s.records[k]
	do := func(what string, d viewData, names bool) {
		t := *s
		x.put(&t, k, d)
		x.visit(t, viewAction{what, int8(k + 1), d.in, names}, "")
	}
	if r.kind != viewErased || x.isDead(s, k) {
		for in := range bucketSet(4) {
			if !x.rules.rowOfClient || !in.has(0) {
				do([...]string{"create", "move", "restore", "create"}[r.kind], viewData{kind: viewAlive, in: in}, true)
			}
		}
	}
	if r.kind == viewAlive {
		do("delete", viewData{kind: viewDeleted, in: r.in}, false)
		if x.purges {
			do("late old deletion of", viewData{kind: viewDeleted, in: r.in, old: true}, false)
		}
	}
	if x.erases && (r.kind == viewAlive || r.kind == viewDeleted) {
		do("erase", viewData{kind: viewErased}, false)
	}
}

// regrant gives a bucket to the user, or takes it.
func (x *viewSearch) regrant(s *viewState, b int) {
	if x.rules.rowOfClient && b == 0 {
		return
	}
	t := *s
	if t.has ^= 1 << b; !t.has.has(b) {
		if !x.rules.firstGrant {
			t.granted[b] = 0
		}
		x.visit(t, viewAction{"revoke", 0, 1 << b, true}, "")
		return
	}
	if !x.rules.grantFree {
		t.seq++
	}
	if t.granted[b] == 0 {
		t.granted[b] = t.seq
	}
	if x.rules.rowAfterGrant && x.in(&t, 0).has(b) {
		x.sendRow(&t)
	}
	x.visit(t, viewAction{"grant", 0, 1 << b, true}, "")
}

// tab lets the second tab ask for a chunk, apply it, or lose it.
func (x *viewSearch) tab(s *viewState) {
	switch t := *s; {
	case !x.tabs:
	case !s.tab.exists:
		m, broken := x.serve(&t)
		m.answered = s.item.accepted
		t.tab = m
		x.visit(t, viewAction{what: "tab 2 asks"}, broken)
	default:
		broken := x.apply(&t, s.tab, true)
		t.tab = viewChunk{}
		x.visit(t, viewAction{what: "tab 2 applies its chunk"}, broken)
		t = *s
		t.tab = viewChunk{}
		x.visit(t, viewAction{what: "tab 2 loses its chunk"}, "")
	}
}

// age lets the fences rise, purges, and restores the server.
func (x *viewSearch) age(s *viewState) {
	if x.purges {
		for k := range s.records {
			x.die(s, k)
		}
		for fence := s.fence + 1; fence <= s.seq; fence++ {
			t := *s
			t.fence = fence
			x.visit(t, viewAction{what: fmt.Sprint("the fence rises by ", fence-s.fence)}, "")
		}
		t := *s
		x.sweep(&t)
		if t != *s {
			x.visit(t, viewAction{what: "sweep"}, "")
		}
	}
	if x.restore && s.epoch == 1 {
		x.visit(s.restored(), viewAction{what: "restore the server"}, "")
	}
}

// die lets the fence stamp rise above a record. The versions that are held are under it, too.
func (x *viewSearch) die(s *viewState, k int) {
	r := s.records[k]
	if r.old || r.kind != viewDeleted && r.kind != viewErased {
		return
	}
	t := *s
	t.records[k].old = true
	for _, h := range []*viewHeld{&t.held[k], &t.tab.data} {
		if h.kind == viewDeleted && h.seq == r.seq && (h == &t.held[k] || int(t.tab.record) == k) {
			h.old = true
		}
	}
	x.visit(t, viewAction{what: "the fence stamp passes", record: int8(k + 1)}, "")
}

// write lets the client write, and push.
func (x *viewSearch) write(s *viewState) {
	switch {
	case !x.writes || s.item.accepted:
	case s.item.waits:
		for _, answered := range []bool{true, false} {
			t := *s
			broken := x.push(&t, answered)
			x.visit(t, viewAction{what: map[bool]string{true: "push", false: "push (answer lost)"}[answered]}, broken)
		}
	default:
		for k := range s.records {
			if k == 0 || !x.derives && !x.one {
				x.edit(s, k)
			}
		}
	}
}

// edit lets the client edit a record that it holds, or create one.
func (x *viewSearch) edit(s *viewState, k int) {
	do := func(what string, m viewItem) {
		t := *s
		m.waits, m.record = true, int8(k)
		t.item = m
		t.entitled[k] = t.entitled[k] || m.isNew
		x.visit(t, viewAction{what, int8(k + 1), m.in, m.moves}, "")
	}
	switch {
	case s.held[k].kind == viewAlive:
		do("the client edits", viewItem{seen: true})
		do("the client moves", viewItem{seen: true, moves: true, in: 2})
	case s.held[k].kind == viewAbsent && s.records[k].kind == viewAbsent:
		for in := bucketSet(1); in < 3; in++ {
			do("the client creates", viewItem{isNew: true, moves: true, in: in})
		}
	}
}
