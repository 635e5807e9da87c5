package replica_test

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
)

// This model visits every history of partial replication in a small world: one record that is in the
// buckets a, b, both or none, one server with the cursors and rights of merge/buckets, and one store
// that two tabs of a client share. In some scopes the name of the first bucket is "" and not a. Each step opens a Replica from the saved entries, and saves it.
//
//	views_state_test.go   the server, and a state of the world
//	views_client_test.go  what the client does
//	views_test.go         the laws, the search, and wrong clients

// viewState is a state of the world.
type viewState struct {
	names   viewNames
	stored  string // the record, or ""
	rows    [2]int // the sequence of its row in each bucket, or 0
	seq     int
	epoch   string
	fence   string // a time
	fenced  int    // a sequence
	rights  int    // a set of buckets
	granted [2]int
	disk    string // the saved entries of the client
	tab     viewTab
	item    viewItem
	wrote   bool // the server has stored an edit of the client
}

// viewTab is a pull of the second tab that is under way.
type viewTab struct {
	pull  replica.Pull
	chunk string
}

// viewItem is the edit of the client.
type viewItem struct {
	made, seen bool // seen: a pull has brought the record since, or its author was shown it
	applied    int  // the sequence with which the server stored it, or 0
	accepted   bool // the answer has arrived
}

// viewNames are the names of the buckets.
type viewNames [2]string

// viewSets are the names of the sets of buckets.
var viewSets = [4]string{"no bucket", "a", "b", "a and b"}

// of returns the names in a set of buckets.
func (n viewNames) of(set int) (names []string) {
	for b, name := range n {
		if set>>b&1 == 1 {
			names = append(names, name)
		}
	}
	return names
}

// set returns the set of one bucket.
func (n viewNames) set(name string) int { return 1 << slices.Index(n[:], name) }

// buckets returns the buckets of the record. Its field m holds the set.
func (n viewNames) buckets(r record.Record) []string {
	m, _ := r.Get("m")
	set, _ := m.Value.Int()
	return n.of(int(set))
}

func (s *viewState) rec() record.Record {
	if s.stored == "" {
		return record.New(modelKey)
	}
	var d record.Decoder
	r, err := d.Record(modelKey, []byte(s.stored))
	if err != nil {
		panic(err) // the model writes only valid records
	}
	return r
}

// in returns the set of buckets of the record now.
func (s *viewState) in() (set int) {
	for _, name := range buckets.Func(s.names.buckets).Of(s.rec(), timeOf(s.fence)) {
		set |= s.names.set(name)
	}
	return set
}

// write stores a record with a new sequence.
func (s *viewState) write(now record.Record) {
	s.seq++
	before := s.in()
	s.stored = textOf(now)
	for b := range s.rows {
		if (before|s.in())>>b&1 == 1 {
			s.rows[b] = s.seq
		}
	}
}

// set lets another user write fields of the record.
func (s *viewState) set(fields map[string]record.Value) {
	before := merge.Purge(s.rec(), timeOf(s.fence), 2)
	edit := before.Edit(clock.Stamp{Time: timeOf(timeAt(2*s.seq + 2)), Client: serverID})
	for name, v := range fields {
		switch {
		case name != record.DeletedField:
			edit.Set(name, v)
		case v == record.Bool(true):
			edit.DeleteRecord()
		case before.Deleted():
			edit.RestoreRecord()
		}
	}
	m, err := edit.Mutation()
	if err != nil {
		panic(err)
	}
	s.write(join(before, m.Data))
}

// raise raises the fence to everything that is stored, and sweeps.
func (s *viewState) raise() {
	s.fence, s.fenced = max(s.fence, newestOf(s.rec())), s.seq
	for b := range s.rows {
		if s.in()>>b&1 == 0 {
			s.rows[b] = 0
		}
	}
	s.stored = textOf(merge.Purge(s.rec(), timeOf(s.fence), 2))
}

// give grants or revokes a bucket.
func (s *viewState) give(b int) {
	if s.rights ^= 1 << b; s.rights>>b&1 == 1 {
		s.seq++
		s.granted[b] = s.seq
	}
}

// chunk returns the chunk that follows a cursor. It has at most one line.
func (s *viewState) chunk(cursor string) string {
	c, err := buckets.ParseCursor(cursor)
	if err != nil {
		panic(err)
	}
	snapshot := buckets.Snapshot{Epoch: s.epoch, Seq: int64(s.seq), Fence: int64(s.fenced), Granted: map[string]int64{}}
	for b, name := range s.names {
		if s.rights>>b&1 == 1 {
			snapshot.Granted[name] = int64(s.granted[b])
		}
	}
	resets, tells := c.Begin(snapshot)
	var lines strings.Builder
	for _, r := range resets {
		fmt.Fprintf(&lines, `{"reset":["%s"],"why":%q}`+"\n", strings.Join(r.Buckets, `","`), r.Why)
	}
	in, next := s.in(), int64(0)
	for b, row := range s.rows {
		after, begun := c.Range(int64(s.granted[b]))
		seq, gone := int64(row), in>>b&1 == 0
		if s.rights>>b&1 == 1 && seq > after && !(gone && seq <= begun) && (next == 0 || seq < next) {
			next = seq
		}
	}
	switch in &= s.rights; {
	case next == 0:
		c.Settle(int64(s.seq))
	case in == 0:
		fmt.Fprintf(&lines, `{"seq":%d,"table":"tasks","id":"1","left":true}`+"\n", next)
		c.Reach(next)
	default:
		mutation := record.Mutation{Data: merge.Purge(s.rec(), timeOf(s.fence), 2)}.AppendJSON(nil)
		fmt.Fprintf(&lines, `{"seq":%d,"in":["%s"],%s`+"\n", next, strings.Join(s.names.of(in), `","`), mutation[1:])
		c.Reach(next)
	}
	fmt.Fprintf(&lines, `{"cursor":%q,"more":%t`, c, next > 0)
	if tells {
		names := `"` + strings.Join(s.names.of(s.rights), `","`) + `"`
		if s.rights == 0 {
			names = ""
		}
		fmt.Fprintf(&lines, `,"buckets":[%s]`, names)
	}
	if s.fence != "" {
		fmt.Fprintf(&lines, `,"fence":%q`, s.fence)
	}
	fmt.Fprintf(&lines, `,"clock":%q,"level":2}`+"\n", timeAt(2*s.seq))
	return lines.String()
}

// push lets the server judge a push of the client.
func (s *viewState) push(body []byte) (answer []byte) {
	engine := merge.Engine{MaxAhead: -1}
	items, err := engine.Decode(body)
	if err != nil {
		panic(err)
	}
	may := func(name string) bool { return s.rights&s.names.set(name) != 0 }
	rights := buckets.Rights{Of: s.names.buckets, Fence: timeOf(s.fence), Read: may}
	a, err := engine.Prepare(merge.Request{Actor: modelIDs[0], Items: items}).Apply(merge.Stored{
		Records: []record.Record{s.rec()}, Fence: timeOf(s.fence), Level: 2, MayRead: rights.MayRead, MayWrite: rights.MayWrite,
	})
	if err != nil {
		panic(err)
	}
	for _, u := range a.Updates {
		s.write(u.After)
		s.item.applied, s.wrote = s.seq, true
	}
	return a.AppendJSON(nil)
}

// open opens the Replica of the client.
func (s *viewState) open() *replica.Replica {
	now := timeOf(timeAt(2*s.seq + 1)).Time()
	r, err := replica.Open(replica.Options{ID: modelIDs[0], Wall: func() time.Time { return now }, Saved: entriesOf(s.disk)})
	if err != nil {
		panic(err)
	}
	return r
}

func (s *viewState) hash() [sha256.Size]byte { return sha256.Sum256(fmt.Appendf(nil, "%v", *s)) }
