package lawtest

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// sky is a simulated world of devices and one server. From this library it uses only what a
// backend and a client would use.
type sky struct {
	t       require.TestingT
	engine  merge.Engine
	now     time.Time // the true time
	server  hub
	devices []*phone
	oracle  causality
	// lost holds the losses according to the oracle, and claimed the reported losses.
	lost, claimed map[loss]bool
	// heldBack holds losses that the server cannot know about: the author of the winner was
	// shown a write that the server refused.
	heldBack map[loss]bool
	last     merge.Answer
}

// hub is the server: its state, its watermarks, its clock, and a log of changed records.
type hub struct {
	state merge.Collection
	marks map[clock.ClientID]clock.Timestamp
	clock *clock.Clock
	log   []record.Record
}

// phone is a client with a confirmed state and an outbox.
type phone struct {
	w         *sky
	id        clock.ClientID
	skew      time.Duration
	clock     *clock.Clock
	confirmed merge.Collection
	outbox    []parcelOut
	cursor    int
	seen      map[*edit]bool
}

// parcelOut is an item of an outbox, with the writes that it contains.
type parcelOut struct {
	item  record.Mutation
	edits []*edit
	sent  bool
}

// forbidden is the value that the guard of this world refuses.
const forbidden = `"forbidden"`

func newSky(t require.TestingT, devices int) *sky {
	w := &sky{
		t: t, now: time.UnixMilli(epoch / 1_000_000), oracle: newCausality(),
		lost: map[loss]bool{}, claimed: map[loss]bool{}, heldBack: map[loss]bool{},
	}
	w.engine.Guard = func(_ clock.ClientID, m record.Mutation) error {
		for _, v := range m.Data.All() {
			if v.Value.JSON() == forbidden {
				return errors.New("not allowed")
			}
		}
		return nil
	}
	w.server.marks = map[clock.ClientID]clock.Timestamp{}
	w.server.clock, _ = clock.New(clock.Options{Now: func() time.Time { return w.now }})
	for i := range devices {
		p := &phone{w: w, id: clock.ClientID{0: byte(0xF0 - 0x70*i), 15: byte(i)}, seen: map[*edit]bool{}}
		p.newClock(0)
		w.devices = append(w.devices, p)
	}
	return w
}

// newClock gives a phone a clock whose wall clock has the phone's skew, and that issues
// timestamps above last.
func (p *phone) newClock(last clock.Timestamp) {
	wall := func() time.Time { return p.w.now.Add(p.skew) }
	p.clock, _ = clock.New(clock.Options{Now: wall, MaxAhead: -1, Last: last})
}

// shown returns the record as the phone shows it: the join of the confirmed record and the
// phone's outbox.
func (p *phone) shown(key record.Key) record.Record {
	r, ok := p.confirmed.Get(key)
	if !ok {
		r = record.New(key)
	}
	for _, o := range p.outbox {
		if o.item.Data.Key() == key {
			r, _ = merge.Records(r, o.item.Data)
		}
	}
	return r
}

// write edits fields of a record. A value of "" deletes the field.
func (p *phone) write(key record.Key, fields map[string]string, how manner) {
	seen := p.shown(key)
	stamp := clock.Stamp{Time: p.clock.Now(), Client: p.id}
	change := seen.Edit(stamp)
	out := parcelOut{}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		e := &edit{
			spot:  spot{key, name},
			entry: entry{table: key.Table, id: key.ID, field: name, time: int64(stamp.Time), client: p.id, value: fields[name], deleted: fields[name] == ""},
			seen:  maps.Clone(p.seen), tells: !how.silent,
		}
		before, _ := seen.Get(name)
		e.upon = p.w.oracle.of(e.spot, before.Stamp)
		p.w.oracle.made(e)
		out.edits = append(out.edits, e)
		switch fields[name] {
		case "":
			change.Delete(name)
		case "true":
			change.DeleteRecord()
		case "false":
			change.RestoreRecord()
		default:
			v, err := record.ParseValue([]byte(fields[name]))
			require.NoError(p.w.t, err)
			change.Set(name, v)
		}
	}
	m, err := change.Mutation()
	require.NoError(p.w.t, err)
	if how.silent {
		m.Base = nil
	}
	out.item = m
	if !how.coalesce || !p.coalesce(out) {
		p.outbox = append(p.outbox, out)
	}
	for _, e := range out.edits {
		p.seen[e] = true
	}
}

// manner describes how a client makes its items.
type manner struct {
	silent   bool // items have no base
	coalesce bool // an edit replaces the last item if that item was not sent yet
}

// coalesce replaces the last item with one that writes the same fields again. The new item
// keeps the base of the replaced item, so it records what the author had seen at that time.
func (p *phone) coalesce(out parcelOut) bool {
	if len(p.outbox) == 0 {
		return false
	}
	last := &p.outbox[len(p.outbox)-1]
	same := !last.sent && last.item.Data.Key() == out.item.Data.Key() && len(last.edits) == len(out.edits)
	for i := 0; same && i < len(out.edits); i++ {
		same = out.edits[i].upon == last.edits[i] && out.edits[i].tells == last.edits[i].tells
	}
	if !same {
		return false
	}
	for i, e := range out.edits {
		e.seen, e.upon = last.edits[i].seen, last.edits[i].upon
	}
	out.item.Base = last.item.Base
	*last = out
	return true
}

// deliver delivers a push to the server, stores the answer and compares it with the oracle.
// If complete is set, no report may be missing.
func (w *sky) deliver(actor *phone, push []parcelOut, complete bool) merge.Answer {
	in := input{Actor: actor.id, Wall: w.now, Current: w.server.state}
	in.Watermarks = []clock.Stamp{{Time: w.server.marks[actor.id], Client: actor.id}}
	for _, o := range push {
		in.Items = append(in.Items, record.Item{Mutation: o.item})
	}
	a := applied(&w.engine, in)
	w.last = a
	for _, r := range a.Results {
		require.NotContains(w.t, r.Notes, merge.StampBelowBase, "no stamp may be below its base: phones observe what they pull")
	}
	w.store(a)
	lost, held := w.truth(push, a)
	claimed := w.oracle.reported(a)
	for l := range claimed {
		require.True(w.t, lost[l], "false report: %v lost to %v", l.loser, l.winner)
	}
	for l := range lost {
		if complete && !held[l] {
			require.True(w.t, claimed[l], "missing report: %v lost to %v", l.loser, l.winner)
		}
	}
	maps.Copy(w.lost, lost)
	maps.Copy(w.claimed, claimed)
	maps.Copy(w.heldBack, held)
	return a
}

// truth asks the oracle which edits are lost because of the accepted items of a push, and
// which of these losses the server cannot know about.
func (w *sky) truth(push []parcelOut, a merge.Answer) (lost, held map[loss]bool) {
	bySpot := map[spot][]*edit{}
	for i, o := range push {
		for _, e := range o.edits {
			if a.Results[i].Accepted() {
				bySpot[e.spot] = append(bySpot[e.spot], e)
			}
		}
	}
	lost, held = map[loss]bool{}, map[loss]bool{}
	for s, edits := range bySpot {
		maps.Copy(lost, w.oracle.deliver(s, edits))
	}
	for l := range lost {
		if upon := l.winner.upon; upon != nil && upon.came == 0 {
			held[l] = true
		}
	}
	return lost, held
}

// store stores an answer, as a backend does.
func (w *sky) store(a merge.Answer) {
	var after []record.Record
	for _, u := range a.Updates {
		after = append(after, u.After)
	}
	w.server.log = append(w.server.log, after...)
	w.server.state = merge.Join(w.server.state, merge.Collect(after...))
	for _, m := range a.Watermarks {
		w.server.marks[m.Client] = m.Time
	}
	require.NoError(w.t, w.server.clock.Observe(a.Greatest))
}

// push sends the first n items of the outbox. The answer may be lost.
func (p *phone) push(n int, answered, complete bool) {
	sent := slices.Clone(p.outbox[:n])
	for i := range sent {
		p.outbox[i].sent = true
	}
	a := p.w.deliver(p, sent, complete)
	if answered {
		p.hear(a, n)
	}
}

// hear handles the answer to the first n items of the outbox.
func (p *phone) hear(a merge.Answer, n int) {
	answered := p.outbox[:n]
	p.outbox = slices.Clone(p.outbox[n:])
	ahead := false
	for i, r := range a.Results {
		switch {
		case r.Accepted():
			p.confirmed = merge.Join(p.confirmed, merge.Collect(answered[i].item.Data))
		case r.Refusal.Code == merge.TooFarAhead:
			ahead = true
		}
	}
	if ahead {
		p.correctClock(answered, a)
	}
}

// correctClock corrects the clock and restamps the items that were refused as too far ahead
// and the items that are still in the outbox.
func (p *phone) correctClock(answered []parcelOut, a merge.Answer) {
	var again []parcelOut
	for i, r := range a.Results {
		if !r.Accepted() && r.Refusal.Code == merge.TooFarAhead {
			again = append(again, answered[i])
		}
	}
	again = append(again, p.outbox...)
	p.outbox = nil
	p.skew = 0
	last := p.w.server.marks[p.id]
	for r := range p.confirmed.All() {
		for _, v := range r.All() {
			last = max(last, v.Stamp.Time)
		}
	}
	p.newClock(last)
	p.restamp(again)
}

// restamp appends the given items to the outbox again, with new stamps.
func (p *phone) restamp(outbox []parcelOut) {
	var old []record.Mutation
	for _, o := range outbox {
		old = append(old, o.item)
	}
	items, err := record.Restamp(old, func() clock.Stamp { return clock.Stamp{Time: p.clock.Now(), Client: p.id} })
	require.NoError(p.w.t, err)
	renamed := map[*edit]*edit{}
	for i, o := range outbox {
		out := parcelOut{item: items[i]}
		for _, e := range o.edits {
			again := *e
			w, _ := items[i].Data.Get(e.entry.field)
			again.time, again.came = int64(w.Stamp.Time), 0
			if now, ok := renamed[e.upon]; ok {
				again.upon = now
			}
			renamed[e] = &again
			p.w.oracle.made(&again)
			p.seen[&again] = true
			out.edits = append(out.edits, &again)
		}
		p.outbox = append(p.outbox, out)
	}
}

// pull joins the records that changed on the server since the previous pull.
func (p *phone) pull() {
	var news []record.Record
	for _, r := range p.w.server.log[p.cursor:] {
		news = append(news, r)
		for name, v := range r.All() {
			require.NoError(p.w.t, p.clock.Observe(v.Stamp.Time))
			p.seen[p.w.oracle.of(spot{r.Key(), name}, v.Stamp)] = true
		}
	}
	p.cursor = len(p.w.server.log)
	p.confirmed = merge.Join(p.confirmed, merge.Collect(news...))
}
