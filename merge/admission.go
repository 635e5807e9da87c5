package merge

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Guard says who may write what. It gets the client that pushes and one mutation,
// and returns nil, or the reason for refusing it. A *Refusal that has a Code is passed
// on to the client, without the text of its Err; of any other error the client learns
// that it was Forbidden.
//
// A Guard is a pure function: it reads no store and no clock, so that an item
// meets the same answer whenever it comes, and when it is asked twice. What it needs
// to know of the actor it must have been told before, such as by being made anew for
// each request. It must not change the mutation. A refusal should be final: a client
// that sends the item again behind later ones sends out of order, see Rewound.
type Guard func(actor clock.ClientID, m record.Mutation) error

// gate judges the items of one Input, each by itself.
type gate struct {
	*Input
	guard Guard
	clock *clock.Clock // stands still at the wall time of the Input
}

func newGate(e *Engine, in *Input) gate {
	wall := func() time.Time { return in.Wall }
	// Options without a Last are never refused.
	c, _ := clock.New(clock.Options{Now: wall, MaxAhead: e.MaxAhead})
	return gate{in, e.Guard, c}
}

// admit returns why an item is refused, or nil. What is final comes before what
// passes with time, so that nobody mends a clock in vain.
func (g gate) admit(item *record.Item) *Refusal {
	if item.Err != nil {
		return refuse(item.Err)
	}
	data := item.Mutation.Data
	if err := data.Key().Check(); err != nil {
		return refuse(err)
	}
	for name := range data.All() {
		if strings.HasPrefix(name, "$") && name != record.DeletedField {
			return refuse(&record.Error{Path: "data." + record.PathName(name), Offset: -1, Err: errReserved})
		}
	}
	for name, w := range data.All() {
		if w.Stamp.Client != g.Actor && !g.AnyClient {
			return &Refusal{Code: OtherClient, Path: "data." + record.PathName(name) + ".clientId"}
		}
	}
	if g.guard != nil {
		if err := g.guard(g.Actor, item.Mutation); err != nil {
			return forbid(err)
		}
	}
	return g.judge(data)
}

var errReserved = fmt.Errorf("%w: names that begin with $ are reserved", record.ErrName)

// judge refuses what is stamped too far ahead of the wall clock.
func (g gate) judge(data record.Record) *Refusal {
	for name, w := range data.All() {
		err := g.clock.Check(w.Stamp.Time)
		if err == nil {
			continue
		}
		if errors.Is(err, clock.ErrWall) {
			return &Refusal{Code: ServerClock, Retryable: true, Err: err}
		}
		return &Refusal{
			Code: TooFarAhead, Path: "data." + record.PathName(name) + ".updatedAt", Retryable: true,
			ServerTime: clock.TimestampOf(g.Wall), Err: err,
		}
	}
	return nil
}

// forbid returns the Refusal for what a Guard returned.
func forbid(err error) *Refusal {
	var r *Refusal
	if errors.As(err, &r) && r != nil && r.Code != "" {
		return r
	}
	return &Refusal{Code: Forbidden, Err: err}
}

// loaded is the keys of the records that were looked up, sorted.
type loaded []record.Key

func newLoaded(keys []record.Key) loaded {
	if !slices.IsSortedFunc(keys, record.Key.Compare) {
		keys = slices.Clone(keys)
		slices.SortFunc(keys, record.Key.Compare)
	}
	return keys
}

// holds returns nil if the record of a key was looked up.
func (l loaded) holds(key record.Key) *Refusal {
	if _, ok := slices.BinarySearchFunc(l, key, record.Key.Compare); ok {
		return nil
	}
	return &Refusal{Code: NotLoaded, Retryable: true}
}
