package mergetest

import (
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/record"
)

// shortCounter keeps only sixteen bits of the counter.
func shortCounter(v record.FieldValue) record.FieldValue {
	n := clock.Timestamp(v.Stamp.Time.Counter())
	v.Stamp.Time += n%65536 - n
	return v
}

// wrapping is a backend with a clock whose counter starts again when it is full.
type wrapping struct{ *memory }

func (w wrapping) Write(key record.Key, field string, v record.Value) error {
	const ms = clock.Timestamp(time.Millisecond)
	if last := w.clock.Last(); last%ms == ms-1 {
		w.clock, _ = clock.New(clock.Options{Now: w.env.Now, Last: last - ms})
	}
	return w.memory.Write(key, field, v)
}

// writing is a backend whose own writes are wrong.
type writing struct {
	*memory
	as func(m *memory, v record.Value) record.FieldValue
}

func (w writing) Write(key record.Key, field string, v record.Value) error {
	one := check.RecordOf(key, map[string]record.FieldValue{field: w.as(w.memory, v)})
	w.disk.put(merge.Collect(w.disk.rows[key].Record, one).At(0))
	return nil
}

// longAgo stamps every write with the time at which the server started.
func longAgo(_ *memory, v record.Value) record.FieldValue {
	return record.FieldValue{Value: v, Stamp: clock.Stamp{Time: clock.TimestampOf(schedule.Start()), Client: clock.ClientID{9}}}
}

// another writes a different value from the requested one.
func another(m *memory, _ record.Value) record.FieldValue {
	return record.FieldValue{Value: record.Int(0), Stamp: clock.Stamp{Time: m.clock.Now(), Client: clock.ClientID{9}}}
}

// unset returns a backend that changes its requests and replies while its clock is not set.
func unset(asks func(*merge.Request), tells func(*merge.Reply)) newBackend {
	isUnset := func(r *merge.Request) bool { return r.Wall.Year() < 2020 }
	return from(memory{
		asks: func(r *merge.Request) {
			if asks != nil && isUnset(r) {
				asks(r)
			}
		},
		tells: func(request merge.Request, a merge.Answer) (all []merge.Reply) {
			for r := range a.Replies() {
				if tells != nil && isUnset(&request) && r.Code == merge.ServerClock {
					tells(&r)
				}
				all = append(all, r)
			}
			return all
		},
	})
}

// timeOfItems uses the greatest stamp of a batch as the time, if that stamp is ahead of the clock.
func timeOfItems(r *merge.Request) {
	for _, it := range r.Items {
		for _, v := range it.Mutation.Data.All() {
			if at := v.Stamp.Time.Time(); at.After(r.Wall) {
				r.Wall = at
			}
		}
	}
}

// unavailable fails every push while its clock is not set.
func unavailable(o *own, client clock.ClientID, batch []byte) ([]byte, error) {
	if o.env.Now().Year() < 2020 {
		return nil, errBusy
	}
	return o.memory.Push(client, batch)
}

// bounded returns a backend whose clock refuses stamps that are too far ahead of the wall clock when a process starts.
func bounded(m *memory) Backend {
	m.clock, _ = clock.New(clock.Options{Now: m.env.Now})
	for _, r := range m.disk.rows {
		for _, v := range r.All() {
			m.clock.Observe(v.Stamp.Time) // an error is ignored
		}
	}
	return m
}

// brokenClocks returns backends with mistakes about clocks.
func brokenClocks() []broken {
	return []broken{
		{"the counter is cut to sixteen bits", with(quirks{stores: storesAs(shortCounter)}), []law.Law{law.Stamp, law.Counter, law.Invented}},
		{"the counter of the server wraps", over(func(m *memory) Backend { return wrapping{m} }), []law.Law{law.ServerClock}},
		{"the server stamps its writes with an old time", over(func(m *memory) Backend { return writing{m, longAgo} }), []law.Law{law.ServerClock}},
		{"the server's clock refuses stored stamps", over(bounded), []law.Law{law.ServerClock}},
		{"the server writes another value", over(func(m *memory) Backend { return writing{m, another} }), []law.Law{law.Exact}},
		{"clock not set, and its time is sent to clients", unset(nil, func(r *merge.Reply) { r.Code, r.ServerTime = merge.TooFarAhead, 1 }), []law.Law{law.Blind}},
		{"clock not set, and items are refused permanently", unset(nil, func(r *merge.Reply) { r.Retryable = false }), []law.Law{law.Blind}},
		{"clock not set, and the time is taken from stamps", unset(timeOfItems, nil), []law.Law{law.Blind}},
		{"clock not set, and no request is answered", ownOf(own{push: unavailable}), []law.Law{law.Blind}},
	}
}
