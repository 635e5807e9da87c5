package merge

import (
	"iter"

	"github.com/fieldlww/fieldlww/clock"
)

// Reply is the wire form of a Result. A client reads it with encoding/json from the array
// that Answer.AppendJSON makes. It contains no values.
type Reply struct {
	Index   int    `json:"index"`   // position of the item in the batch
	Table   string `json:"table"`   // empty if it could not be read
	ID      string `json:"id"`      // empty if it could not be read
	Verdict string `json:"verdict"` // "accepted" or "refused"

	// For a refused item. Check Code before Retryable: TooFarAhead is retryable, because time
	// passes, but the client should correct its clock rather than wait.
	Code       Code            `json:"code,omitempty"`
	Retryable  bool            `json:"retryable,omitempty"`
	ServerTime clock.Timestamp `json:"serverTime,omitzero"` // with TooFarAhead
	Path       string          `json:"path,omitempty"`
	Detail     string          `json:"detail,omitempty"` // for people; only in the first 100 refusals

	// For an accepted item.
	Changed bool                  `json:"changed"`
	Fields  map[string]FieldReply `json:"fields,omitempty"` // one for each field that the item writes; none if the actor may not read the record
	Notes   []Code                `json:"notes,omitempty"`
}

// FieldReply is the wire form of a Decision.
type FieldReply struct {
	Outcome string `json:"outcome"` // "applied", "superseded", "equal" or "collision"
	// Lost reports whether the write that did not win is a lost edit: the client's own if there
	// is a Winner, otherwise the Loser.
	Lost bool `json:"lost,omitempty"`
	// Winner is the write that won over the client's own.
	Winner *StampReply `json:"winner,omitempty"`
	// Loser is the write that the client's own replaced, if the replaced write is a lost edit.
	Loser *StampReply `json:"loser,omitempty"`
}

// StampReply is the wire form of a clock.Stamp, in two members.
type StampReply struct {
	UpdatedAt clock.Timestamp `json:"updatedAt"`
	ClientID  clock.ClientID  `json:"clientId"`
}

// mostDetails is the number of refused items of one answer that get a Detail. All get a code.
const mostDetails = 100

// Replies returns the wire form of the results, in their order.
func (a Answer) Replies() iter.Seq[Reply] {
	return func(yield func(Reply) bool) {
		details := mostDetails
		for i, r := range a.Results {
			reply := Reply{Index: i, Table: valid(r.Key.Table), ID: valid(r.Key.ID), Verdict: "accepted", Changed: r.Changed, Notes: r.Notes}
			if r.Refusal != nil {
				r.Refusal.describe(&reply, details > 0)
				details--
			}
			if len(r.Fields) > 0 {
				reply.Fields = make(map[string]FieldReply, len(r.Fields))
			}
			for _, d := range r.Fields {
				reply.Fields[d.Field] = d.reply()
			}
			if !yield(reply) {
				return
			}
		}
	}
}

// describe sets the members of reply that describe the refusal.
func (r *Refusal) describe(reply *Reply, detailed bool) {
	w := r.wire()
	reply.Verdict = "refused"
	reply.Code, reply.Path, reply.Retryable, reply.ServerTime = w.Code, w.Path, w.Retryable, w.ServerTime
	if detailed {
		reply.Detail = w.Detail
	}
}

// reply returns the wire form of the decision.
func (d Decision) reply() FieldReply {
	f := FieldReply{Outcome: d.Outcome.String(), Lost: d.Lost()}
	other := &StampReply{d.Before.Stamp.Time, d.Before.Stamp.Client}
	switch {
	case d.Outcome == FieldGone:
	case d.Outcome != Equal && !d.Won():
		f.Winner = other
	case f.Lost:
		f.Loser = other
	}
	return f
}

// AppendJSON appends the replies to dst as a JSON array, the answer to a push:
//
//	[{"index":0,"table":"tasks","id":"42","verdict":"accepted","changed":true,"fields":{
//	   "due":{"outcome":"superseded","lost":true,"winner":{"updatedAt":"…","clientId":"…"}},
//	   "title":{"outcome":"applied"}},
//	   "notes":["lost_edit"]},
//	 {"index":1,"table":"tasks","id":"43","verdict":"refused","code":"too_far_ahead","retryable":true,
//	   "serverTime":"2026-11-22T16:57:17.123000000Z","path":"data.title.updatedAt","detail":"…","changed":false}]
//
// Members that are false, empty or absent are left out, except "changed". The same
// answer gives the same bytes.
func (a Answer) AppendJSON(dst []byte) []byte {
	dst = append(dst, '[')
	for reply := range a.Replies() {
		if reply.Index > 0 {
			dst = append(dst, ',')
		}
		dst = appendJSON(dst, reply)
	}
	return append(dst, ']')
}

// MarshalJSON returns the output of AppendJSON.
func (a Answer) MarshalJSON() ([]byte, error) { return a.AppendJSON(nil), nil }
