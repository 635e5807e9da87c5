package mergetest

import (
	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// halves leaves the first field of each item behind if it dies, and the mark of the client.
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
	return nil, err
}

// forgetsSequence begins at 0 again.
func forgetsSequence(m *memory) *memory {
	m.disk.seq = 0
	return m
}

// forgetsClock has a new clock.
func forgetsClock(m *memory) *memory {
	m.clock, _ = clock.New(clock.Options{Now: m.env.Now, MaxAhead: -1})
	return m
}

// forgetful writes a push to its disk when the next one comes.
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

// brokenFaults do not stand crashes, restarts and requests that meet.
func brokenFaults() []broken {
	return []broken{
		{"half an item is stored", ownOf(own{push: halves}), []law.Law{law.Whole}},
		{"read, then write", with(quirks{paused: true}), []law.Law{law.Meet}},
		{"restart loses the last push", newForgetful, []law.Law{law.Durable}},
		{"sequence restarts with the server", ownOf(own{open: forgetsSequence}), []law.Law{law.Skip, law.Vanish}},
		{"clock restarts with the server", ownOf(own{open: forgetsClock}), []law.Law{law.ServerClock}},
		{"clock not observed", with(quirks{observe: func(*quirky, []record.Item, merge.Answer) {}}), []law.Law{law.ServerClock}},
		{"clock observes what is refused", with(quirks{observe: func(s *quirky, items []record.Item, _ merge.Answer) {
			for _, it := range items {
				for _, v := range it.Mutation.Data.All() {
					s.clock.Observe(v.Stamp.Time)
				}
			}
		}}), []law.Law{law.Poison}},
	}
}
