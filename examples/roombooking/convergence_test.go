package main

import (
	"strconv"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/roombooking/rooms"
	"github.com/fieldlww/fieldlww/merge/mergetest"
	"github.com/fieldlww/fieldlww/record"
)

// underTest is the server as the convergence kit sees it.
type underTest struct {
	*server
	env *mergetest.Env
}

func (u underTest) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	u.wall.now = u.env.Now()
	return u.push(client, batch)
}

func (u underTest) Pull(_ clock.ClientID, cursor string) ([]byte, string, error) {
	after, _ := strconv.Atoi(cursor) // the first cursor is empty
	lines, next := u.pull(after)
	if next == 0 {
		return nil, cursor, nil
	}
	return lines, strconv.Itoa(next), nil
}

// TestConvergence: simulated devices book rooms, under all faults of the kit. Violations
// come and go meanwhile, and change nothing of what converges.
func TestConvergence(t *testing.T) {
	slot := func(room string, hour int) string {
		from := time.Date(2024, 3, 5, hour, 0, 0, 0, time.UTC)
		return record.MustOf(rooms.Slot{Room: room, Start: from, End: from.Add(2 * time.Hour)}).JSON()
	}
	mergetest.Run(t, func(env *mergetest.Env) (mergetest.Backend, error) {
		return underTest{newServer("kit", &wall{env.Now()}), env}, nil
	}, mergetest.Options{
		Table: rooms.Table,
		Fields: map[string][]string{
			rooms.FieldTitle: {`"Stand-up"`, "null"},
			rooms.FieldHost:  {`"Ana"`, `"Ben"`},
			rooms.FieldSlot:  {slot("Lind", 9), slot("Lind", 10), slot("Elm", 10)},
		},
	})
}
