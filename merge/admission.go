package merge

import (
	"errors"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Guard decides who may write what. It gets the client that pushes and one mutation,
// and returns nil to permit it, or the reason for refusing it. A *Refusal that has a Code
// is passed on to the client, and any other error becomes a Refusal with the code Forbidden.
// The client gets the text of the Refusal's Err only if it is an error of this library, such
// as a *record.Error.
//
// A Guard is a pure function: it reads no store and no clock, so an item gets the same
// answer whenever it arrives. Prepare asks the Guard once for each item. A Guard that needs
// facts about the actor must hold them already: make it for the request, for example. What
// depends on the stored record is for Stored.MayWrite.
// It must not change the mutation. A refusal should be permanent: a client that sends a
// refused item again after later items sends out of order, see Rewound.
type Guard func(actor clock.ClientID, m record.Mutation) error

// verdict says whether one item is admitted.
type verdict struct {
	refusal *Refusal // nil if the item is admitted
	// derived reports whether the refusal follows from the item, the actor and the wall time
	// alone, so that a replay without the Guard repeats it.
	derived bool
}

// gate judges the items of one Request, each on its own.
type gate struct {
	*Request
	guard Guard
	clock *clock.Clock // stands still at the wall time of the Request
}

func newGate(e *Engine, r *Request) gate {
	wall := plainTime(r.Wall)
	// clock.New accepts all Options without a Last.
	c, _ := clock.New(clock.Options{Now: func() time.Time { return wall }, MaxAhead: e.MaxAhead})
	return gate{r, e.Guard, c}
}

// plainTime returns t in UTC, or the nearest time that has a year of four digits, so that
// a journal can hold it.
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

// judge returns the verdict about an item. Permanent refusals come first, so that no client
// corrects its clock only to be refused anyway.
func (g gate) judge(item *record.Item) verdict {
	if r := g.refuseMalformed(item); r != nil {
		return verdict{refusal: r}
	}
	data := item.Mutation.Data
	if r := g.refuseOthers(data); r != nil {
		return verdict{r, true}
	}
	if g.guard != nil {
		if err := g.guard(g.Actor, item.Mutation); err != nil {
			return verdict{refusal: refusalByGuard(err)}
		}
	}
	return verdict{g.refuseAhead(data), true}
}

// refuseMalformed refuses an item that could not be read or that no client may send.
func (g gate) refuseMalformed(item *record.Item) *Refusal {
	if item.Err != nil {
		return g.refuseUnread(item.Err)
	}
	data := item.Mutation.Data
	if err := data.Key().Check(); err != nil {
		return refusalOf(err)
	}
	for _, base := range item.Mutation.Base {
		if !base.IsZero() && (!base.Valid() || base.Time > clock.MaxTimestamp) {
			return refusalOf(&record.Error{Path: "base", Offset: -1, Err: record.ErrStamp})
		}
	}
	for name := range data.All() {
		if record.Reserved(name) && name != record.DeletedField {
			return refusalOf(&record.Error{Path: "data." + record.PathName(name), Offset: -1, Err: record.ErrReserved})
		}
	}
	return nil
}

// refuseOthers refuses writes whose client ID is not the actor's. A gateway may push the writes of
// any client, but not of an import.
func (g gate) refuseOthers(data record.Record) *Refusal {
	if g.AnyClient && len(g.Imports) == 0 {
		return nil
	}
	for name, w := range data.All() {
		if w.Stamp.Client != g.Actor && (!g.AnyClient || g.isImport(w.Stamp.Client)) {
			return &Refusal{Code: OtherClient, Path: "data." + record.PathName(name) + ".clientId"}
		}
	}
	return nil
}

// refuseAhead refuses writes that are stamped too far ahead of the wall clock.
func (g gate) refuseAhead(data record.Record) *Refusal {
	for name, w := range data.All() {
		if err := g.clock.Check(w.Stamp.Time); err != nil {
			return g.ahead("data."+record.PathName(name)+".updatedAt", err)
		}
	}
	return nil
}

// refuseUnread returns the Refusal of an item that could not be read. If the cause is a stamp
// above the range, the author's clock is wrong, and the client can restamp the edit instead of
// dropping it.
func (g gate) refuseUnread(err error) *Refusal {
	r := refusalOf(err)
	if _, told := refusalIn(err); !told && errors.Is(err, clock.ErrAhead) {
		return g.ahead(r.Path, err)
	}
	return r
}

// ahead returns the Refusal of a stamp that is too far ahead, or ServerClock if the wall clock
// is not set and the stamp cannot be judged.
func (g gate) ahead(path string, err error) *Refusal {
	if wall := g.clock.Check(clock.MaxTimestamp); errors.Is(wall, clock.ErrWall) {
		return &Refusal{Code: ServerClock, Retryable: true, Err: wall}
	}
	return &Refusal{
		Code: TooFarAhead, Path: path, Retryable: true,
		ServerTime: clock.TimestampOf(g.Wall), Err: err,
	}
}

// refusalByGuard returns the Refusal for an error that a Guard returned.
func refusalByGuard(err error) *Refusal {
	if r, ok := refusalIn(err); ok {
		return r
	}
	return &Refusal{Code: Forbidden, Err: err}
}
