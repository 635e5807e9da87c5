package lawtest

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// site is one replica of the state machine. It keeps its state in four forms, which must agree,
// and updates its digest with every change.
type site struct {
	seen    history // for the oracle
	joined  merge.Collection
	fold    merge.Fold
	builder record.Builder
	byKey   map[record.Key]record.Record
	digest  merge.Digest
}

// parcel is a collection that was sent to a site, with the writes that its sender had seen.
type parcel struct {
	to      int
	content merge.Collection
	writes  history
	encoded bool
}

// network is a state machine of three sites. Parcels arrive in any order, more than once, or
// never.
type network struct {
	sites   [3]site
	parcels []parcel
}

// receive joins the records of another site into every form of the state.
func (s *site) receive(t *rapid.T, c merge.Collection, writes history) {
	for r := range c.All() {
		s.fold.Add(r)
	}
	s.take(t, c, writes)
}

// take joins the records into every form of the state except the Fold.
func (s *site) take(t *rapid.T, c merge.Collection, writes history) {
	s.seen = append(s.seen, writes...)
	s.joined = merge.Join(s.joined, c)
	for r := range c.All() {
		before, ok := s.byKey[r.Key()]
		if !ok {
			before = record.New(r.Key())
		}
		after, changed, err := s.builder.Join(before, r)
		require.NoError(t, err)
		if changed {
			s.digest = s.digest.Sub(merge.DigestOf(before)).Add(merge.DigestOf(after))
		}
		s.byKey[r.Key()] = after
	}
}

// write makes a write at one site, and checks the results of Fold.Write and Changes.
func (n *network) write(t *rapid.T) {
	s := &n.sites[rapid.IntRange(0, 2).Draw(t, "site")]
	w := genWrite().Draw(t, "write")
	before, seen := s.seen.at(w)
	change, err := s.fold.Write(w.key(), w.field, w.fieldValue())
	require.NoError(t, err)
	require.Equal(t, s.seen.outcome(w), change.Outcome)
	require.Equal(t, !seen || ruleOrder(w, before) > 0, change.Won())
	for name, told := range merge.Changes(s.byKey[w.key()], w.record(&s.builder)) {
		require.Equal(t, w.field, name)
		require.Equal(t, change, told)
	}
	s.take(t, history{w}.collection(), history{w})
	after, _ := s.seen.at(w)
	require.Equal(t, after.fieldValue(), change.Winner())
}

// sendAll sends the whole state of a site to another.
func (n *network) sendAll(t *rapid.T) {
	from, to := n.route(t)
	n.parcels = append(n.parcels, parcel{to, n.sites[from].joined, slices.Clone(n.sites[from].seen), false})
}

// sendDelta sends to another site the writes that it lacks now.
func (n *network) sendDelta(t *rapid.T) {
	from, to := n.route(t)
	news := merge.Delta(n.sites[to].joined, n.sites[from].joined)
	n.parcels = append(n.parcels, parcel{to, news, slices.Clone(n.sites[from].seen), true})
}

// deliver delivers a parcel or drops it. A delivered parcel may be delivered again.
func (n *network) deliver(t *rapid.T) {
	if len(n.parcels) == 0 {
		t.Skip("no parcel to deliver")
	}
	i := rapid.IntRange(0, len(n.parcels)-1).Draw(t, "parcel")
	p := n.parcels[i]
	fate := rapid.SampledFrom([]string{"arrives", "arrives and stays", "gets lost"}).Draw(t, "fate")
	if fate != "arrives and stays" {
		n.parcels = slices.Delete(n.parcels, i, i+1)
	}
	if fate == "gets lost" {
		return
	}
	if p.encoded {
		p.content = decode(t, p.content.AppendLines(nil))
	}
	n.sites[p.to].receive(t, p.content, p.writes)
}

// decode decodes JSON Lines of mutations into a collection.
func decode(t require.TestingT, text []byte) merge.Collection {
	var d record.Decoder
	var records []record.Record
	if len(text) > 0 {
		items, err := d.Batch(text)
		require.NoError(t, err)
		for _, item := range items {
			require.NoError(t, item.Err)
			records = append(records, item.Mutation.Data)
		}
	}
	return merge.Collect(records...)
}

func (n *network) route(t *rapid.T) (from, to int) {
	from = rapid.IntRange(0, 2).Draw(t, "from")
	return from, (from + rapid.IntRange(1, 2).Draw(t, "hops")) % 3
}

// check compares every site with the oracle's state for the writes that the site has seen.
func (n *network) check(t *rapid.T) {
	for i := range n.sites {
		s := &n.sites[i]
		want := s.seen.winners()
		require.Equal(t, want, read(s.joined))
		require.Equal(t, lines(want), string(s.joined.AppendLines(nil)))
		require.True(t, s.joined.Equal(s.fold.Collection()))
		require.Equal(t, s.joined.Len(), s.fold.Len())
		require.True(t, s.joined.Equal(merge.Collect(recordsOf(s.byKey)...)))
		require.Equal(t, digest(want), s.joined.Digest().String())
		require.Equal(t, s.joined.Digest(), s.digest)
		s.seen = want // the winners give the same state as all writes
	}
}

func recordsOf(m map[record.Key]record.Record) []record.Record {
	var all []record.Record
	for _, r := range m {
		all = append(all, r)
	}
	return all
}

// TestReplicasConvergeOverUnreliableNetwork: sites write and exchange states and deltas, in any
// order, with losses and repetitions. At every step, every form of a site's state equals the
// oracle's state. After a complete exchange, all sites have the same state.
func TestReplicasConvergeOverUnreliableNetwork(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := new(network)
		for i := range n.sites {
			n.sites[i].byKey = make(map[record.Key]record.Record)
		}
		t.Repeat(map[string]func(*rapid.T){
			"":       n.check,
			"write":  n.write,
			"all":    n.sendAll,
			"delta":  n.sendDelta,
			"parcel": n.deliver,
		})
		n.heal(t)
	})
}

// heal sends the state of every site to all others, whatever was lost before. Then all sites
// must hold the oracle's state for all writes.
func (n *network) heal(t *rapid.T) {
	var all history
	for i := range n.sites {
		all = append(all, n.sites[i].seen...)
	}
	for range 2 {
		for to := range n.sites {
			from := &n.sites[(to+1)%3]
			n.sites[to].receive(t, from.joined, from.seen)
		}
	}
	n.check(t)
	for i := range n.sites {
		require.Equal(t, all.winners(), read(n.sites[i].joined))
	}
}
