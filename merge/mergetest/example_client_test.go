package mergetest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest"
	"github.com/fieldlww/fieldlww/record"
)

// phone is the client side of an app. An app would store every member but the last two.
type phone struct {
	id        clock.ClientID
	confirmed map[record.Key]record.Record
	outbox    []record.Mutation
	cursor    string
	ahead     time.Duration // how far the clock of the phone is known to be ahead
	last      clock.Timestamp

	wall func() time.Time
	sent int // the number of items of the outbox that are in flight
}

// stamp returns a stamp above every stamp that was confirmed or made before.
func (p *phone) stamp() clock.Stamp {
	now := func() time.Time { return p.wall().Add(-p.ahead) }
	c, _ := clock.New(clock.Options{Now: now, Last: p.last})
	p.last = c.Now()
	return clock.Stamp{Time: p.last, Client: p.id}
}

func (p *phone) Shown(key record.Key) record.Record {
	all := []record.Record{p.confirmed[key]}
	for _, m := range p.outbox {
		all = append(all, m.Data)
	}
	shown, _ := merge.Collect(all...).Get(key)
	return shown.WithKey(key)
}

func (p *phone) Edit(key record.Key, fields map[string]record.Value) error {
	edit := p.Shown(key).Edit(p.stamp())
	for name, v := range fields {
		switch {
		case name != record.DeletedField:
			edit.Set(name, v)
		case v == record.Bool(true):
			edit.DeleteRecord()
		default:
			edit.RestoreRecord()
		}
	}
	m, err := edit.Mutation()
	if err == nil {
		p.outbox = append(p.outbox, m)
	}
	return err
}

func (p *phone) Outbox() []byte {
	var lines [][]byte
	for _, m := range p.outbox {
		lines = append(lines, m.AppendJSON(nil))
	}
	p.sent = len(p.outbox)
	return bytes.Join(lines, []byte("\n"))
}

func (p *phone) Answer(answer []byte) error {
	var replies []merge.Reply
	if err := json.Unmarshal(answer, &replies); err != nil {
		return err
	}
	var keep []record.Mutation
	late := false
	for i, r := range replies {
		m := p.outbox[i]
		switch {
		case r.Verdict == "accepted":
			p.confirm(merge.Collect(p.confirmed[m.Data.Key()], m.Data).At(0))
		case r.Code == merge.TooFarAhead:
			p.ahead, late = p.wall().Sub(r.ServerTime.Time()), true
			keep = append(keep, m)
		case r.Retryable:
			keep = append(keep, m)
		} // all others are dropped, which rolls them back
	}
	p.outbox, p.sent = append(keep, p.outbox[p.sent:]...), 0
	if !late {
		return nil
	}
	p.last = 0 // the clock was wrong: start again, above the confirmed stamps
	for _, r := range p.confirmed {
		p.confirm(r)
	}
	var err error
	p.outbox, err = record.Restamp(p.outbox, p.stamp)
	return err
}

// confirm stores a record as the server's state, and lets the clock observe it.
func (p *phone) confirm(r record.Record) {
	p.confirmed[r.Key()] = r
	for _, v := range r.All() {
		p.last = max(p.last, v.Stamp.Time)
	}
}

func (p *phone) Cursor() string { return p.cursor }

func (p *phone) Pulled(lines []byte, next string) error {
	p.cursor = next
	if len(lines) == 0 {
		return nil
	}
	d := record.Decoder{Trusted: true}
	items, err := d.Batch(lines)
	for _, it := range items {
		p.confirm(it.Mutation.Data)
	}
	return err
}

// Reopen returns a phone that reads the stored state.
func (p *phone) Reopen() (mergetest.Client, error) {
	again := *p
	again.sent = 0
	return &again, nil
}

// newPhone makes an empty phone.
func newPhone(id clock.ClientID, wall func() time.Time) mergetest.Client {
	return &phone{id: id, wall: wall, confirmed: map[record.Key]record.Record{}}
}

// A client, and its check against a correct backend.
func ExampleClient() {
	fmt.Println(mergetest.Check(newServer, mergetest.Options{Seeds: 1, NewClient: newPhone}))
	// Output: <nil>
}
