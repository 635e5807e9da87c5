package lawtest

import "hash/maphash"

// The scope of partial replication is every history of a small world, up to a number of steps: two
// records, two buckets, one server, and the store of one client, from which a second tab may pull
// as well. The server is made of buckets.Func, buckets.Cursor, buckets.Rights, merge.Purge and
// merge.Push, and the client of buckets.Loss and merge.Purge. A pull gets chunks of one line. From
// each state, the client also pulls until it has everything, and must then hold and show exactly
// what it may read.
//
//	view_test.go          a state of the world, and its canonical form
//	view_engine_test.go   the questions that are put to the real functions
//	view_rules_test.go    the rules of the protocol, which mutants replace
//	view_server_test.go   writes, rows, the fence, sweeps and chunks
//	view_client_test.go   the store of the client
//	view_push_test.go     the item of the client, and its answer
//	view_end_test.go      the laws, and what holds at the end of a pull
//	view_search_test.go   the search, breadth first
//	view_actions_test.go  the actions in a state
//	view_scope_test.go    the scopes of the right rules, with the number of their states
//	view_mutants_test.go  the wrong rules, each with the law that it breaks

// bucketSet is a set of the buckets a and b.
type bucketSet int8

const viewBuckets = 2

func (b bucketSet) has(i int) bool { return b>>i&1 != 0 }

func (b bucketSet) String() string { return [...]string{"no bucket", "a", "b", "a and b"}[b] }

// The kinds of a record.
const (
	viewAbsent int8 = iota
	viewAlive
	viewDeleted
	viewErased
	viewNotice // of a held row: its values are left out
)

// The fields that the item of the client wrote.
const (
	ownTitle int8 = 1 << iota
	ownIn
)

// viewData is the content of a record. All records have the fields in, which names the buckets, and
// title.
type viewData struct {
	kind int8
	in   bucketSet
	old  bool // no stamp is above the fence
	own  int8 // the fields that the item of the client wrote
}

// viewRecord is a stored record, and viewRow its row in a bucket.
type (
	viewRecord struct {
		viewData
		seq rank
	}
	viewRow struct {
		state int8
		seq   rank
	}
)

// The states of a row. The right rules do not look at the difference between the last two.
const (
	noRow int8 = iota
	rowIn
	rowLeft
)

// viewHeld is a record that the client holds.
type viewHeld struct {
	kind int8
	old  bool
	seq  rank // of the version
	in   bucketSet
}

// viewItem is the item of the client. It waits for its answer, or is accepted and remains as an
// overlay until a pull brings it.
type viewItem struct {
	waits, accepted bool
	record          int8
	isNew           bool
	moves           bool      // it writes the field in, else the field title
	in              bucketSet // what it writes
	left            bool      // the record has left since it came
	seen            bool      // a line of the record came
	applied         rank      // the sequence at which the server first accepted it
}

func (m *viewItem) exists() bool { return m.waits || m.accepted }

func (m *viewItem) of(k int) bool { return m.exists() && int(m.record) == k }

// viewCursor is a buckets.Cursor. It has epoch 0 if the client has pulled nothing.
type viewCursor struct {
	epoch int8
	seq   rank
	loads [4]viewLoad
	n     int8 // the number of loads
	told  bucketSet
}

type viewLoad struct{ from, after, begun rank }

// The lines of a chunk.
const (
	noLine int8 = iota
	dataLine
	leftLine
)

// viewChunk is a chunk that is under way.
type viewChunk struct {
	exists   bool
	fresh    bool // the store still has the cursor that the chunk was asked with
	answered bool // its request began after the answer to the item was stored
	settled  bool // nothing is left
	reset    bucketSet
	tells    bool
	has      bucketSet
	record   int8
	line     int8
	data     viewHeld
	dead     [2]rank // the versions of held records that are dead at the fence of the trailer
	next     viewCursor
}

// viewState is a state of the world.
type viewState struct {
	records    [2]viewRecord
	rows       [viewBuckets][2]viewRow
	seq, fence rank
	epoch      int8
	has        bucketSet // the buckets of the user
	granted    [viewBuckets]rank
	entitled   [2]bool // whether the user could ever read each record

	held   [2]viewHeld
	cursor viewCursor
	item   viewItem
	tab    viewChunk // of the second tab

	noted  bucketSet // what a server noted that keeps notes
	paging bool      // a server that reads rights once is between two pages
	once   bucketSet // the rights that it has read
}

// firstView returns the state in which a scope begins.
func firstView() (s viewState) {
	s.seq, s.epoch, s.has = 1, 1, 1
	s.granted[0] = 1
	return s
}

// each visits all sequences.
func (s *viewState) each(visit func(*rank)) {
	visit(&s.seq)
	visit(&s.fence)
	for k := range s.records {
		visit(&s.records[k].seq)
		visit(&s.held[k].seq)
		visit(&s.tab.dead[k])
		for b := range s.rows {
			visit(&s.rows[b][k].seq)
		}
	}
	for b := range s.granted {
		visit(&s.granted[b])
	}
	for _, c := range []*viewCursor{&s.cursor, &s.tab.next} {
		visit(&c.seq)
		for i := range c.n {
			visit(&c.loads[i].from)
			visit(&c.loads[i].after)
			visit(&c.loads[i].begun)
		}
	}
	visit(&s.tab.data.seq)
	visit(&s.item.applied)
}

// viewHash is a hash of a state. Two states with the same hash count as one, but that is unlikely
// in ten million states.
type viewHash = uint64

// canonical renumbers the sequences, and returns a hash of the state. Only the order of sequences
// matters, except above the last one: after a restore, a cursor may be there, and the sequence
// comes closer to it with each write.
func (s *viewState) canonical(seed maphash.Seed) viewHash {
	if !s.item.exists() {
		s.item = viewItem{}
		s.records[0].own, s.records[1].own = 0, 0
	}
	var set rankSet
	s.each(func(r *rank) { set.add(*r) })
	var number [64]rank
	last, n := rank(0), rank(0)
	for r := rank(1); r < 64; r++ {
		if set>>r&1 == 0 {
			continue
		}
		if n++; r > s.seq {
			n += min(r-last, 3) - 1
		}
		number[r], last = n, r
	}
	s.each(func(r *rank) { *r = number[*r] })
	return maphash.Comparable(seed, *s)
}
