package main

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Example prints the story, as go run does.
func Example() {
	s, err := newStory(os.Stdout)
	if err != nil {
		panic(err)
	}
	if err := s.play(); err != nil {
		panic(err)
	}
	// Output:
	// Two people book one room while they are offline. No booking is refused, and none is
	// overwritten. The conflict becomes a record of its own, a violation. Both people see it,
	// and it is resolved when one of them moves a meeting.
	//
	// 11:00 AM  Ben is on a train without a network, and books a room for 2 PM.
	//   Ben's laptop books Room B at 2 PM for "Budget"
	//     the rules, run on the laptop: no known conflict
	//
	// 11:05 AM  Ana is on another train, also without a network, and books the same room.
	//   Ana's phone books Room B at 2 PM for "Design review"
	//     the rules, run on the phone: no known conflict
	//
	// 12:00 PM  Both are online again. Ben syncs with server East, and Ana with server West.
	//   East answers Ben's laptop about meetings/budget: accepted
	//   West answers Ana's phone about meetings/design-review: accepted
	//   East has no violation
	//   West has no violation
	//
	// 12:01 PM  The servers exchange meetings, but no violations. Each checks the meetings that are new to it.
	//   East has the violation nblg3qv27mmlr59uhlrvam78t4: open
	//   West has the violation nblg3qv27mmlr59uhlrvam78t4: open
	//   the same ID and the same bytes on both: true
	//
	// 12:02 PM  Ana and Ben pull. The violation comes with the meetings.
	//   Ana's phone pulls from West the changes after 1, up to 3
	//   Ben's laptop pulls from East the changes after 1, up to 3
	//   Ana's phone shows: ⚠ Your meeting "Design review" conflicts with "Budget" in Room B at 2 PM
	//   Ben's laptop shows: ⚠ Your meeting "Budget" conflicts with "Design review" in Room B at 2 PM
	//
	// 12:05 PM  Ben acknowledges the violation and adds a note. Users write these fields, and they sync too.
	//   Ana's phone shows: open, acknowledged true, note "Can you move?"
	//
	// 12:10 PM  Ana moves her meeting to 3 PM. This resolves the violation: no user has to close it.
	//   Ana's phone moves "Design review" to 3 PM
	//     the rules, run on the phone: no known conflict
	//   East has the violation nblg3qv27mmlr59uhlrvam78t4: resolved
	//   West has the violation nblg3qv27mmlr59uhlrvam78t4: resolved
	//   Ana's phone shows no banner
	//   Ben's laptop shows no banner
	//
	// 12:20 PM  Ana needs 2 PM after all. This time her phone holds the other meeting, and warns her.
	//   Ana's phone moves "Design review" to 2 PM
	//     the rules, run on the phone: Room B is taken from 2 PM ("Budget")
	//   East has the violation nblg3qv27mmlr59uhlrvam78t4: open
	//   West has the violation nblg3qv27mmlr59uhlrvam78t4: open
	//   Ana's phone shows: ⚠ Your meeting "Design review" conflicts with "Budget" in Room B at 2 PM
	//   Ben's laptop shows: ⚠ Your meeting "Budget" conflicts with "Design review" in Room B at 2 PM
	//
	// 12:30 PM  Ben's laptop tries to resolve the violation by hand.
	//   East answers Ben's laptop about violations/nblg3qv27mmlr59uhlrvam78t4: refused, derived_field at data.status
	//   Ben's laptop drops the edit, and shows: open
	//
	// 1:00 PM  Ben books another room although he is warned, and then cancels.
	//   Ana's phone books Room C at 4 PM for "Retro"
	//     the rules, run on the phone: no known conflict
	//   Ben's laptop books Room C at 4 PM for "Hiring"
	//     the rules, run on the laptop: Room C is taken from 4 PM ("Retro")
	//   East finds the violation as soon as Ben syncs: Your meeting "Hiring" conflicts with "Retro" in Room C at 4 PM
	//   Ben's laptop cancels "Hiring"
	//   East: obsolete, because there is nothing left to move
	//
	// 3:00 PM  The two meetings in Room B are over, and neither was moved.
	//   Ana's phone shows no banner
	//   Ben's laptop shows no banner
	//   Ana's phone stores the violation as open, and at this hour reads it as obsolete
	//   After the nightly audit of both servers and a pull, it is still stored as open: the stored status does not depend on a clock
	//   East and West hold the same bytes: true
}

// TestStoryIsQuick: nothing in the story waits. In the bubble, time passes only while something waits.
func TestStoryIsQuick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		s, err := newStory(io.Discard)
		require.NoError(t, err)
		require.NoError(t, s.play())
		require.Zero(t, time.Since(begin))
	})
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
	require.Empty(t, s.ana.outbox)
}

// TestSecondExchangeChangesNothing: servers that have exchanged everything change nothing when
// they exchange again.
func TestSecondExchangeChangesNothing(t *testing.T) {
	s, err := newStory(io.Discard)
	require.NoError(t, err)
	require.NoError(t, s.play())
	sequence := func() string {
		_, last, err := s.east.Pull(s.ana.id, "")
		require.NoError(t, err)
		return last
	}
	before := sequence()
	require.NoError(t, exchange(s.east, s.west))
	require.Equal(t, before, sequence())
	require.NoError(t, s.east.audit())
	require.Equal(t, before, sequence(), "the audit changed a record, so the checks had missed a violation")
}

// TestHelpDoesNotPlayTheStory checks that -h prints the usage, and that mistakes are explained.
func TestHelpDoesNotPlayTheStory(t *testing.T) {
	for _, c := range []struct {
		args        []string
		status      int
		out, errors string
	}{
		{[]string{"-h"}, 0, usage, ""},
		{[]string{"-x"}, 2, "", "roombooking: flag provided but not defined: -x\nFor help, run roombooking -h.\n"},
		{[]string{"x"}, 2, "", "roombooking: it takes no arguments\nFor help, run roombooking -h.\n"},
	} {
		var out, errs strings.Builder
		require.Equal(t, c.status, run(c.args, &out, &errs))
		require.Equal(t, c.out, out.String())
		require.Equal(t, c.errors, errs.String())
	}
	var out strings.Builder
	require.Zero(t, run(nil, &out, io.Discard))
	require.Contains(t, out.String(), "11:00 AM  Ben is on a train")
}
