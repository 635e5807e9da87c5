package mergetest

import (
	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// halves stores the first field of each item, and the mark of the client, just before it dies.
func halves(o *own, client clock.ClientID, batch []byte) ([]byte, error) {
	err := o.env.Crash()
	if err == nil {
		return o.memory.Push(client, batch)
	}
	items, _ := o.engine.Decode(batch)
	answer := o.apply(o.request(client, items))
	for i, r := range answer.Results {
		for name, v := range items[i].Mutation.Data.All() {
			if r.Accepted() {
				one := check.RecordOf(r.Key, map[string]record.FieldValue{name: v})
				o.disk.put(merge.Collect(o.disk.rows[r.Key].Record, one).At(0))
			}
			break
		}
	}
	for _, m := range answer.Watermarks {
		o.disk.marks[m.Client] = max(o.disk.marks[m.Client], m.Time)
	}
	o.clock.Observe(answer.Greatest) // the process may go on
	return nil, err
}

// forgetsSequence starts the sequence at 0 again after a restart.
func forgetsSequence(m *memory) *memory {
	m.disk.seq = 0
	return m
}

// forgetsClock starts a new clock after a restart.
func forgetsClock(m *memory) *memory {
	m.clock, _ = clock.New(clock.Options{Now: m.env.Now, MaxAhead: -1})
	return m
}

// forgetful writes a push to its disk only when the next push arrives.
type forgetful struct {
	*memory
	saved *disk
}

func newForgetful(env *Env) (Backend, error) {
	return over(func(m *memory) Backend { return &forgetful{m, m.disk.copy()} })(env)
}

func (s *forgetful) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	s.saved = s.disk.copy()
	return s.memory.Push(client, batch)
}

func (s *forgetful) Restart() (Backend, error) {
	b, err := s.open(s.saved.copy())
	b.(*forgetful).saved = s.saved
	return b, err
}

// brokenFaults returns backends that fail on crashes, restarts or concurrent requests.
func brokenFaults() []broken {
	return []broken{
		{"a crash stores half an item", ownOf(own{push: halves}), []law.Law{law.Whole}},
		{"a read and a write without a lock", with(quirks{paused: true}), []law.Law{law.Meet}},
		{"a restart loses the last push", newForgetful, []law.Law{law.Durable}},
		{"the sequence restarts with the server", ownOf(own{open: forgetsSequence}), []law.Law{law.Skip, law.Vanish}},
		{"the clock restarts with the server", ownOf(own{open: forgetsClock}), []law.Law{law.ServerClock}},
		{"the clock observes nothing", with(quirks{observe: func(*quirky, []record.Item, merge.Answer) {}}), []law.Law{law.ServerClock}},
		{"the clock observes refused stamps", with(quirks{observe: func(s *quirky, items []record.Item, _ merge.Answer) {
			for _, it := range items {
				for _, v := range it.Mutation.Data.All() {
					s.clock.Observe(v.Stamp.Time)
				}
			}
		}}), []law.Law{law.Poison}},
	}
}
