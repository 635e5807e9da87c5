package mergetest

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/record"
)

// noting adds a note to each reply to an accepted item.
func noting(code merge.Code) newBackend {
	return replying(func(r *merge.Reply) {
		if r.Verdict == "accepted" && !slices.Contains(r.Notes, code) {
			r.Notes = append(r.Notes, code)
		}
	})
}

// naming changes what the replies say about the field x.
func naming(as func(*merge.FieldReply)) newBackend {
	return replying(func(r *merge.Reply) {
		if f, ok := r.Fields["x"]; ok {
			as(&f)
			r.Fields["x"] = f
		}
	})
}

// somebody returns a stamp of a client that writes nothing in these tests.
func somebody() *merge.StampReply {
	return &merge.StampReply{UpdatedAt: clock.TimestampOf(schedule.Start()), ClientID: schedule.Stranger()}
}

// TestFalseNotesAreFound checks that a note, a winner or a loser that cannot be true is found.
func TestFalseNotesAreFound(t *testing.T) {
	wins := []string{"ana edits a x=1", "wait 1s", "ben edits a x=2", "ana pushes", "ben pulls", "ben edits a x=3", "ben pushes"}
	loses := []string{"ana edits a x=1", "wait 1s", "ben edits a x=2", "ben pushes", "ana backs-up", "ana pushes", "ana is-restored", "ana pushes"}
	for name, test := range map[string]struct {
		make  newBackend
		steps []string
		says  string
	}{
		"restored, but it is an edit":                   {noting(merge.Restored), []string{"ana deletes a", "ana pushes", "ana edits a x=1", "ana pushes"}, "restored, but"},
		"restored, but it was not deleted":              {noting(merge.Restored), []string{"ana restores a", "ana pushes"}, "restored, but"},
		"already deleted, but it is the first deletion": {noting(merge.AlreadyDeleted), []string{"ana deletes a", "ana pushes"}, "already_deleted, but"},
		"already deleted, but it is an edit":            {noting(merge.AlreadyDeleted), []string{"ana edits a x=1", "ana pushes"}, "already_deleted, but"},
		"update of deleted, but it was not deleted":     {noting(merge.UpdateOfDeleted), []string{"ana edits a x=1", "ana pushes"}, "update_of_deleted, but"},
		"update of deleted, but it was restored":        {noting(merge.UpdateOfDeleted), []string{"ana restores a", "ana pushes", "ana edits a x=1", "ana pushes"}, "update_of_deleted, but"},
		"rewound, but stamps ascend":                    {noting(merge.Rewound), []string{"ana edits a x=1", "ana pushes", "wait 1s", "ana edits a x=2", "ana pushes"}, "rewound, but"},
		"stamp below base, but it is above":             {noting(merge.StampBelowBase), []string{"ana edits a x=1", "ana pushes"}, "stamp_below_base, but"},
		"a winner over the stored write":                {naming(func(f *merge.FieldReply) { f.Winner = somebody() }), wins, "names a winner over x=1 (ana +0s), although that write is stored"},
		"a winner that never wrote": {naming(func(f *merge.FieldReply) {
			f.Winner = map[bool]*merge.StampReply{true: somebody()}[f.Outcome == "superseded" && !f.Lost]
		}), loses, "names a stranger at +0s as the winner over x=1 (ana +0s); the winner is x=2 (ben +1s)"},
		"a loser, but no edit is lost": {naming(func(f *merge.FieldReply) { f.Loser = somebody() }), wins, "names a loser to x=1 (ana +0s)"},
	} {
		t.Run(name, func(t *testing.T) {
			err := replay(test.make, Schedule{Steps: test.steps})
			if err == nil || !strings.Contains(err.Error(), law.Note.Text().Name) || !strings.Contains(err.Error(), test.says) {
				t.Fatal(err)
			}
		})
	}
}

// TestTrueNotesArePermitted checks that a note is permitted wherever its condition holds.
func TestTrueNotesArePermitted(t *testing.T) {
	for name, test := range map[string]struct {
		code  merge.Code
		reply int // the reply that gets the note
		steps []string
	}{
		"restored":                       {merge.Restored, 2, []string{"ana deletes a", "ana pushes", "ana restores a", "ana pushes"}},
		"deleted and restored":           {merge.Restored, 2, []string{"ana deletes a", "ana restores a", "ana pushes"}},
		"deleted twice":                  {merge.AlreadyDeleted, 2, []string{"ana deletes a", "ana pushes", "ben deletes a", "ben pushes"}},
		"deleted, then edited":           {merge.UpdateOfDeleted, 2, []string{"ana deletes a", "ana pushes", "ana edits a x=1", "ana pushes"}},
		"edited and deleted in one push": {merge.UpdateOfDeleted, 1, []string{"ana edits a x=1", "ana deletes a", "ana pushes"}},
		"deleted without a reply":        {merge.UpdateOfDeleted, 1, []string{"ana deletes a", "ana pushes, server dies at 1", "ben edits a x=1", "ben pushes"}},
		"out of order":                   {merge.Rewound, 2, []string{"ana edits a x=1", "wait 1s", "ana edits a y=1", "ana pushes, last only", "ana pushes"}},
		"out of order in one push":       {merge.Rewound, 2, []string{"ana edits a x=1", "wait 1s", "ana edits a y=1", "ana pushes, reversed"}},
	} {
		t.Run(name, func(t *testing.T) {
			n := 0
			Replay(t, replying(func(r *merge.Reply) {
				if n++; n == test.reply && !slices.Contains(r.Notes, test.code) {
					r.Notes = append(r.Notes, test.code)
				}
			}), Schedule{Steps: test.steps})
			if n < test.reply {
				t.Error("the note was never added")
			}
		})
	}
}

// TestWrongRestampsAreFound checks that the kit finds clients that keep the old bases, or lose the order,
// when they restamp edits.
func TestWrongRestampsAreFound(t *testing.T) {
	steps := []string{"ana clock +1h", "ana edits a x=1", "ana edits a x=2", "ana pushes", "ana pushes"}
	right := Options{NewClient: newApp(clientQuirks{})}
	Replay(t, newMemory, Schedule{right, steps})
	Replay(t, newMemory, Schedule{right, []string{ // the network repeats an item that was too far ahead and no longer is
		"ana clock +5m0.001s", "ana edits a x=1", "ana pushes", "wait 1ms", "ana resends 0", "ana pulls", "ana edits a x=2",
	}})
	err := replay(newMemory, Schedule{Options{NewClient: restamping(func(old, again []record.Mutation) {
		for i := range again {
			again[i].Base = old[i].Base
		}
	})}, steps})
	if err == nil || !strings.Contains(err.Error(), law.ClientBase.Text().Name) || !strings.Contains(err.Error(), "it was too far ahead and was restamped") {
		t.Error(err)
	}
	err = replay(newMemory, Schedule{Options{NewClient: restamping(func(old, again []record.Mutation) {
		again[0].Data, again[1].Data = reStamped(again[0], again[1]), reStamped(again[1], again[0])
	})}, steps})
	if err == nil || !strings.Contains(err.Error(), law.ClientOrder.Text().Name) {
		t.Error(err)
	}
}

// reStamped returns the values of one mutation with the stamps of another.
func reStamped(values, stamps record.Mutation) record.Record {
	fields := map[string]record.FieldValue{}
	for name, v := range values.Data.All() {
		at, _ := stamps.Data.Get(name)
		fields[name] = record.FieldValue{Value: v.Value, Stamp: at.Stamp}
	}
	return check.RecordOf(values.Data.Key(), fields)
}

// restamper is a correct client except for the edits that it restamps.
type restamper struct {
	*app
	spoils func(old, again []record.Mutation)
}

func restamping(spoils func(old, again []record.Mutation)) newClient {
	plain := newApp(clientQuirks{})
	return func(id clock.ClientID, wall func() time.Time) Client {
		return restamper{plain(id, wall).(*app), spoils}
	}
}

func (r restamper) Answer(answer []byte) error {
	old := slices.Clone(r.outbox)
	err := r.app.Answer(answer)
	var replies []merge.Reply
	if json.Unmarshal(answer, &replies) == nil && len(replies) > 1 && replies[0].Code == merge.TooFarAhead {
		r.spoils(old, r.outbox)
	}
	return err
}

// parrot is a client that sends the whole shown record for an edit, including the writes of others.
type parrot struct{ *app }

func (p parrot) Outbox() []byte {
	var text []byte
	for _, m := range p.outbox {
		m.Data = p.Shown(m.Data.Key())
		text = append(m.AppendJSON(text), '\n')
	}
	return text
}

// TestClientThatSendsForeignWritesIsBlamed checks that the failure blames a client that sends the writes of
// others, and not the server that refuses them.
func TestClientThatSendsForeignWritesIsBlamed(t *testing.T) {
	plain := newApp(clientQuirks{})
	parrots := func(id clock.ClientID, wall func() time.Time) Client { return parrot{plain(id, wall).(*app)} }
	steps := []string{"ben edits a y=1", "ben pushes", "ana pulls", "ana edits a x=1", "ana pushes"}
	err := replay(newMemory, Schedule{Options{NewClient: parrots}, steps})
	if err == nil || !strings.Contains(err.Error(), law.ClientInvents.Text().Name) {
		t.Error(err)
	}
}

// TestFalseSupersededDuringAnotherPushIsFound checks that a false outcome superseded is found while another
// push is being served. The kit then does not know the stored write, but some sent write must be greater.
// If none is greater, the failure names the part of the rule by which the write reported as superseded
// wins.
func TestFalseSupersededDuringAnotherPushIsFound(t *testing.T) {
	meets := []string{
		"ben edits a x=1", "ben pushes", "wait 1ms", "cem edits a x=2",
		"ana edits a y=1", "ana pushes, cem syncs at 1",
	}
	saying := func(field string, lost bool) newBackend {
		return replying(func(r *merge.Reply) {
			if f, ok := r.Fields[field]; ok && f.Lost == lost {
				r.Fields[field], r.Changed, r.Notes = merge.FieldReply{Outcome: "superseded"}, false, nil
			}
		})
	}
	for name, test := range map[string]struct {
		make newBackend
		law  law.Law
		says string
	}{
		"the greatest write": {saying("x", true), law.Later, "reports x as superseded, but "},
		"the only write":     {saying("y", false), law.Outcome, "reports y as superseded, but there was no other write"},
	} {
		t.Run(name, func(t *testing.T) {
			err := replay(test.make, Schedule{Steps: meets})
			if err == nil || !strings.Contains(err.Error(), test.law.Text().Name) || !strings.Contains(err.Error(), test.says) {
				t.Fatal(err)
			}
		})
	}
}
