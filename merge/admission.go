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
	wall := plainTime(in.Wall)
	// Options without a Last are never refused.
	c, _ := clock.New(clock.Options{Now: func() time.Time { return wall }, MaxAhead: e.MaxAhead})
	return gate{in, e.Guard, c}
}

// plainTime returns a time in UTC, as near to t as a text with a year of four digits can
// have it, so that a journal can tell it.
func plainTime(t time.Time) time.Time {
	t = t.UTC()
	switch {
	case t.Year() < 1:
		return time.Time{}
	case t.Year() > 9999:
		return time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	}
	return t
}

// admit returns why an item is refused, or nil. What is final comes before what
// passes with time, so that nobody mends a clock in vain.
func (g gate) admit(item *record.Item) *Refusal {
	if item.Err != nil {
		return g.refuseUnread(item.Err)
	}
	data := item.Mutation.Data
	if err := data.Key().Check(); err != nil {
		return refuse(err)
	}
	for _, base := range item.Mutation.Base {
		if !base.IsZero() && (!base.Valid() || base.Time > clock.MaxTimestamp) {
			return refuse(&record.Error{Path: "base", Offset: -1, Err: record.ErrStamp})
		}
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
		if err := g.clock.Check(w.Stamp.Time); err != nil {
			return g.ahead("data."+record.PathName(name)+".updatedAt", err)
		}
	}
	return nil
}

// refuseUnread returns the Refusal of an item that was not read. If that is because of
// a stamp after the range, its author's clock is wrong, and the edit need not be dropped.
func (g gate) refuseUnread(err error) *Refusal {
	r := refuse(err)
	if _, told := given(err); !told && errors.Is(err, clock.ErrAhead) {
		return g.ahead(r.Path, err)
	}
	return r
}

// ahead returns the Refusal of a stamp that is too far ahead, unless it cannot be judged.
func (g gate) ahead(path string, err error) *Refusal {
	if wall := g.clock.Check(clock.MaxTimestamp); errors.Is(wall, clock.ErrWall) {
		return &Refusal{Code: ServerClock, Retryable: true, Err: wall}
	}
	return &Refusal{
		Code: TooFarAhead, Path: path, Retryable: true,
		ServerTime: clock.TimestampOf(g.Wall), Err: err,
	}
}

// forbid returns the Refusal for what a Guard returned.
func forbid(err error) *Refusal {
	if r, ok := given(err); ok {
		return r
	}
	return &Refusal{Code: Forbidden, Err: err}
}

// refusal returns why an item is refused, or nil, given the records that were looked
// up. One that writes nothing needs none.
func (g gate) refusal(item *record.Item, keys loaded) *Refusal {
	if r := g.admit(item); r != nil {
		return r
	}
	data := item.Mutation.Data
	if data.Len() == 0 || keys.hold(data.Key()) {
		return nil
	}
	return &Refusal{Code: NotLoaded, Retryable: true}
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

// hold reports whether the record of a key was looked up.
func (l loaded) hold(key record.Key) bool {
	_, ok := slices.BinarySearchFunc(l, key, record.Key.Compare)
	return ok
}
