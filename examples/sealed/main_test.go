package main

import (
	"errors"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/roombooking/rooms"
	"github.com/fieldlww/fieldlww/examples/sealed/seal"
	"github.com/fieldlww/fieldlww/merge"
)

// TestServerHoldsNoValue: no value of the story, and no key, is in anything that the server stores or
// answers.
func TestServerHoldsNoValue(t *testing.T) {
	s, err := newStory(io.Discard)
	require.NoError(t, err)
	s.do(s.ana.edit(budget, map[string]any{rooms.FieldTitle: "Budget", rooms.FieldHost: "Ana", rooms.FieldSlot: slot(14)}))
	s.sync(s.ana)
	require.NoError(t, s.err)
	require.Equal(t, 1, s.server.Records().Len())
	held := string(s.server.Records().AppendLines(nil))
	for _, secret := range []string{`"Budget"`, `"Ana"`, `"Room`, "14:00", string(s.keys["2026-1"])} { // with quotes, which no sealed text has
		require.NotContains(t, held, secret)
	}
}

// TestRetryIsTheSameWrite: an item whose answer was lost is sent again as it is. Sealing it again
// would be another write with the same stamp, which the server reports as a collision.
func TestRetryIsTheSameWrite(t *testing.T) {
	s, err := newStory(io.Discard)
	require.NoError(t, err)
	require.NoError(t, s.ana.edit(budget, map[string]any{rooms.FieldTitle: "Budget"}))
	sent := s.ana.outbox[0]
	_, err = s.server.Push(s.ana.id, sent.AppendJSON(nil)) // the answer is lost
	require.NoError(t, err)
	replies, err := s.ana.push(s.server)
	require.NoError(t, err)
	require.Equal(t, "accepted", replies[0].Verdict)
	require.False(t, replies[0].Changed)
	require.Empty(t, replies[0].Notes)

	sent.Data, err = s.ana.ring.OpenRecord(sent.Data)
	require.NoError(t, err)
	again, err := s.ana.ring.SealMutation(sent)
	require.NoError(t, err)
	s.ana.outbox = append(s.ana.outbox, again)
	replies, err = s.ana.push(s.server)
	require.NoError(t, err)
	require.Contains(t, replies[0].Notes, merge.StampCollision)
}

// TestRotationWinsOverEarlierOfflineEdits: a rotation writes every value with a new stamp, so an
// edit made before it and pushed after it loses, and its author is told.
func TestRotationWinsOverEarlierOfflineEdits(t *testing.T) {
	s, err := newStory(io.Discard)
	require.NoError(t, err)
	s.chapter(9, 0, "")
	s.do(s.ana.edit(budget, map[string]any{rooms.FieldTitle: "Budget"}))
	s.sync(s.ana, s.ben)
	s.chapter(9, 1, "")
	s.do(s.ben.edit(budget, map[string]any{rooms.FieldTitle: "Budget 2027"}))
	s.chapter(9, 2, "")
	s.newKey("2026-2")
	s.ana.ring, err = seal.New(seal.Options{Keys: s.keys, Current: "2026-2"})
	require.NoError(t, err)
	_, err = s.ana.rotate()
	require.NoError(t, err)
	s.sync(s.ana)
	require.NoError(t, s.err)

	replies, err := s.ben.push(s.server)
	require.NoError(t, err)
	require.Contains(t, replies[0].Notes, merge.LostEdit)
	require.NoError(t, s.ana.pull(s.server))
	shown, err := s.ana.shown()
	require.NoError(t, err)
	r, _ := shown.Get(budget)
	require.Equal(t, "Budget", rooms.Text(r, rooms.FieldTitle))
}

// TestRotationNeedsEveryValue: a value that does not open is not overwritten.
func TestRotationNeedsEveryValue(t *testing.T) {
	s, err := newStory(io.Discard)
	require.NoError(t, err)
	s.do(s.ana.edit(budget, map[string]any{rooms.FieldTitle: "Budget"}))
	s.sync(s.ana)
	require.NoError(t, s.err)
	s.ana.ring, err = seal.New(seal.Options{Keys: map[string][]byte{"2026-2": make([]byte, seal.KeySize)}, Current: "2026-2"})
	require.NoError(t, err)
	_, err = s.ana.rotate()
	require.ErrorIs(t, err, seal.ErrKey)
	require.Empty(t, s.ana.outbox)
}

// TestGuardRefusesUnsealedValues: deletions and reserved fields pass, sealed values pass, and others
// are refused with a path.
func TestGuardRefusesUnsealedValues(t *testing.T) {
	s, err := newStory(io.Discard)
	require.NoError(t, err)
	require.NoError(t, s.ana.edit(budget, map[string]any{rooms.FieldTitle: "Budget"}))
	r := s.ana.outbox[0].Data
	require.NoError(t, guard(clock.ClientID{}, s.ana.outbox[0]))
	at := s.ana.stamp()
	m, err := r.Edit(at).Delete(rooms.FieldHost).DeleteRecord().Mutation()
	require.NoError(t, err)
	require.NoError(t, guard(clock.ClientID{}, m))
	m, err = r.Edit(at).Set(rooms.FieldHost, "Ana").Mutation()
	require.NoError(t, err)
	var refusal *merge.Refusal
	require.ErrorAs(t, guard(clock.ClientID{}, m), &refusal)
	require.Equal(t, merge.Refusal{Code: codeUnsealed, Path: "data.host"}, *refusal)
}

// full is a writer to a full disk.
type full struct{}

var errFull = errors.New("disk full")

func (full) Write([]byte) (int, error) { return 0, errFull }

// TestStoryEndsWithItsFirstError: after an error, no further chapter is played.
func TestStoryEndsWithItsFirstError(t *testing.T) {
	s, err := newStory(full{})
	require.NoError(t, err)
	require.ErrorIs(t, s.play(), errFull)
	require.Zero(t, s.server.Records().Len())
}

func Example() {
	s, err := newStory(os.Stdout)
	if err == nil {
		err = s.play()
	}
	if err != nil {
		panic(err)
	}
	// Output:
	// Two people share a calendar through a server that cannot read it.
	//
	// 9:00 AM  Ana books a room. Her phone seals each value before it sends it. The server stores:
	//   meetings/budget/host, written at 2026-03-02T09:00:00.000000000Z: ["sealed",1,"2026-1",… and 47 more characters
	//   meetings/budget/slot, written at 2026-03-02T09:00:00.000000000Z: ["sealed",1,"2026-1",… and 143 more characters
	//   meetings/budget/title, written at 2026-03-02T09:00:00.000000000Z: ["sealed",1,"2026-1",… and 51 more characters
	// The server's guard refuses a value that is not sealed, as an app would send it by mistake:
	//   the server answers Ben's laptop: meetings/hiring refused, unsealed
	//
	// 9:10 AM  Ana and Ben are offline. Ana renames the meeting, Ben moves it and renames it too, later.
	// Both sync. The server merges without reading: the later write wins, and Ben is told about the lost edit.
	//   the server tells Ben's laptop: meetings/budget, lost_edit
	//   Ana's phone shows: Budget, final, Room B at 3 PM, host Ana
	//   Ben's laptop shows: Budget, final, Room B at 3 PM, host Ana
	//
	// 9:20 AM  Ben books the same room for the same hour. The rule about double bookings runs on both sides:
	//   the server: 1 meeting unknown, because the rule cannot read it; 0 violations
	//   Ana's phone: ⚠ Your meeting "Hiring" conflicts with "Budget, final" in Room B at 3 PM
	//
	// 9:30 AM  The server tampers with the title, in one way after the other. Ana's phone pulls:
	//   puts the host there                      seal: meetings/budget/title: the value was not sealed for this place
	//   puts the title of another meeting there  seal: meetings/budget/title: the value was not sealed for this place
	//   gives it a later stamp, to make it win   seal: meetings/budget/title: the value was not sealed for this place
	//   cuts it off after 20 characters          seal: meetings/budget/title: the value is not sealed
	//   names a key that is not there            seal: meetings/budget/title: the key is missing
	//   writes a title of its own                seal: meetings/budget/title: the value is not sealed
	//   Ana's phone shows: –, Room B at 3 PM, host Ana
	//   Ana's phone shows: Hiring, Room B at 3 PM, host Ben
	//
	// 9:40 AM  The clock of Ana's phone is 20 minutes ahead when she edits.
	//   the server answers Ana's phone: meetings/hiring refused, too_far_ahead
	// The phone corrects its clock, stamps the edit again, and so seals it again. It sends it once more.
	//   Ben's laptop shows: Budget, final, Room B at 3 PM, host Ana
	//   Ben's laptop shows: Hiring, Room B at 4 PM, host Ben
	//
	// 10:00 AM  Ben's laptop is stolen. Ana makes a new key, and keeps the old one for reading.
	//   Ana's phone wrote 6 values again, as ordinary edits
	// The laptop keeps what it has read. If the server still answers it, it opens none of the new values:
	//   seal: meetings/budget/host: the key is missing
	//
	// 10:30 AM  Cleo's tablet is new and has both keys. The server shows it what it held at 9 AM, unchanged.
	//   Cleo's tablet shows: Budget, Room B at 2 PM, host Ana
	// Everything opens, so the tablet cannot tell that this is old. A server can withhold.
	// README.md lists what else it can do, and what it learns.
}
