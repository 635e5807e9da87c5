package main

import (
	"io"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/violation"
)

// story is a day of two people, each with a device, and of two servers. The first error
// ends it.
type story struct {
	out        io.Writer
	wall       wall
	ana, ben   *client
	east, west *server
	err        error

	budget, review, hiring, retro meeting
}

// newStory returns a story before its first chapter. Ben syncs with East, and Ana with West.
func newStory(out io.Writer) (*story, error) {
	t := &story{
		out:    out,
		budget: meeting{"budget", "Budget", slot("Room B", 14)},
		review: meeting{"design-review", "Design review", slot("Room B", 14)},
		retro:  meeting{"retro", "Retro", slot("Room C", 16)},
		hiring: meeting{"hiring", "Hiring", slot("Room C", 16)},
	}
	t.east, t.west = newServer("East", &t.wall), newServer("West", &t.wall)
	var err error
	if t.ana, err = newClient("Ana", "phone", clock.MustParseClientID("7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10"), &t.wall); err != nil {
		return nil, err
	}
	t.ben, err = newClient("Ben", "laptop", clock.MustParseClientID("91aa04d7-53f0-4d6e-9a4f-6c2b8e7f5a20"), &t.wall)
	return t, err
}

// chapters returns the parts of the story, in order.
func (t *story) chapters() []func() {
	return []func(){
		t.offline, t.online, t.exchanged, t.shown, t.acknowledged, t.moved, t.movedBack, t.forged, t.cancelled, t.over,
	}
}

// play runs the story.
func (t *story) play() error {
	t.say("Two people book one room while they are offline. No booking is refused, and none is")
	t.say("overwritten. The conflict becomes a record of its own, a violation. Both people see it,")
	t.say("and it is resolved when one of them moves a meeting.")
	for _, chapter := range t.chapters() {
		if t.err == nil {
			chapter()
		}
	}
	return t.err
}

// offline: both people book the room, and neither can know about the other's booking.
func (t *story) offline() {
	t.chapter(11, 0, "Ben is on a train without a network, and books a room for 2 PM.")
	t.book(t.ben, t.budget)
	t.chapter(11, 5, "Ana is on another train, also without a network, and books the same room.")
	t.book(t.ana, t.review)
}

// online: both people sync, with different servers.
func (t *story) online() {
	t.chapter(12, 0, "Both are online again. Ben syncs with server East, and Ana with server West.")
	t.sync(t.ben, t.east)
	t.sync(t.ana, t.west)
	t.status()
}

// exchanged: the servers exchange their meetings, and each finds the violation.
func (t *story) exchanged() {
	t.chapter(12, 1, "The servers exchange meetings, but no violations. Each checks the meetings that are new to it.")
	t.do(exchange(t.east, t.west))
	t.status()
	t.compare()
}

// shown: the violation reaches both devices.
func (t *story) shown() {
	t.chapter(12, 2, "Ana and Ben pull. The violation comes with the meetings.")
	t.pull(t.ana, t.west)
	t.pull(t.ben, t.east)
	t.banners(t.ana, t.ben)
}

// acknowledged: users may acknowledge a violation and add a note to it. Both sync like other
// fields.
func (t *story) acknowledged() {
	t.chapter(12, 5, "Ben acknowledges the violation and adds a note. Users write these fields, and they sync too.")
	v := t.about(t.ben, t.review)
	t.write(t.ben, t.ben.edit(rowOf(v)).Set(violation.FieldAcknowledged, true).Set(violation.FieldNote, "Can you move?"))
	t.syncAll()
	v = t.about(t.ana, t.review)
	t.say("  Ana's phone shows: %s, acknowledged %v, note %q", v.Status, v.Acknowledged, v.Note)
}

// moved: a normal write resolves the violation.
func (t *story) moved() {
	t.chapter(12, 10, "Ana moves her meeting to 3 PM. This resolves the violation: no user has to close it.")
	t.move(t.ana, t.review, slot("Room B", 15))
	t.syncAll()
	t.status()
	t.banners(t.ana, t.ben)
}

// movedBack: the conflict is back, and so is the same violation, with the same ID.
func (t *story) movedBack() {
	t.chapter(12, 20, "Ana needs 2 PM after all. This time her phone holds the other meeting, and warns her.")
	t.move(t.ana, t.review, slot("Room B", 14))
	t.syncAll()
	t.status()
	t.banners(t.ana, t.ben)
}

// forged: users cannot write the derived fields of a violation.
func (t *story) forged() {
	t.chapter(12, 30, "Ben's laptop tries to resolve the violation by hand.")
	t.write(t.ben, t.ben.edit(rowOf(t.about(t.ben, t.review))).Set("status", string(violation.Resolved)))
	t.sync(t.ben, t.east)
	t.say("  Ben's laptop drops the edit, and shows: %s", t.about(t.ben, t.review).Status)
}

// cancelled: a violation is obsolete when the meeting that it is about is deleted.
func (t *story) cancelled() {
	t.chapter(13, 0, "Ben books another room although he is warned, and then cancels.")
	t.book(t.ana, t.retro)
	t.syncAll()
	t.book(t.ben, t.hiring)
	t.syncAll()
	v := t.about(t.ben, t.hiring)
	t.say("  East finds the violation as soon as Ben syncs: %s", v.Description)
	t.say("  Ben's laptop cancels %q", t.hiring.title)
	t.write(t.ben, t.ben.edit(t.hiring.key()).DeleteRecord())
	t.syncAll()
	t.say("  East: %s, because there is nothing left to move", t.about(t.ben, t.hiring).Status)
}

// over: a violation is obsolete when it has stopped mattering.
func (t *story) over() {
	t.chapter(15, 0, "The two meetings in Room B are over, and neither was moved.")
	t.banners(t.ana, t.ben)
	v := t.about(t.ana, t.review)
	t.say("  Ana's phone stores the violation as %s, and at this hour reads it as %s", v.Status, v.StatusAt(t.east.now()))
	t.do(t.east.audit())
	t.do(t.west.audit())
	t.syncAll()
	t.say("  After the nightly audit of both servers and a pull, it is still stored as %s: the stored status does not depend on a clock", t.about(t.ana, t.review).Status)
	t.say("  East and West hold the same bytes: %v", t.east.Records().Equal(t.west.Records()))
}
