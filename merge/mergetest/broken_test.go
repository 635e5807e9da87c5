package mergetest

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// quirky is a backend with one mistake. Where a quirk is nil, the backend is correct.
type quirky struct {
	*memory
	quirks
}

// quirks are the possible mistakes of a quirky backend.
type quirks struct {
	batch   func([]byte) []byte                                         // changes a batch before it is decoded
	engine  merge.Engine                                                // judges the items
	any     bool                                                        // clients may write under other IDs
	each    func(s *quirky, client clock.ClientID, r merge.Result) bool // reports whether to store an item
	wins    func(old, in record.FieldValue) bool                        // reports whether the incoming write wins
	stores  func(fields map[string]record.FieldValue, name string, v record.FieldValue)
	replies func([]merge.Reply) []merge.Reply
	paused  bool // lets other requests in between the read and the write
	early   bool // lets other requests in between drawing the sequence number and the write
	marks   bool // keeps the marks of clients, which is correct
	observe func(s *quirky, items []record.Item, a merge.Answer)
}

func rightly(old, in record.FieldValue) bool { return in.Compare(old) > 0 }

func plainly(fields map[string]record.FieldValue, name string, v record.FieldValue) { fields[name] = v }

// with returns a constructor of backends with the given quirks.
func with(q quirks) newBackend {
	if q.wins == nil {
		q.wins = rightly
	}
	if q.stores == nil {
		q.stores = plainly
	}
	return over(func(m *memory) Backend { return &quirky{m, q} })
}

func (s *quirky) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	if s.batch != nil {
		batch = s.batch(batch)
	}
	items, err := s.quirks.engine.Decode(batch)
	if err != nil {
		return nil, err
	}
	request := s.request(client, items)
	request.AnyClient = s.any
	if s.asks != nil {
		s.asks(&request)
	}
	push := s.quirks.engine.Prepare(request)
	stored := s.disk.load(push)
	if !s.marks {
		stored.Watermarks = nil
	}
	read := maps.Clone(s.disk.rows)
	answer, err := push.Apply(stored)
	if err != nil {
		return nil, err
	}
	s.disk.seq += map[bool]int{true: len(items)}[s.early]
	seq := s.disk.seq
	s.env.Pause()
	if !s.paused {
		read = s.disk.rows
	}
	for i, r := range answer.Results {
		if s.keeps(client, r) {
			s.store(read, items[i].Mutation.Data)
		}
		if s.early {
			s.renumber(items[i].Mutation.Data.Key(), seq, seq-len(items)+i+1)
		}
	}
	for _, m := range answer.Watermarks {
		s.disk.marks[m.Client] = max(s.disk.marks[m.Client], m.Time)
	}
	if s.observe != nil {
		s.observe(s, items, answer)
	} else {
		s.clock.Observe(answer.Greatest)
	}
	if err := s.env.Crash(); err != nil {
		return nil, err
	}
	if s.replies != nil {
		return json.Marshal(s.replies(slices.Collect(answer.Replies())))
	}
	return answer.AppendJSON(nil), nil
}

// keeps reports whether an item is stored.
func (s *quirky) keeps(client clock.ClientID, r merge.Result) bool {
	if s.each != nil {
		return s.each(s, client, r)
	}
	return r.Accepted()
}

// renumber gives a row another sequence number if its own is above a limit.
func (s *quirky) renumber(key record.Key, above, seq int) {
	if r, ok := s.disk.rows[key]; ok && r.seq > above {
		s.disk.rows[key] = row{r.Record, seq}
	}
}

// store joins an item with the record that was read.
func (s *quirky) store(read map[record.Key]row, data record.Record) {
	fields := maps.Collect(read[data.Key()].All())
	for name, v := range data.All() {
		if old, ok := fields[name]; !ok || s.wins(old, v) {
			s.stores(fields, name, v)
		}
	}
	var b record.Builder
	after, err := b.Record(data.Key(), maps.All(fields))
	if err == nil && !after.Equal(s.disk.rows[data.Key()].Record) {
		s.disk.put(after)
		read[data.Key()] = s.disk.rows[data.Key()]
	}
}

// broken is a backend with a mistake. The failure must name one of its laws.
type broken struct {
	name string
	make newBackend
	laws []law.Law
}

// TestBrokenBackendsAreFound checks that the kit finds each mistake and names a law that it breaks.
// With SHOW=1 and -v, it prints the text of each failure.
func TestBrokenBackendsAreFound(t *testing.T) {
	tests := slices.Concat(brokenRules(), brokenDeletions(), brokenStores(), brokenBatches(), brokenVerdicts(), brokenOutcomes(), brokenPushes(), brokenPulls(), brokenFaults(),
		brokenClocks(), brokenRestores(), brokenStorms(), brokenReaders(), brokenLosses(), brokenSpellings(), brokenBad(), brokenCrashes(), brokenValues(), brokenCounters(), brokenCommits())
	checkAll(t, tests, func(t *testing.T, b broken) { b.check(t, Options{}) })
}

// checkAll checks that each mistake is found. With -short, it checks only the first of the mistakes
// that have the same first law.
func checkAll(t *testing.T, tests []broken, check func(t *testing.T, b broken)) {
	t.Helper()
	t.Parallel()
	seen := map[law.Law]bool{}
	for _, test := range tests {
		if testing.Short() && seen[test.laws[0]] {
			continue
		}
		seen[test.laws[0]] = true
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			check(t, test)
		})
	}
}

// checkClients checks the mistakes of clients.
func checkClients(t *testing.T, tests []brokenClient) {
	t.Helper()
	var all []broken
	makes := map[string]newClient{}
	for _, test := range tests {
		all = append(all, broken{test.name, newMemory, test.laws})
		makes[test.name] = test.make
	}
	checkAll(t, all, func(t *testing.T, b broken) { b.check(t, Options{NewClient: makes[b.name]}) })
}

// brokenClient is a Client with a mistake. The failure must name one of its laws.
type brokenClient struct {
	name string
	make newClient
	laws []law.Law
}

// skipShort skips a test with -short, because other tests cover its laws.
func skipShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("other tests cover the same laws")
	}
}

// rounds returns n, the number of times that a test is repeated with other seeds, or 1 with -short.
func rounds(n uint64) uint64 {
	if testing.Short() {
		return 1
	}
	return n
}

// some returns the Options, with only three seeds if -short is set.
func some(o Options) Options {
	if testing.Short() {
		o.Seeds = 3
	}
	return o
}

func (b broken) check(t *testing.T, o Options) {
	err := Check(b.make, o)
	if err == nil {
		t.Fatal("the mistake was not found")
	}
	text := err.Error()
	if os.Getenv("SHOW") != "" {
		t.Log(text)
	}
	first, _, _ := strings.Cut(text, "\n")
	if i := strings.Index(text, "\nSeed "); i > 0 {
		line, _, _ := strings.Cut(text[i+1:], ":")
		t.Log(first, "|", strings.TrimSuffix(line, ". As a test"))
	}
	for _, l := range b.laws {
		if strings.HasSuffix(first, l.Text().Name) {
			return
		}
	}
	t.Fatal(text)
}
