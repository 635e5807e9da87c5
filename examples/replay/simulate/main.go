// Command simulate generates the history that replay uses if no file is given: the edits of an
// invented team, Marrow Street Studio, in the week of 2026-03-02. It prints JSON Lines, one
// mutation per line, in the order in which a server received them.
//
//	go run ./examples/replay/simulate > examples/replay/team.jsonl
//
// Twelve people use twenty devices whose clocks are wrong by up to forty minutes. They work
// offline, change the same fields, and delete and restore records. Answers are lost and pushes
// repeated, and one disk is cloned for an hour. The output is the same on every platform, byte for
// byte: it depends only on this source.
package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

func main() {
	history, err := simulate()
	if err == nil {
		_, err = os.Stdout.Write(history)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "simulate:", err)
		os.Exit(1)
	}
}

// world holds the team's server, its devices and the true time.
type world struct {
	now     int64
	random  prng
	clock   *clock.Clock // the server's clock
	log     []record.Mutation
	devices []*device
}

// simulate returns the history of the week.
func simulate() ([]byte, error) {
	w := &world{now: at(mon, 8, 0), random: 20260302}
	steps := []func() error{
		w.equip, w.importData,
		w.until(moving.from), w.cloneDisk, w.until(moving.to), w.settle, w.until(end), w.settle,
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, err
		}
	}
	var history []byte
	for _, m := range w.log {
		history = append(m.AppendJSON(history), '\n')
	}
	return history, nil
}

// equip starts the server's clock and the devices.
func (w *world) equip() error {
	var err error
	w.clock, err = clock.New(clock.Options{Now: func() time.Time { return time.UnixMilli(w.now) }})
	if err != nil {
		return err
	}
	for _, g := range equipment {
		d, err := newDevice(g, w.random.clientID(), 0)
		if err != nil {
			return err
		}
		d.sleep(&w.random)
		w.devices = append(w.devices, d)
	}
	return nil
}

// importData fills the empty store from the first device, as an import would: with many stamps in
// one millisecond that differ only in the counter.
func (w *world) importData() error {
	var err error
	d := w.devices[0]
	write := func(r record.Record, edit func(author)) {
		if err == nil {
			err = d.write(&w.random, r, edit)
		}
	}
	for _, p := range team {
		write(blank("people", p.id), func(a author) { a.Set("name", p.name).Set("role", p.role) })
	}
	for _, p := range projects {
		write(blank("projects", p.id), func(a author) { a.Set("name", p.name).Set("status", "open") })
	}
	for _, t := range plot {
		write(blank("tasks", t.id), func(a author) { planTask(a); a.Set("title", t.name) })
	}
	for range 90 {
		write(aNewTask(&w.random, d), planTask)
	}
	for range 24 {
		write(aNewBooking(&w.random, d), bookRoom)
	}
	if err != nil {
		return err
	}
	return w.push(d)
}

// until returns a step that runs the team up to a moment. It repeatedly takes the device with the
// earliest next use.
func (w *world) until(stop int64) func() error {
	return func() error {
		for {
			d := slices.MinFunc(w.devices, func(a, b *device) int { return cmp.Compare(a.next(), b.next()) })
			if d.next() >= stop {
				w.now = stop
				return nil
			}
			if err := w.use(d); err != nil {
				return err
			}
		}
	}
}

// use is one use of a device. The device sends its outbox and pulls, and its owner edits one
// record. It sends the edit at once or, once in a while, at the next use.
func (w *world) use(d *device) error {
	w.now = d.next()
	h := d.begin(&w.random)
	online := !d.offlineAt(w.now)
	if online {
		if err := w.sync(d); err != nil {
			return err
		}
	}
	if err := d.write(&w.random, h.open(&w.random, d), h.edit); err != nil {
		return err
	}
	if online && !w.random.oneIn(5) {
		return w.push(d)
	}
	return nil
}

// sync pushes first, so that the device pulls its own writes as well.
func (w *world) sync(d *device) error {
	if err := w.push(d); err != nil {
		return err
	}
	return d.pull(w.log)
}

// push delivers the outbox. If the answer is lost, the device keeps the outbox and sends the same
// mutations again.
func (w *world) push(d *device) error {
	if len(d.outbox) == 0 {
		return nil
	}
	for _, m := range d.outbox {
		if err := w.clock.Observe(stampOf(m)); err != nil {
			return err
		}
		w.log = append(w.log, m)
	}
	if !w.random.oneIn(30) {
		d.outbox = nil
	}
	return nil
}

// cloneDisk starts a second device from a copy of piet-desktop's disk.
func (w *world) cloneDisk() error {
	at := slices.IndexFunc(w.devices, func(d *device) bool { return d.name == "piet-desktop" })
	original := w.devices[at]
	if err := w.sync(original); err != nil {
		return err
	}
	twin, err := original.clone("piet-copy")
	original.wake = moving.to
	w.devices = append(w.devices, twin)
	return err
}

// settle makes every online device push its outbox.
func (w *world) settle() error {
	for _, d := range w.devices {
		if d.offlineAt(w.now) {
			continue
		}
		if err := w.push(d); err != nil {
			return err
		}
	}
	return nil
}
