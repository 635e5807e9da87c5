package main

import (
	"fmt"
	"slices"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

func TestShowcaseKeepsTheMostInterestingConflictsInAnyOrder(t *testing.T) {
	write := func(ms clock.Timestamp, client byte, v any) record.FieldValue {
		return record.FieldValue{Value: record.MustOf(v), Stamp: clock.Stamp{Time: 1e18 + ms*1e6, Client: clock.ClientID{client}}}
	}
	named := func(table, field string, winner, loser record.FieldValue, unseen bool) merge.Decision {
		t := contest{known: unseen} // the author saw nothing
		return t.decide(place{record.Key{Table: table, ID: "1"}, field}, winner, loser)
	}
	loser := write(0, 1, "a")
	inOrder := []merge.Decision{
		named("t", "close", write(5, 2, "b"), loser, true),
		named("t", "far", write(9000, 2, "b"), loser, true),
		named("s", "x", write(2, 2, "b"), loser, false),
		named("t", "x", write(2, 2, "b"), loser, false),
		named("t", "y", write(2, 2, "b"), loser, false),
		named("t", "seen and far", write(3, 2, "b"), loser, false),
		named("t", "same value", write(1, 2, "a"), loser, true),
	}
	for first := range inOrder {
		var s showcase
		for i := range inOrder {
			s.add(inOrder[(first+i*3)%len(inOrder)])
		}
		if !slices.Equal(s[0], inOrder[:3]) {
			t.Errorf("order %d: shows %v", first, s[0])
		}
	}
	if !slices.IsSortedFunc(inOrder, compareByInterest) {
		t.Error("the conflicts are not sorted with the most interesting first")
	}
	tie := named("t", "tie", write(0, 2, "b"), loser, false)
	var s showcase
	s.add(tie)
	s.add(named("t", "tie, too", write(0, 3, "b"), loser, false))
	if got := fmt.Sprint(s[shelf(tie)]); got != fmt.Sprint([]merge.Decision{tie}) {
		t.Errorf("the shelf contains %s, want only the first of two equally interesting conflicts", got)
	}
}
