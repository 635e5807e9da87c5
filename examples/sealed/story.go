package main

import (
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/roombooking/rooms"
	"github.com/fieldlww/fieldlww/examples/sealed/seal"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// story is a morning of two people and a server. The first error ends it.
type story struct {
	out      io.Writer
	now      time.Time
	ana, ben *device
	server   *server
	early    merge.Collection // what the server held at the beginning
	keys     map[string][]byte
	err      error
}

// The meetings of the story. Both take Room B.
var (
	budget = record.Key{Table: rooms.Table, ID: "budget"}
	hiring = record.Key{Table: rooms.Table, ID: "hiring"}
)

var errOpened = errors.New("the stolen laptop opens values of the new key")

// newStory returns a story before its first chapter. The devices got the key from each other, for
// example as a code on one screen that the other device reads. The server never gets it.
func newStory(out io.Writer) (*story, error) {
	t := &story{out: out, now: at(8, 0), keys: map[string][]byte{}}
	t.server = newServer(t.wall)
	t.newKey("2026-1")
	var err error
	if t.ana, err = t.device("Ana's phone", "7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10", "2026-1"); err != nil {
		return nil, err
	}
	t.ben, err = t.device("Ben's laptop", "91aa04d7-53f0-4d6e-9a4f-6c2b8e7f5a20", "2026-1")
	return t, err
}

func (t *story) wall() time.Time { return t.now }

// newKey makes a key.
func (t *story) newKey(id string) {
	t.keys[id] = make([]byte, seal.KeySize)
	rand.Read(t.keys[id]) // never fails
}

// device returns a device that has all keys made so far.
func (t *story) device(name, id, current string) (*device, error) {
	d, err := newDevice(name, clock.MustParseClientID(id), t.wall)
	if err != nil {
		return nil, err
	}
	d.ring, err = seal.New(seal.Options{Keys: t.keys, Current: current})
	return d, err
}

// play runs the story.
func (t *story) play() error {
	t.say("Two people share a calendar through a server that cannot read it.")
	for _, chapter := range []func(){t.sealed, t.merged, t.ruled, t.forged, t.restamped, t.rotated, t.withheld} {
		if t.err == nil {
			chapter()
		}
	}
	return t.err
}

// sealed: the server stores what it cannot read.
func (t *story) sealed() {
	t.chapter(9, 0, "Ana books a room. Her phone seals each value before it sends it. The server stores:")
	t.do(t.ana.edit(budget, map[string]any{rooms.FieldTitle: "Budget", rooms.FieldHost: "Ana", rooms.FieldSlot: slot(14)}))
	t.sync(t.ana)
	t.early = t.server.Records()
	for r := range t.early.All() {
		for name, w := range r.All() {
			text := w.Value.JSON()
			t.say("  %s/%s, written at %s: %s… and %d more characters", r.Key(), name, w.Stamp.Time, text[:21], len(text)-21)
		}
	}
	t.say("The server's guard refuses a value that is not sealed, as an app would send it by mistake:")
	m, err := record.New(hiring).Edit(t.ben.stamp()).Set(rooms.FieldTitle, "Hiring").Mutation()
	t.do(err)
	t.ben.outbox = append(t.ben.outbox, m)
	t.sync(t.ben)
}

// merged: the server joins sealed values field by field.
func (t *story) merged() {
	t.chapter(9, 10, "Ana and Ben are offline. Ana renames the meeting, Ben moves it and renames it too, later.")
	t.do(t.ana.edit(budget, map[string]any{rooms.FieldTitle: "Budget 2027"}))
	t.now = t.now.Add(time.Minute)
	t.do(t.ben.edit(budget, map[string]any{rooms.FieldTitle: "Budget, final", rooms.FieldSlot: slot(15)}))
	t.say("Both sync. The server merges without reading: the later write wins, and Ben is told about the lost edit.")
	t.sync(t.ana, t.ben, t.ana)
	t.show(t.ana, t.ben)
}

// ruled: rules on the server say unknown, and rules on a device find the conflict.
func (t *story) ruled() {
	t.chapter(9, 20, "Ben books the same room for the same hour. The rule about double bookings runs on both sides:")
	t.do(t.ben.edit(hiring, map[string]any{rooms.FieldTitle: "Hiring", rooms.FieldHost: "Ben", rooms.FieldSlot: slot(15)}))
	t.sync(t.ben, t.ana)
	t.say("  the server: %d meeting unknown, because the rule cannot read it; %d violations", t.server.report.Unknown, t.server.report.Open)
	shown, err := t.ana.shown()
	t.do(err)
	open, err := rooms.Find(shown)
	t.do(err)
	for _, v := range open {
		t.say("  %s: ⚠ %s", t.ana.name, v.Description)
	}
}

// forged: each kind of tampering is noticed, and the other fields are shown.
func (t *story) forged() {
	t.chapter(9, 30, "The server tampers with the title, in one way after the other. Ana's phone pulls:")
	r, _ := t.server.Records().Get(budget)
	title, _ := r.Get(rooms.FieldTitle)
	host, _ := r.Get(rooms.FieldHost)
	other, _ := t.server.Records().Get(hiring)
	theirs, _ := other.Get(rooms.FieldTitle)
	var parts []any // "sealed", the version, the ID of the key, and the code
	t.do(title.Value.Decode(&parts))
	code, _ := parts[3].(string)
	later := clock.Stamp{Time: title.Stamp.Time + 1, Client: title.Stamp.Client}
	of := func(key, code string) record.FieldValue {
		return record.FieldValue{Value: record.MustOf([]any{"sealed", 1, key, code}), Stamp: title.Stamp}
	}
	for _, forgery := range []struct {
		what string
		w    record.FieldValue
	}{
		{"puts the host there", record.FieldValue{Value: host.Value, Stamp: title.Stamp}},
		{"puts the title of another meeting there", record.FieldValue{Value: theirs.Value, Stamp: title.Stamp}},
		{"gives it a later stamp, to make it win", record.FieldValue{Value: title.Value, Stamp: later}},
		{"cuts it off after 20 characters", of("2026-1", code[:20])},
		{"names a key that is not there", of("2025-9", code)},
		{"writes a title of its own", record.FieldValue{Value: record.MustOf("Cancelled"), Stamp: title.Stamp}},
	} {
		t.do(t.server.forge(r, rooms.FieldTitle, forgery.w))
		t.sync(t.ana)
		_, err := t.ana.shown()
		t.say("  %-40s %v", forgery.what, err)
	}
	t.show(t.ana)
	t.server.Put(r)
	t.sync(t.ana)
}

// restamped: a value under a new stamp is sealed again.
func (t *story) restamped() {
	t.chapter(9, 40, "The clock of Ana's phone is 20 minutes ahead when she edits.")
	t.ana.wall = func() time.Time { return t.now.Add(20 * time.Minute) }
	t.do(t.ana.setClock())
	t.do(t.ana.edit(hiring, map[string]any{rooms.FieldSlot: slot(16)}))
	t.sync(t.ana)
	t.say("The phone corrects its clock, stamps the edit again, and so seals it again. It sends it once more.")
	t.sync(t.ana, t.ben)
	t.show(t.ben)
}

// rotated: a new key is used by ordinary writes.
func (t *story) rotated() {
	t.chapter(10, 0, "Ben's laptop is stolen. Ana makes a new key, and keeps the old one for reading.")
	t.newKey("2026-2")
	var err error
	t.ana.ring, err = seal.New(seal.Options{Keys: t.keys, Current: "2026-2"})
	t.do(err)
	count, err := t.ana.rotate()
	t.do(err)
	t.sync(t.ana)
	t.say("  Ana's phone wrote %d values again, as ordinary edits", count)
	t.sync(t.ben)
	if _, err = t.ben.shown(); err == nil {
		err = errOpened
		t.do(err)
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	t.say("The laptop keeps what it has read. If the server still answers it, it opens none of the new values:")
	t.say("  %s", first)
}

// withheld: the server can still show an old state as the present one.
func (t *story) withheld() {
	t.chapter(10, 30, "Cleo's tablet is new and has both keys. The server shows it what it held at 9 AM, unchanged.")
	cleo, err := t.device("Cleo's tablet", "c3e0a2b4-1f6d-4b8a-a1c7-5d9e3f7a6b30", "2026-2")
	t.do(err)
	past := newServer(t.wall)
	for r := range t.early.All() {
		past.Put(r)
	}
	t.do(cleo.pull(past))
	t.show(cleo)
	t.say("Everything opens, so the tablet cannot tell that this is old. A server can withhold.")
	t.say("README.md lists what else it can do, and what it learns.")
}
