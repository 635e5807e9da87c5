package mergetest

import (
	"errors"
	"maps"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// own is a correct backend with a hook in front of Push, Pull or Restart.
type own struct {
	*memory
	push func(o *own, client clock.ClientID, batch []byte) ([]byte, error)
	pull func(o *own, client clock.ClientID, cursor string) ([]byte, string, error)
	open func(*memory) *memory // changes the process after a restart
	kept any                   // state of a hook
}

func (o *own) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	if o.push == nil {
		return o.memory.Push(client, batch)
	}
	return o.push(o, client, batch)
}

func (o *own) Pull(client clock.ClientID, cursor string) ([]byte, string, error) {
	if o.pull == nil {
		return o.memory.Pull(client, cursor)
	}
	return o.pull(o, client, cursor)
}

func (o *own) Restart() (Backend, error) {
	b, err := o.memory.Restart()
	if next := b.(*own); o.open != nil {
		next.memory = o.open(next.memory)
	}
	return b, err
}

func ownOf(o own) newBackend {
	return over(func(m *memory) Backend {
		next := o
		next.memory = m
		return &next
	})
}

// onlyNew drops the items of a push that are not above their client's mark.
func onlyNew(o *own, client clock.ClientID, batch []byte) ([]byte, error) {
	items, _ := o.engine.Decode(batch)
	mark := o.disk.marks[client]
	before := maps.Clone(o.disk.rows)
	answer, err := o.memory.Push(client, batch)
	for _, it := range items {
		for _, v := range it.Mutation.Data.All() {
			if old, ok := before[it.Mutation.Data.Key()]; ok && v.Stamp.Time <= mark {
				o.disk.rows[it.Mutation.Data.Key()] = row{old.Record, o.disk.seq}
			}
		}
	}
	return answer, err
}

// forgery stores the writes of an item that have a forged client ID, and refuses the item.
func forgery(o *own, client clock.ClientID, batch []byte) ([]byte, error) {
	answer, err := o.memory.Push(client, batch)
	items, _ := o.engine.Decode(batch)
	for _, it := range items {
		for name, v := range it.Mutation.Data.All() {
			if key := it.Mutation.Data.Key(); v.Stamp.Client != client {
				one := check.RecordOf(key, map[string]record.FieldValue{name: v})
				o.disk.put(merge.Collect(o.disk.rows[key].Record, one).At(0))
			}
		}
	}
	return answer, err
}

// stale refuses writes that are older than thirty days.
func stale(o *own, client clock.ClientID, batch []byte) ([]byte, error) {
	e := o.engine
	o.memory.engine.Guard = func(_ clock.ClientID, m record.Mutation) error {
		for _, v := range m.Data.All() {
			if o.env.Now().Sub(v.Stamp.Time.Time()) > 30*24*time.Hour {
				return &merge.Refusal{Code: "too_old"}
			}
		}
		return nil
	}
	answer, err := o.memory.Push(client, batch)
	o.memory.engine = e
	return answer, err
}

// strict returns an error if one item is refused.
type strict struct{ *memory }

func newStrict(env *Env) (Backend, error) {
	return over(func(m *memory) Backend { return strict{m} })(env)
}

func (s strict) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	items, _ := s.engine.Decode(batch)
	for _, r := range s.apply(s.request(client, items)).Results {
		if !r.Accepted() {
			return nil, errors.New("400 bad request")
		}
	}
	return s.memory.Push(client, batch)
}

// brokenPushes returns backends that judge items wrongly.
func brokenPushes() []broken {
	return []broken{
		{"stamps too far ahead accepted", with(quirks{engine: merge.Engine{MaxAhead: -1}}), []law.Law{law.Ahead, law.Blind}},
		{"the bound is exclusive", with(quirks{engine: merge.Engine{MaxAhead: clock.DefaultMaxAhead - 1e6}}), []law.Law{law.Ahead, law.Blind}},
		{"clients may write under any ID", with(quirks{any: true}), []law.Law{law.BadRefused}},
		{"a refused item is applied anyway", with(quirks{each: func(*quirky, clock.ClientID, merge.Result) bool { return true }}), []law.Law{law.RefusedLeavesNothing, law.Poison}},
		{"the invalid part of an item is stored", ownOf(own{push: forgery}), []law.Law{law.RefusedLeavesNothing}},
		{"only the first item is stored", with(quirks{each: func(_ *quirky, _ clock.ClientID, r merge.Result) bool { return r.Accepted() && r.Key.ID == "a" }}), []law.Law{law.Vanish, law.Tombstone, law.Four}},
		{"error for the whole batch", newStrict, []law.Law{law.Neighbours, law.Blind}},
		{"writes below the mark are dropped", ownOf(own{push: onlyNew}), []law.Law{law.Stays, law.Vanish, law.Later, law.Counter, law.Tombstone, law.Four}},
		{"old writes are refused", ownOf(own{push: stale}), []law.Law{law.Fine, law.Retry}},
	}
}
