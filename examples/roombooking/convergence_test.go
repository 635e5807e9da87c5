package main

import (
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/examples/roombooking/rooms"
	"github.com/fieldlww/fieldlww/merge/mergetest"
	"github.com/fieldlww/fieldlww/record"
)

// TestConvergence: simulated devices book rooms, with all faults that the kit simulates.
// Violations open and close in the meantime, and do not affect convergence.
func TestConvergence(t *testing.T) {
	slot := func(room string, hour int) string {
		from := time.Date(2024, 3, 5, hour, 0, 0, 0, time.UTC)
		return record.MustOf(rooms.Slot{Room: room, Start: from, End: from.Add(2 * time.Hour)}).JSON()
	}
	seeds := 0 // the default
	if testing.Short() {
		seeds = 10
	}
	mergetest.Run(t, func(env *mergetest.Env) (mergetest.Backend, error) {
		s := newServer("kit", nil)
		s.Now, s.PageSize = env.Now, 1
		return s, nil
	}, mergetest.Options{
		Seeds: seeds,
		Table: rooms.Table,
		Fields: map[string][]string{
			rooms.FieldTitle: {`"Stand-up"`, "null"},
			rooms.FieldHost:  {`"Ana"`, `"Ben"`},
			rooms.FieldSlot:  {slot("Lind", 9), slot("Lind", 10), slot("Elm", 10)},
		},
		OnlyFields: true,
	})
}
