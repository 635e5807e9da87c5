package main

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

const sample = "testdata/journal.jsonl"

// TestSampleJournalIsTheGeneratedOne compares every byte.
func TestSampleJournalIsTheGeneratedOne(t *testing.T) { golden(t, sample, sampleServer().journal) }

// sampleJournal returns the sample as text.
func sampleJournal(t tb) string {
	t.Helper()
	text, err := os.ReadFile(sample)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return string(text)
}

// crew holds the devices of three colleagues, of Dov, whose clock is wrong, and of a guest.
type crew struct{ ana, ben, cleo, dov, guest *device }

// sampleServer plays some days of a small team that uses one server.
func sampleServer() *server {
	c := crew{newDevice("a1"), newDevice("b2"), newDevice("c3"), newDevice("d4"), newDevice("e5")}
	s := newServer(readOnly(c.guest.id))
	c.begin(s)
	c.lostTitle(s)
	c.lostDescription(s)
	c.badClock(s)
	c.guestWrites(s)
	c.deletion(s)
	c.clone(s)
	c.anotherServer(s)
	c.backup(s)
	return s
}

// begin makes three tasks, which all devices see.
func (c crew) begin(s *server) {
	s.push(c.ana.at("02 09:00:01.250"),
		c.ana.edit("fence", "02 09:00:00.000", func(e *record.Edit) *record.Edit {
			return e.Set("title", "Paint the fence").Set("description", "Both sides.").Set("status", "open")
		}),
		c.ana.edit("gate", "02 09:00:00.500", func(e *record.Edit) *record.Edit {
			return e.Set("title", "Oil the gate").Set("description", "The hinges squeak.")
		}),
		c.ana.set("shed", "02 09:00:01.000", "title", "Clear out the shed"))
	for _, d := range []*device{c.ben, c.cleo, c.dov, c.guest} {
		d.pull(s)
	}
}

// lostTitle: two colleagues change one title, and neither has seen the other's change.
func (c crew) lostTitle(s *server) {
	byAna := c.ana.set("fence", "02 14:00:00.000", "title", "Paint the fence green")
	byBen := c.ben.set("fence", "02 13:58:30.000", "title", "Paint the fence and the posts")
	s.push(c.ana.at("02 14:00:00.300"), byAna)
	s.push(c.ben.at("02 14:10:00.000"), byBen)
	s.push(c.ben.at("02 14:10:05.000"), byBen) // a retry: the answer did not reach him
}

// lostDescription: Cleo is offline and deletes a description. Meanwhile Ben has written a text
// there that is worth keeping.
func (c crew) lostDescription(s *server) {
	byCleo := c.cleo.edit("fence", "02 18:00:00.000", func(e *record.Edit) *record.Edit { return e.Delete("description") })
	byBen := c.ben.set("fence", "02 16:30:00.000", "description",
		"Both sides, two coats, and leave the ivy alone: the council wants it. Colour: RAL 6005.")
	s.push(c.ben.at("02 16:30:00.400"), byBen)
	s.push(c.cleo.at("03 08:05:12.000"), byCleo)
	s.push(c.ben.at("03 08:30:00.000"), byBen) // a late retry
}

// badClock: Dov's clock is three hours fast. His own client also sends an item without a stamp and
// one that is not a mutation.
func (c crew) badClock(s *server) {
	c.dov.wrong = 3 * 60 * 60 * 1e9
	tooEarly := c.dov.set("shed", "03 10:00:00.000", "due", "2026-03-20")
	s.push(c.dov.at("03 10:00:00.200"), tooEarly, rawItem("shed", "due", `{"value":"2026-03-20"}`), `"a note to self"`)
	c.dov.wrong = 0
	delete(c.dov.seen, record.Key{Table: "tasks", ID: "shed"}) // the refused edit is rolled back
	c.dov.pull(s)
	inTime := c.dov.set("shed", "03 10:00:00.900", "due", "2026-03-20")
	s.push(c.dov.at("03 10:00:01.000"), inTime)
	s.push(c.dov.at("03 10:00:31.000"), inTime) // a retry: the answer did not reach him
}

// guestWrites: a guest may only comment.
func (c crew) guestWrites(s *server) {
	s.push(c.guest.at("03 11:00:00.000"),
		c.guest.set("shed", "03 10:59:00.000", "title", "Clear out MY shed"),
		c.guest.set("shed", "03 10:59:30.000", "comment", "It is mine."))
}

// deletion: a record is deleted, edited by a user who does not know of the deletion, deleted by
// another user, and restored.
func (c crew) deletion(s *server) {
	remove := func(e *record.Edit) *record.Edit { return e.DeleteRecord() }
	s.push(c.ana.at("04 09:00:00.100"), c.ana.edit("gate", "04 09:00:00.000", remove))
	s.push(c.ben.at("04 09:20:00.100"), c.ben.set("gate", "04 09:20:00.000", "description", "The hinges squeak, use graphite."))
	s.push(c.cleo.at("04 12:00:00.000"), c.cleo.edit("gate", "04 09:10:00.000", remove))
	c.ana.pull(s)
	s.push(c.ana.at("04 15:00:00.100"), c.ana.edit("gate", "04 15:00:00.000", func(e *record.Edit) *record.Edit { return e.RestoreRecord() }))
	c.cleo.pull(s)
	s.push(c.cleo.at("05 17:00:00.100"), c.cleo.edit("gate", "05 17:00:00.000", remove))
}

// clone: Dov's device was copied, and the device and its copy use the same stamp.
func (c crew) clone(s *server) {
	copied := newDevice("d4")
	copied.pull(s)
	c.dov.pull(s)
	s.push(c.dov.at("05 18:00:00.500"), c.dov.set("shed", "05 18:00:00.000", "priority", 1))
	s.push(copied.at("05 18:00:07.000"), copied.set("shed", "05 18:00:00.000", "priority", 2))
}

// anotherServer: an exchange with another server changes a status without a push. Ben has seen the
// change.
func (c crew) anotherServer(s *server) {
	far := newDevice("f6")
	far.pull(s)
	var m record.Mutation
	if err := m.UnmarshalJSON([]byte(far.set("fence", "05 20:00:00.000", "status", "blocked"))); err != nil {
		panic(err)
	}
	s.state = merge.Join(s.state, merge.Collect(m.Data))
	c.ben.pull(s)
	gateway := merge.Request{Actor: c.ana.id, AnyClient: true, Wall: clockAt("06 07:00:00.000")}
	s.push(gateway, c.ben.set("fence", "06 06:59:00.000", "status", "doing"))
}

// backup: Cleo's device is restored from a backup and continues from there. Then a device with a
// slow clock stamps an edit earlier than the write that its owner has seen.
func (c crew) backup(s *server) {
	old := newDevice("c3")
	s.push(old.at("06 08:00:00.000"), old.set("shed", "05 16:00:00.000", "notes", "Bring boxes."))
	status, _ := c.ben.seen[record.Key{Table: "tasks", ID: "fence"}].Get("status")
	slow := clock.Stamp{Time: clock.TimestampOf(clockAt("06 06:50:00.000")), Client: c.dov.id}
	s.push(c.dov.at("06 09:00:00.000"), fmt.Sprintf(
		`{"table":"tasks","id":"fence","data":{"status":{"value":"done","updatedAt":%q,"clientId":%q}},"base":{"status":{"updatedAt":%q,"clientId":%q}}}`,
		slow.Time, slow.Client, status.Stamp.Time, status.Stamp.Client))
}

// TestJournalOutputEqualsTheGoldenFiles compares whole outputs for the sample.
func TestJournalOutputEqualsTheGoldenFiles(t *testing.T) {
	for name, args := range map[string][]string{
		"journal":             {sample},
		"journal-state":       {"-state", sample},
		"journal-title":       {"-explain", "tasks/fence/title", sample},
		"journal-description": {"-explain", "tasks/fence/description", sample},
		"journal-deleted":     {"-explain", "tasks/gate/description", sample},
		"journal-refused":     {"-explain", "tasks/shed/due", sample},
		"journal-guest":       {"-explain", "tasks/shed/title", sample},
		"journal-collision":   {"-explain", "tasks/shed/priority", sample},
		"journal-rewound":     {"-explain", "tasks/shed/notes", sample},
		"journal-found":       {"-explain", "tasks/fence/status", sample},
		"journal-mark":        {"-explain", "tasks/gate/$deleted", sample},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			if status := run(args, nil, &out, &errs); status != 0 || errs.Len() > 0 {
				t.Fatalf("status %d, standard error %q", status, errs.String())
			}
			golden(t, "testdata/"+name+".golden", out.Bytes())
		})
	}
}
