package main

import (
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Example is the story as go run prints it.
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
	// overwritten. The clash becomes a record of its own, a violation, which both are shown
	// and which goes away when one of them moves.
	//
	// 11:00 AM  Ben is on a train without a network, and needs a room at 2 PM.
	//   Ben's laptop books Room B at 2 PM for "Budget"
	//     the rules, run on the laptop: the room is free, as far as it knows
	//
	// 11:05 AM  So is Ana, on another train.
	//   Ana's phone books Room B at 2 PM for "Design review"
	//     the rules, run on the phone: the room is free, as far as it knows
	//
	// 12:00 PM  Both are online again. Ben syncs with server East, and Ana with server West.
	//   East answers Ben's laptop about meetings/budget: accepted
	//   West answers Ana's phone about meetings/design-review: accepted
	//   East knows of no violation
	//   West knows of no violation
	//
	// 12:01 PM  The servers exchange meetings, and no violations. Each checks what is new to it.
	//   East has the violation nblg3qv27mmlr59uhlrvam78t4: open
	//   West has the violation nblg3qv27mmlr59uhlrvam78t4: open
	//   the same ID and the same bytes on both: true
	//
	// 12:02 PM  Ana and Ben pull. The violation comes with the meetings.
	//   Ana's phone pulls from West what came after change 1, up to change 3
	//   Ben's laptop pulls from East what came after change 1, up to change 3
	//   Ana's phone shows: ⚠ Your meeting "Design review" conflicts with "Budget" in Room B at 2 PM
	//   Ben's laptop shows: ⚠ Your meeting "Budget" conflicts with "Design review" in Room B at 2 PM
	//
	// 12:05 PM  Ben acknowledges it. That part of a violation is for people to write, and syncs too.
	//   Ana's phone shows: open, acknowledged true, note "Can you move?"
	//
	// 12:10 PM  Ana moves her meeting to 3 PM, and that is all. Nobody has to close the violation.
	//   Ana's phone moves "Design review" to 3 PM
	//     the rules, run on the phone: the room is free, as far as it knows
	//   East has the violation nblg3qv27mmlr59uhlrvam78t4: resolved
	//   West has the violation nblg3qv27mmlr59uhlrvam78t4: resolved
	//   Ana's phone shows no banner
	//   Ben's laptop shows no banner
	//
	// 12:20 PM  Ana needs 2 PM after all. Now her phone knows of the other meeting.
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
	// 1:00 PM  In another room Ben is warned, books all the same, and cancels.
	//   Ana's phone books Room C at 4 PM for "Retro"
	//     the rules, run on the phone: the room is free, as far as it knows
	//   Ben's laptop books Room C at 4 PM for "Hiring"
	//     the rules, run on the laptop: Room C is taken from 4 PM ("Retro")
	//   East finds it as soon as Ben syncs: Your meeting "Hiring" conflicts with "Retro" in Room C at 4 PM
	//   Ben's laptop cancels "Hiring"
	//   East: obsolete, for there is nothing left to move
	//
	// 3:00 PM  The two meetings in Room B are over, and nobody has moved one.
	//   Ana's phone shows no banner
	//   Ben's laptop shows no banner
	//   Ana's phone has it stored as open, which it reads at this hour as obsolete
	//   After the nightly audit of both servers, and a pull, it is still stored as open: what a clock says is not stored
	//   East and West hold the same, byte for byte: true
}

// TestStoryIsQuick: it waits for nothing.
func TestStoryIsQuick(t *testing.T) {
	begin := time.Now()
	s, err := newStory(io.Discard)
	require.NoError(t, err)
	require.NoError(t, s.play())
	require.Less(t, time.Since(begin), time.Second)
}

// full is a disk with no room left.
type full struct{}

var errFull = errors.New("disk full")

func (full) Write([]byte) (int, error) { return 0, errFull }

// TestStoryEndsWithItsFirstError: and does not go on as if nothing had happened.
func TestStoryEndsWithItsFirstError(t *testing.T) {
	s, err := newStory(full{})
	require.NoError(t, err)
	require.ErrorIs(t, s.play(), errFull)
	require.Empty(t, s.ana.outbox)
}

// TestExchangeTwice: servers that have exchanged all have nothing to change.
func TestExchangeTwice(t *testing.T) {
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
	require.Equal(t, before, sequence(), "the audit finds what the checks had found")
}
