package violation_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

func TestDoubleBooking(t *testing.T) {
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	slot := func(r record.Record) (violation.Slot, error) {
		w, ok := r.Get("slot")
		if !ok || w.Deleted() {
			return violation.Slot{}, nil
		}
		var s struct {
			Room       string
			Start, End time.Time
		}
		if w.Value.Decode(&s) != nil {
			return violation.Slot{}, violation.ErrUnknown
		}
		return violation.Slot{Resource: s.Room, From: clock.TimestampOf(s.Start), To: clock.TimestampOf(s.End)}, nil
	}
	c := &violation.Checker{Rules: map[string]violation.Rule{"double_booking": violation.NoOverlap{Table: "bookings", Fields: []string{"slot"}, Slot: slot}}}
	view := violation.NewMemory(c)
	state := map[string]record.Record{}
	n := 0
	book := func(id, room string, hour int) violation.Report {
		n++
		before, ok := state[id]
		if !ok {
			before = record.New(record.Key{Table: "bookings", ID: id})
		}
		m, err := before.Edit(clock.Stamp{Time: clock.TimestampOf(noon) + clock.Timestamp(n), Client: clock.ClientID{1}}).
			Set("slot", map[string]any{"Room": room, "Start": noon.Add(time.Duration(hour) * time.Hour), "End": noon.Add(time.Duration(hour+1) * time.Hour)}).Mutation()
		require.NoError(t, err)
		after, _ := merge.Records(before, m.Data)
		state[id] = after
		r := c.Check(context.Background(), violation.Input{View: view, Changes: []merge.Update{{Before: before, After: after}}})
		require.NoError(t, r.Err)
		view.Put(after)
		for _, u := range r.Updates {
			view.Put(u.After)
			v, err := violation.Parse(u.After)
			require.NoError(t, err)
			fmt.Printf("%+v\n", v)
		}
		return r
	}
	require.Empty(t, book("a", "B", 2).Updates)
	require.Len(t, book("b", "B", 2).Updates, 1)
	require.Len(t, book("b", "B", 3).Updates, 1)
	require.Len(t, book("b", "B", 2).Updates, 1)
	require.Empty(t, book("c", "C", 2).Updates)
}
