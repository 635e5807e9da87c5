package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// story is an hour in the life of two devices and a server. The first error ends it.
type story struct {
	server *server
	minute int
	lines  []string
	digest merge.Digest
	err    error
}

// play runs the story.
func (t *story) play() error {
	ana := &device{name: "Ana", id: clock.MustParseClientID("7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10")}
	ben := &device{name: "Ben", id: clock.MustParseClientID("91aa04d7-53f0-4d6e-9a4f-6c2b8e7f5a20")}
	for _, part := range []func(ana, ben *device){t.conflict, t.retry, t.tooFarAhead, t.deletion, t.end, t.projects} {
		part(ana, ben)
	}
	return t.err
}

// conflict: both devices change the title offline, and each changes one other field.
func (t *story) conflict(ana, ben *device) {
	t.push(ana, "creates the task fence",
		ana.edit("fence", at(0)).SetStruct(form{Title: "Paint the fence", Estimate: record.FieldOf[int64](3)}))
	t.pull(ben)
	byAna := t.change(ana, "fence", at(10), func(f *form) { f.Title = "Paint the fence green"; f.Estimate.Set(5) })
	byBen := t.change(ben, "fence", at(11), func(f *form) { f.Title = "Repair the fence"; f.Done = new(bool) })
	t.minute = 12
	t.push(ana, "changes title and estimate", byAna)
	t.push(ben, "changes title and done later, without having seen Ana's change", byBen)
}

// retry: an answer is lost, and the device sends the same batch again.
func (t *story) retry(_, ben *device) {
	m := ben.edit("gate", at(14)).Set("title", "Oil the gate")
	t.minute = 15
	t.push(ben, "creates the task gate", m)
	t.push(ben, "did not get the answer and sends the same batch again", m)
}

// tooFarAhead: an invalid item does not block the others in its batch.
func (t *story) tooFarAhead(ana, _ *device) {
	t.minute = 20
	t.push(ana, "creates two tasks, one with a clock that is an hour ahead",
		ana.edit("lawn", at(20)).Set("title", "Mow the lawn"),
		ana.edit("pond", at(80)).Set("title", "Clean the pond"))
}

// deletion: a field and a record are deleted, and older writes arrive late.
func (t *story) deletion(ana, ben *device) {
	t.pull(ana)
	t.pull(ben)
	offline := t.change(ana, "fence", at(30), func(f *form) { f.Estimate.Set(8) })
	late := ana.edit("gate", at(31)).Set("title", "Oil the gate twice")
	t.minute = 35
	t.push(ben, "deletes the estimate of the task fence, and the whole task gate",
		t.change(ben, "fence", at(32), func(f *form) { f.Estimate.Delete() }),
		ben.edit("gate", at(33)).DeleteRecord())
	t.push(ana, "comes online with older edits of both", offline, late)
}

// end: both devices pull, and have the same state as the server.
func (t *story) end(ana, ben *device) {
	t.pull(ana)
	t.pull(ben)
	all := &device{name: "a new device"}
	t.pull(all)
	gate, _ := all.seen.Get(record.Key{Table: tasksTable, ID: "gate"})
	t.say("the task gate is deleted: %v", gate.Deleted())
	t.digest = all.seen.Digest()
	// Ana's device still shows the refused task; a real client would drop it.
	t.say("Ben has the state of the server: %v", ben.seen.Digest() == t.digest)
}

// projects: the server divides its tasks by project, and a task moves to a project that Ben
// may not read.
func (t *story) projects(ana, ben *device) {
	t.minute = 40
	t.try(t.server.divide(context.Background(), &division{byProject, logSQLite()}))
	t.say("the server divides the tasks by project")
	t.grant(ana, "")
	t.grant(ana, "project/garden")
	t.grant(ben, "")
	phone := &member{device: ben}
	t.hold(phone)
	t.push(ana, "moves the task lawn to the project garden", ana.edit("lawn", at(40)).Set("project", "garden"))
	t.push(ben, "edits the task lawn, which is no longer there for Ben", ben.edit("lawn", at(40)).Set("done", true))
	t.hold(phone)
	t.grant(ben, "project/garden")
	t.hold(phone)
	t.try(t.server.revoke(context.Background(), ben.id, "project/garden"))
	t.say("Ben loses the bucket project/garden")
	t.hold(phone)
}

// grant grants a bucket to a device.
func (t *story) grant(d *device, bucket string) {
	t.try(t.server.grant(context.Background(), d.id, bucket))
	t.say("%s gets the bucket %q", d.name, bucket)
}

// hold lets a device pull, and says what it holds.
func (t *story) hold(m *member) {
	t.try(m.pull(context.Background(), t.server))
	t.say("%s pulls and holds: %s", m.name, strings.Join(m.ids(), ", "))
}

// try ends the story if there is an error.
func (t *story) try(err error) { t.err = cmp.Or(t.err, err) }

// change edits a task in a form. It writes only the fields that edit changes.
func (t *story) change(d *device, id string, at clock.Timestamp, edit func(*form)) *record.Edit {
	var f form
	if err := d.shown(id).Struct(&f); t.err == nil {
		t.err = err
	}
	edit(&f)
	return d.edit(id, at).SetStruct(f)
}

// push sends edits of one device and adds the server's answer to the story.
func (t *story) push(d *device, what string, edits ...*record.Edit) {
	if t.err != nil {
		return
	}
	mutations := make([]record.Mutation, len(edits))
	for i, e := range edits {
		if mutations[i], t.err = e.Mutation(); t.err != nil {
			return
		}
	}
	var answer []byte
	answer, t.err = t.server.push(context.Background(), d.id, d.apply(mutations...))
	if t.err == nil {
		t.say("%s %s", d.name, what)
		t.tellAnswer(answer)
	}
}

// pull lets a device pull everything new.
func (t *story) pull(d *device) {
	if t.err != nil {
		return
	}
	before := d.seen
	if t.err = d.pull(context.Background(), t.server); t.err == nil {
		t.say("%s pulls; changed records: %d", d.name, merge.Delta(before, d.seen).Len())
	}
}

// tellAnswer adds a line for each item in the JSON of an answer.
func (t *story) tellAnswer(answer []byte) {
	var results []struct {
		ID, Verdict, Code string
		Fields            map[string]struct {
			Outcome string
			Lost    bool
		}
		Notes []string
	}
	if t.err = json.Unmarshal(answer, &results); t.err != nil {
		return
	}
	for _, r := range results {
		parts := []string{r.Verdict}
		if r.Code != "" {
			parts = append(parts, r.Code)
		}
		for _, name := range slices.Sorted(maps.Keys(r.Fields)) {
			parts = append(parts, name+" "+r.Fields[name].Outcome)
		}
		t.say("    %s: %s", r.ID, strings.Join(append(parts, r.Notes...), ", "))
	}
}

// say adds a line to the story.
func (t *story) say(format string, args ...any) {
	t.lines = append(t.lines, fmt.Sprintf(format, args...))
}

// wall is the server's clock.
func (t *story) wall() time.Time { return at(t.minute).Time() }

// at returns a time in the hour of the story.
func at(minute int) clock.Timestamp {
	return clock.TimestampOf(time.Date(2026, 3, 2, 12, minute, 0, 0, time.UTC))
}
