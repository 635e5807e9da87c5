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

// quirky is a backend in which one thing is wrong. Whatever is nil is right.
type quirky struct {
	*memory
	quirks
}

// quirks are what can be wrong with it.
type quirks struct {
	batch   func([]byte) []byte                                         // before it is decoded
	engine  merge.Engine                                                // judges
	any     bool                                                        // clients may write as others
	each    func(s *quirky, client clock.ClientID, r merge.Result) bool // whether to store an item
	wins    func(old, in record.FieldValue) bool                        // over what is stored
	stores  func(fields map[string]record.FieldValue, name string, v record.FieldValue)
	replies func([]merge.Reply) []merge.Reply
	paused  bool // reads, lets others in, and writes
	early   bool // draws the sequence, lets others in, and writes
	marks   bool // keeps the marks of clients, which is right
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

// renumber gives a row that has a sequence above one another one.
func (s *quirky) renumber(key record.Key, above, seq int) {
	if r, ok := s.disk.rows[key]; ok && r.seq > above {
		s.disk.rows[key] = row{r.Record, seq}
	}
}

// store joins an item with a record as it was read.
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

// broken is a backend in which something is wrong, and the laws, one of which must be named.
type broken struct {
	name string
	make newBackend
	laws []law.Law
}

// TestBroken: each mistake is found, and named. With SHOW=1 and -v it shows the texts.
func TestBroken(t *testing.T) {
	tests := slices.Concat(brokenRules(), brokenDeletions(), brokenStores(), brokenBatches(), brokenVerdicts(), brokenOutcomes(), brokenPushes(), brokenPulls(), brokenFaults(),
		brokenClocks(), brokenRestores(), brokenStorms(), brokenReaders(), brokenLosses(), brokenSpellings(), brokenBad(), brokenCrashes(), brokenValues())
	checkAll(t, tests, func(t *testing.T, b broken) { b.check(t, Options{}) })
}

// checkAll checks each mistake. With -short, of the mistakes of a test that have the same first law, it checks
// one.
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

// checkClients checks each mistake of a client.
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

// brokenClient is a Client in which something is wrong, and the laws, one of which must be named.
type brokenClient struct {
	name string
	make newClient
	laws []law.Law
}

// skipShort skips a test, with -short, that has no law of its own.
func skipShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("other tests have its laws")
	}
}

// rounds is how often a test with other seeds is made: with -short, once.
func rounds(n uint64) uint64 {
	if testing.Short() {
		return 1
	}
	return n
}

// some returns Options with few seeds, with -short.
func some(o Options) Options {
	if testing.Short() {
		o.Seeds = 3
	}
	return o
}

func (b broken) check(t *testing.T, o Options) {
	err := Check(b.make, o)
	if err == nil {
		t.Fatal("not found")
	}
	text := err.Error()
	if os.Getenv("SHOW") != "" {
		t.Log(text)
	}
	first, _, _ := strings.Cut(text, "\n")
	if i := strings.Index(text, "\nSeed "); i > 0 {
		line, _, _ := strings.Cut(text[i+1:], ":")
		t.Log(first, "|", strings.TrimSuffix(line, ". The same as a test"))
	}
	for _, l := range b.laws {
		if strings.HasSuffix(first, l.Text().Name) {
			return
		}
	}
	t.Fatal(text)
}
