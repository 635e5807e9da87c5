package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/sealed/seal"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// device is a client. All values that it stores are sealed, as they come from the server and as
// they go there. They are opened for the screen only.
type device struct {
	name      string
	id        clock.ClientID
	wall      func() time.Time
	clock     *clock.Clock // without a bound: the client trusts its server about the time
	ring      *seal.Keyring
	confirmed map[record.Key]record.Record
	outbox    []record.Mutation // each sealed once, and sent as it is until it is answered
	cursor    string
}

// newDevice returns an empty device.
func newDevice(name string, id clock.ClientID, wall func() time.Time) (*device, error) {
	d := &device{name: name, id: id, wall: wall, confirmed: make(map[record.Key]record.Record)}
	return d, d.setClock()
}

// setClock makes a clock that is above all confirmed stamps.
func (d *device) setClock() (err error) {
	var last clock.Timestamp
	for _, r := range d.confirmed {
		for _, w := range r.All() {
			last = max(last, w.Stamp.Time)
		}
	}
	d.clock, err = clock.New(clock.Options{Now: d.wall, MaxAhead: -1, Last: last})
	return err
}

// stamp returns a new stamp.
func (d *device) stamp() clock.Stamp { return clock.Stamp{Time: d.clock.Now(), Client: d.id} }

// sealed returns the state of the device with its waiting edits, as it is stored.
func (d *device) sealed() merge.Collection {
	all := slices.Collect(maps.Values(d.confirmed))
	for _, m := range d.outbox {
		all = append(all, m.Data)
	}
	return merge.Collect(all...)
}

// shown returns the state for the screen. The error names the fields that do not open and are left
// out.
func (d *device) shown() (merge.Collection, error) {
	var all []record.Record
	var failed []error
	for r := range d.sealed().All() {
		opened, err := d.ring.OpenRecord(r)
		all, failed = append(all, opened), append(failed, err)
	}
	return merge.Collect(all...), errors.Join(failed...)
}

// edit writes fields of a record. The edit begins with the sealed record, so that its base has all
// stamps, and is sealed under its own stamp.
func (d *device) edit(key record.Key, fields map[string]any) error {
	r, ok := d.sealed().Get(key)
	if !ok {
		r = record.New(key)
	}
	e := r.Edit(d.stamp())
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		e.Set(name, fields[name])
	}
	m, err := e.Mutation()
	if err != nil {
		return err
	}
	if m, err = d.ring.SealMutation(m); err != nil {
		return err
	}
	d.outbox = append(d.outbox, m)
	return nil
}

// rotate writes every value again that an older key has sealed, and returns how many there are. These
// are ordinary edits: an edit made offline before this moment loses against them.
func (d *device) rotate() (int, error) {
	shown, err := d.shown()
	if err != nil {
		return 0, err // a value that does not open cannot be sealed again
	}
	count := 0
	for r := range d.sealed().All() {
		opened, _ := shown.Get(r.Key())
		fields := map[string]any{}
		for _, name := range d.ring.Old(r) {
			w, _ := opened.Get(name)
			fields[name] = w.Value
		}
		if count += len(fields); len(fields) > 0 {
			if err := d.edit(r.Key(), fields); err != nil {
				return 0, err
			}
		}
	}
	return count, nil
}

// push sends the outbox. An accepted item moves to the confirmed state, and an item that is refused
// permanently is dropped. If the clock was ahead, it is corrected, and the items that wait are
// stamped and sealed again.
func (d *device) push(s *server) ([]merge.Reply, error) {
	var body []byte
	for _, m := range d.outbox {
		body = append(m.AppendJSON(body), '\n')
	}
	if len(body) == 0 {
		return nil, nil
	}
	text, err := s.Push(d.id, body)
	if err != nil {
		return nil, err
	}
	var replies []merge.Reply
	if err := json.Unmarshal(text, &replies); err != nil {
		return nil, err
	}
	var keep []record.Mutation
	var late clock.Timestamp
	for i, r := range replies {
		m := d.outbox[i]
		switch key := m.Data.Key(); {
		case r.Verdict == "accepted":
			d.confirmed[key], _ = merge.Collect(d.confirmed[key], m.Data).Get(key)
		case r.Code == merge.TooFarAhead:
			late, keep = r.ServerTime, append(keep, m)
		case r.Retryable:
			keep = append(keep, m)
		}
	}
	d.outbox = keep
	if late == 0 {
		return replies, nil
	}
	return replies, d.correct(late)
}

// correct sets the clock by the server's time, and gives the outbox new stamps.
func (d *device) correct(server clock.Timestamp) error {
	wall := d.wall
	offset := server.Time().Sub(wall())
	d.wall = func() time.Time { return wall().Add(offset) }
	err := d.setClock()
	if err == nil {
		d.outbox, err = d.ring.Restamp(d.outbox, d.stamp)
	}
	return err
}

// pull replaces confirmed records with the server's current ones.
func (d *device) pull(s *server) error {
	lines, next, err := s.Pull(d.id, d.cursor)
	if err != nil {
		return err
	}
	decoder := record.Decoder{Trusted: true}
	for line := range bytes.Lines(lines) {
		m, err := decoder.Mutation(line)
		if err != nil {
			return err
		}
		d.confirmed[m.Data.Key()] = m.Data
		for _, w := range m.Data.All() {
			if err := d.clock.Observe(w.Stamp.Time); err != nil {
				return err
			}
		}
	}
	d.cursor = next
	return nil
}
