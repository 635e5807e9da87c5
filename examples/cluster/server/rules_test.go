package server

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/cluster/memory"
	"github.com/fieldlww/fieldlww/examples/cluster/store"
	syncserver "github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// number returns a field as a number, or 0.
func number(r record.Record, field string) (n int64) {
	w, _ := r.Get(field)
	_ = w.Value.Decode(&n)
	return n
}

// builtin has each of the built-in rules.
func builtin() *violation.Checker {
	day := func(n int64) clock.Timestamp { return clock.TimestampOf(noon.AddDate(0, 0, 5*int(n))) }
	return &violation.Checker{Rules: map[string]violation.Rule{
		"overlap": violation.NoOverlap{
			Table: "bookings", Fields: []string{"room", "day"}, Monthly: true,
			Slot: func(r record.Record) (violation.Slot, error) {
				n := number(r, "day")
				return violation.Slot{Resource: strconv.FormatInt(number(r, "room"), 10), From: day(n), To: day(n + 2)}, nil
			},
		},
		"capacity": violation.Capacity{
			Table: "bookings", Fields: []string{"room", "people"}, ParentTable: "rooms", LimitField: "seats",
			Usage: func(r record.Record) (violation.Usage, error) {
				return violation.Usage{Parent: strconv.FormatInt(number(r, "room"), 10), Units: number(r, "people")}, nil
			},
		},
		"reference": violation.LiveReference{Table: "bookings", Field: "owner", Target: "people"},
		"unique":    violation.Unique{Table: "people", Fields: []string{"name"}},
		"empty": violation.PerRecord{
			Table: "bookings", Fields: []string{"people"}, Type: "empty",
			Wrong: func(r record.Record) (string, error) {
				if number(r, "people") == 0 {
					return "no people", nil
				}
				return "", nil
			},
		},
	}}
}

// booker is a client that changes bookings, rooms and people at random.
type booker struct {
	*Server
	client clock.ClientID
	dice   *rand.Rand
	time   clock.Timestamp
}

func (b *booker) item() record.Mutation {
	b.time += clock.Timestamp(time.Millisecond)
	id := strconv.Itoa(b.dice.IntN(4))
	key := record.Key{Table: []string{"bookings", "bookings", "rooms", "people"}[b.dice.IntN(4)], ID: id}
	e := record.New(key).Edit(clock.Stamp{Time: b.time, Client: b.client})
	switch {
	case b.dice.IntN(5) == 0:
		e.DeleteRecord()
	case key.Table == "bookings":
		e.RestoreRecord().Set("room", b.dice.IntN(2)).Set("day", b.dice.IntN(4)).Set("people", b.dice.IntN(3)).Set("owner", strconv.Itoa(b.dice.IntN(4)))
	default:
		e.RestoreRecord().Set("seats", b.dice.IntN(4)).Set("name", fmt.Sprint("name ", b.dice.IntN(2)))
	}
	m, _ := e.Mutation()
	return m
}

func (b *booker) push(ctx context.Context) error {
	body := []byte("[")
	for i := range 1 + b.dice.IntN(3) {
		if i > 0 {
			body = append(body, ',')
		}
		body = b.item().AppendJSON(body)
	}
	m := syncserver.Sender{Workspace: workspace, User: b.client.String(), Client: b.client}
	_, err := b.Push(ctx, m, syncserver.Pushed{Body: append(body, ']')})
	return err
}

// busy is a store on which requests meet often.
type busy struct{ Store }

func (b busy) Load(ctx context.Context, workspace string, keys []store.Key) (store.View, error) {
	v, err := b.Store.Load(ctx, workspace, keys)
	runtime.Gosched()
	return v, err
}

// untilAvailable calls a function again while it fails because no node leads or no answer has come, as clients do. An
// election takes longer than a push waits if the machine has much else to do.
func untilAvailable(push func() error) (err error) {
	for range 5 {
		if err = push(); !errors.Is(err, store.ErrUnavailable) && !errors.Is(err, store.ErrUnknown) {
			break
		}
	}
	return err
}

// meets lets clients change the same records at once, through two servers on a store, and returns how many
// violation rows are missing or wrong then.
func meets(t *testing.T, p Store, seed uint64) int {
	const clients, pushes = 6, 25
	rules := builtin()
	var group sync.WaitGroup
	var servers [2]*Server
	for i := range servers {
		var err error
		servers[i], err = New(busy{p}, Options{Rules: rules, Now: func() time.Time { return noon }})
		require.NoError(t, err)
	}
	for c := range clients {
		b := &booker{
			Server: servers[c%2], client: clock.ClientID{byte(c + 1)}, dice: rand.New(rand.NewPCG(seed, uint64(c))),
			time: clock.TimestampOf(noon) + clock.Timestamp(c*int(time.Microsecond)),
		}
		require.NoError(t, b.Grant(t.Context(), workspace, b.client.String(), map[string]string{"": "writer"}))
		group.Go(func() {
			for range pushes {
				if err := untilAvailable(func() error { return b.push(t.Context()) }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	return len(rules.Audit(merge.Collect(allOf(t, p, workspace)...), 0).Updates)
}

// allOf returns all records of the workspace, as they are stored. A node that lags answers with an earlier part, and says
// that more follows.
func allOf(t *testing.T, p Store, workspace string) []record.Record {
	d := record.Decoder{Trusted: true}
	all := map[record.Key]record.Record{}
	for page := (store.Page{More: true}); page.More; {
		var err error
		page, err = p.After(t.Context(), workspace, page.Reached, 1<<20)
		require.NoError(t, err)
		for _, e := range page.Entries {
			r, err := decodeRecord(&d, e)
			require.NoError(t, err)
			all[r.Key()] = r.Record
		}
	}
	return slices.Collect(maps.Values(all))
}

// TestRulesMissNothing compares the rows with the rows that an audit of all records finds.
func TestRulesMissNothing(t *testing.T) {
	for seed := range uint64(*seeds) {
		require.Zero(t, meets(t, newControl(t), seed), "seed %d", seed)
	}
}

// TestRulesMissViolationsIfScopesAreUnguarded is the control: the lists of scopes are put without the sequence that
// they replace.
func TestRulesMissViolationsIfScopesAreUnguarded(t *testing.T) {
	missed := 0
	for seed := range uint64(200) {
		if missed += meets(t, careless{memory.New(), store.KindScope}, seed); missed > 0 {
			return
		}
	}
	t.Error("nothing was missed")
}
