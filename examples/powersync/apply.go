package powersync

import (
	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// The codes of refusals that the engine does not know. Both are permanent.
const (
	// Unstamped: the entry has no stamp, and the Handler accepts none without. It was made by a
	// statement that does not set _metadata, which is a bug in the app.
	Unstamped merge.Code = "unstamped"
	// QueueRestored: the entry has no stamp, and its transaction ID was used before. The database of
	// the device was restored from a backup or copied: the device should log in again, to get another ID.
	QueueRestored merge.Code = "queue_restored"
)

// retryAfter is when a client should send a retryable transaction again, in milliseconds.
const retryAfter = 5_000

// outcome is the decision about one entry.
type outcome struct {
	refusal *merge.Refusal
	notes   []merge.Code
}

// group collects entries of a transaction that are judged as one request.
type group struct {
	request merge.Request
	indexes []int // the position in the transaction of each item
}

func (g *group) add(index int, m record.Mutation, err error) {
	g.request.Items = append(g.request.Items, record.Item{Mutation: m, Err: err})
	g.indexes = append(g.indexes, index)
}

// transaction applies one transaction. An error means that the store failed.
func (h *Handler) transaction(device clock.ClientID, t Transaction) (Result, error) {
	outcomes := make([]outcome, len(t.Crud))
	stamped := group{request: merge.Request{Actor: device, Wall: h.now()}}
	arrived := group{request: merge.Request{Actor: device, AnyClient: true, Wall: h.now()}}
	for i, e := range t.Crud {
		metadata, hasStamp, err := ParseMetadata(e.Metadata)
		switch {
		case err != nil:
			stamped.add(i, record.Mutation{}, err)
		case hasStamp:
			m, err := h.o.Schema.Mutation(e, metadata)
			stamped.add(i, m, err)
		default:
			outcomes[i].refusal = h.arrive(device, &arrived, t, i)
		}
	}
	for _, g := range []group{stamped, arrived} {
		if err := h.judge(g, outcomes); err != nil {
			return Result{}, err
		}
	}
	for _, i := range arrived.indexes {
		switch refusal := outcomes[i].refusal; {
		case refusal == nil:
			h.arrivalsOf(device).add(place{*t.ID, i}, t.Crud[i])
		case refusal.Code == merge.TooFarAhead: // the server's clock was set back: the device cannot help
			outcomes[i].refusal = &merge.Refusal{Code: merge.ServerClock, Retryable: true}
		}
	}
	return answer(t, outcomes), nil
}

// arrive adds an entry without a stamp to a group, unless it is refused or was applied before.
func (h *Handler) arrive(device clock.ClientID, g *group, t Transaction, index int) *merge.Refusal {
	e := t.Crud[index]
	switch {
	case !h.o.AcceptUnstamped:
		return &merge.Refusal{Code: Unstamped, Path: "metadata"}
	case t.ID == nil:
		return &merge.Refusal{Code: merge.Invalid, Path: "transaction_id"}
	}
	switch h.arrivalsOf(device).state(place{*t.ID, index}, e) {
	case isApplied:
		return nil
	case contradicts:
		return &merge.Refusal{Code: QueueRestored, Path: "transaction_id"}
	}
	m, err := h.o.Schema.Replacement(e, clock.Stamp{Time: h.clock.Now(), Client: arrivalID(device)})
	g.add(index, m, err)
	return nil
}

// judge applies a group, and sets the outcomes of its entries.
func (h *Handler) judge(g group, outcomes []outcome) error {
	if len(g.indexes) == 0 {
		return nil
	}
	answer, err := h.o.Server.Apply(g.request)
	if err != nil {
		return err
	}
	for i, result := range answer.Results {
		outcomes[g.indexes[i]] = outcome{result.Refusal, result.Notes}
	}
	_ = h.clock.Observe(answer.Greatest) // does not fail: the clock has no bound, and the engine has one
	return nil
}

// answer returns what the client is told about a transaction.
func answer(t Transaction, outcomes []outcome) Result {
	var final *Refusal
	var dropped, notes []Notice
	r := Result{Status: Success}
	for i, o := range outcomes {
		e := t.Crud[i]
		for _, code := range o.notes {
			notes = append(notes, Notice{Index: i, Table: e.Table, ID: e.ID, Code: code, Advice: code.Advice()})
		}
		switch {
		case o.refusal == nil:
		case o.refusal.Retryable:
			r.retry(i, o.refusal)
		default:
			code := o.refusal.Code
			dropped = append(dropped, Notice{i, e.Table, e.ID, code, true, o.refusal.Path, code.Advice()})
			if final == nil {
				final = &Refusal{Failed: Failed{code, o.refusal.Error(), i}}
			}
		}
	}
	if r.Status == Retryable {
		r.Notices = notes // accepted entries get no notes when they come again, and refused ones are refused again
		return r
	}
	if final != nil {
		r.Status, r.Refusal = Fatal, final
	}
	r.Notices = append(notes, dropped...)
	return r
}

// retry makes r the answer about a transaction that has a retryable entry.
func (r *Result) retry(index int, refusal *merge.Refusal) {
	if r.Status != Retryable {
		r.Status, r.Message, r.RetryAfter = Retryable, refusal.Error(), retryAfter
	}
	if refusal.Code == merge.TooFarAhead && r.Ahead == nil {
		r.ServerTime, r.Ahead = refusal.ServerTime, &index
	}
}
