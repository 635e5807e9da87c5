package lawtest

import "github.com/fieldlww/fieldlww/merge/buckets"

// in returns the buckets of a stored record.
func (x *viewSearch) in(s *viewState, k int) bucketSet {
	r := s.records[k]
	switch {
	case k == 1 && x.rules.rowOfClient && r.kind != viewAbsent:
		return 1 // the bucket a stands for the client
	case k == 1 && x.rules.rowAtSweep && x.isDead(s, 0):
		return 0
	}
	return x.engine.in(r.viewData)
}

func (x *viewSearch) isDead(s *viewState, k int) bool { return x.engine.isDead(s.records[k].viewData) }

// departed reports whether the row of a record in a bucket counts as a departure.
func (x *viewSearch) departed(s *viewState, k, b int) bool {
	if x.rules.departsByFlag {
		return s.rows[b][k].state == rowLeft
	}
	return !x.in(s, k).has(b)
}

// put stores a record, and its rows.
func (x *viewSearch) put(s *viewState, k int, d viewData) {
	before, row := s.records[k].viewData, s.records[1].viewData
	was := x.in(s, k)
	s.seq++
	s.records[k] = viewRecord{d, s.seq}
	in, left := x.engine.moves(before, d)
	switch {
	case x.rules.departsByFlag && d.kind == viewDeleted:
		in = d.in
	case x.rules.entersOnly:
		in &^= was
	}
	x.file(s, k, in, left)
	switch {
	case k == 1 || !x.derives || row.kind == viewAbsent || x.rules.rowStays:
	case x.rules.rowOfClient:
		if x.rules.rowAfterMove && x.in(s, 0) != was {
			x.sendRow(s)
		}
	default:
		x.moveRow(s)
	}
}

// file stores the rows of a record after a write.
func (x *viewSearch) file(s *viewState, k int, in, left bucketSet) {
	for b := range s.rows {
		row := &s.rows[b][k]
		switch {
		case in.has(b):
			*row = viewRow{rowIn, s.seq}
		case !left.has(b) && !(x.rules.deadGetSequence && row.state == rowIn):
		case x.rules.noDepartures:
			*row = viewRow{}
		default:
			*row = viewRow{rowLeft, s.seq}
		}
	}
}

// derive makes record 1 a row about record 0.
func (x *viewSearch) derive(s *viewState) {
	s.seq++
	s.records[1] = viewRecord{viewData{kind: viewAlive, in: x.placeOfRow(s)}, s.seq}
	x.file(s, 1, x.in(s, 1), 0)
}

// placeOfRow returns where the row belongs: in the buckets of its record, unless that is deleted.
func (x *viewSearch) placeOfRow(s *viewState) bucketSet {
	about := s.records[0].viewData
	if about.kind == viewAlive || about.kind == viewDeleted && x.rules.rowAtSweep {
		return about.in
	}
	return 0
}

// moveRow moves the row to the buckets of its record.
func (x *viewSearch) moveRow(s *viewState) {
	row := s.records[1].viewData
	after := row
	if after.in = x.placeOfRow(s); after == row {
		return
	}
	if !x.rules.rowShares {
		s.seq++
	}
	s.records[1] = viewRecord{after, s.seq}
	in, left := x.engine.moves(row, after)
	x.file(s, 1, in, left)
}

// sendRow gives the row a new sequence.
func (x *viewSearch) sendRow(s *viewState) {
	if s.records[1].kind != viewAbsent {
		s.seq++
		s.records[1].seq = s.seq
		x.file(s, 1, x.in(s, 1), 0)
	}
}

// sweep purges the departures up to the fence, and the dead records whose sequence is not above it.
func (x *viewSearch) sweep(s *viewState) {
	before := *s
	for b := range s.rows {
		for k := range s.rows[b] {
			row := &s.rows[b][k]
			if row.state != noRow && (row.state == rowLeft || !x.in(&before, k).has(b)) &&
				(row.seq <= s.fence || x.rules.purgesDeadSoon && x.isDead(&before, k)) {
				*row = viewRow{}
			}
		}
	}
	for k := range s.records {
		if x.isDead(&before, k) && (s.records[k].seq <= s.fence || x.rules.purgesDeadSoon) {
			s.records[k] = viewRecord{}
			if k == 0 && x.derives {
				s.records[1] = viewRecord{}
			}
		}
	}
}

// restored returns the state after a restore from a backup of the beginning.
func (s *viewState) restored() viewState {
	t, first := *s, firstView()
	t.records, t.rows, t.seq, t.fence, t.has, t.granted = first.records, first.rows, first.seq, first.fence, first.has, first.granted
	t.epoch, t.item.applied = 2, 0
	return t
}

// serve makes one chunk from one snapshot.
func (x *viewSearch) serve(s *viewState) (m viewChunk, broken law) {
	has := s.has
	if x.rules.rightsOnce {
		if !s.paging {
			s.paging, s.once = true, has
		}
		has = s.once
	}
	now := buckets.Snapshot{Epoch: string('0' + rune(s.epoch)), Seq: int64(s.seq), Fence: int64(s.fence), Granted: grants(has, s.granted)}
	at := x.engine.cursor(s.cursor)
	resets, tells := x.rules.beginChunk(&at, now)
	m = viewChunk{exists: true, fresh: true, tells: tells, has: has}
	for _, r := range resets {
		m.reset |= bucketsNamed(r.Buckets)
	}
	if x.rules.notesTold {
		m.tells, s.noted = has != s.noted, has
	}
	for k, h := range s.held {
		if h.old {
			m.dead[k] = h.seq
		}
	}
	if row, k := x.nextRow(s, at, has); row.state != noRow {
		m.record = int8(k)
		m.line, m.data, broken = x.line(s, k, row, now)
		at.Reach(int64(row.seq))
	} else {
		at.Settle(now.Seq)
		m.settled, s.paging = true, false
	}
	m.next = x.engine.cursorOf(at)
	if x.rules.after != nil {
		x.rules.after(&m.next)
	}
	return m, broken
}

// nextRow returns the first row that the client lacks.
func (x *viewSearch) nextRow(s *viewState, at buckets.Cursor, has bucketSet) (next viewRow, k int) {
	for bucket := range s.rows {
		if !has.has(bucket) {
			continue
		}
		after, begun := x.rules.positionIn(at, int64(s.granted[bucket]))
		for i, row := range s.rows[bucket] {
			switch seq := int64(row.seq); {
			case row.state == noRow || seq <= after || seq <= begun && x.departed(s, i, bucket):
			case next.state == noRow || row.seq < next.seq:
				next, k = row, i
			}
		}
	}
	return next, k
}

// line returns the line of a record, and the law that it breaks, if any.
func (x *viewSearch) line(s *viewState, k int, row viewRow, now buckets.Snapshot) (line int8, data viewHeld, broken law) {
	in := bucketsNamed(now.Has(bucketNames(x.in(s, k))))
	if in == 0 || x.rules.anyLeft && row.state == rowLeft {
		if !s.entitled[k] {
			broken = lawLeak
		}
		return leftLine, data, broken
	}
	if x.in(s, k)&s.has == 0 {
		broken = lawSecret
	}
	r := s.records[k]
	return dataLine, viewHeld{x.rendition(s, k), r.old && r.kind != viewAlive, r.seq, in}, broken
}

// rendition returns the kind of a record as it is sent. The row of a client is sent without its
// values if the client may not read the record that it is about.
func (x *viewSearch) rendition(s *viewState, k int) int8 {
	if k == 1 && x.rules.rowOfClient && s.records[1].kind != viewAbsent && x.in(s, 0)&s.has == 0 {
		return viewNotice
	}
	return s.records[k].kind
}

// entitle notes which records the user may read.
func (x *viewSearch) entitle(s *viewState) {
	for k := range s.records {
		s.entitled[k] = s.entitled[k] || x.in(s, k)&s.has != 0
	}
}
