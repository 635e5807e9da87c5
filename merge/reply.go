package merge

import (
	"iter"

	"github.com/fieldlww/fieldlww/clock"
)

// Reply is a Result as it is on the wire: what a client reads with encoding/json
// from the array that Answer.AppendJSON makes. It holds no values.
type Reply struct {
	Index   int    `json:"index"` // of the item in the batch
	Table   string `json:"table"` // empty if it could not be read, as is ID
	ID      string `json:"id"`
	Verdict string `json:"verdict"` // "accepted" or "refused"

	// Of a refused item. Look at the code first: TooFarAhead is retryable, for time
	// passes, but the client should mend its clock rather than wait.
	Code       Code            `json:"code,omitempty"`
	Retryable  bool            `json:"retryable,omitempty"`
	ServerTime clock.Timestamp `json:"serverTime,omitzero"` // with TooFarAhead
	Path       string          `json:"path,omitempty"`
	Detail     string          `json:"detail,omitempty"` // for people; of the first 100 only

	// Of an accepted item.
	Changed bool                  `json:"changed"`
	Fields  map[string]FieldReply `json:"fields,omitempty"` // one for each field that it writes
	Notes   []Code                `json:"notes,omitempty"`
}

// FieldReply is a Decision as it is on the wire.
type FieldReply struct {
	Outcome string `json:"outcome"` // "applied", "superseded", "equal" or "collision"
	// Lost tells that one of the two writes is a lost edit: the client's own if there
	// is a Winner, else the Loser.
	Lost bool `json:"lost,omitempty"`
	// Winner is the write that stays instead of the client's own.
	Winner *StampReply `json:"winner,omitempty"`
	// Loser is the write that the client's own replaced, if an edit is lost by that.
	Loser *StampReply `json:"loser,omitempty"`
}

// StampReply is a clock.Stamp in its two members.
type StampReply struct {
	UpdatedAt clock.Timestamp `json:"updatedAt"`
	ClientID  clock.ClientID  `json:"clientId"`
}

// mostDetails is how many refused items of one answer are explained in words. The
// codes are there for all.
const mostDetails = 100

// Replies returns the results as they are on the wire, in their order.
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

// describe fills in what a client is told of a refusal.
func (r *Refusal) describe(reply *Reply, detailed bool) {
	w := r.wire()
	reply.Verdict = "refused"
	reply.Code, reply.Path, reply.Retryable, reply.ServerTime = w.Code, w.Path, w.Retryable, w.ServerTime
	if detailed {
		reply.Detail = w.Detail
	}
}

// reply returns what a client is told of a field.
func (d Decision) reply() FieldReply {
	f := FieldReply{Outcome: d.Outcome.String(), Lost: d.Lost()}
	other := &StampReply{d.Before.Stamp.Time, d.Before.Stamp.Client}
	switch {
	case d.Outcome != Equal && !d.Won():
		f.Winner = other
	case f.Lost:
		f.Loser = other
	}
	return f
}

// AppendJSON appends the replies as a JSON array to dst, which is what a push is
// answered with:
//
//	[{"index":0,"table":"tasks","id":"42","verdict":"accepted","changed":true,"fields":{
//	   "due":{"outcome":"superseded","lost":true,"winner":{"updatedAt":"…","clientId":"…"}},
//	   "title":{"outcome":"applied"}},
//	   "notes":["lost_edit"]},
//	 {"index":1,"table":"tasks","id":"43","verdict":"refused","code":"too_far_ahead","retryable":true,
//	   "serverTime":"2026-11-22T16:57:17.123000000Z","path":"data.title.updatedAt","detail":"…","changed":false}]
//
// Members that are false, empty or absent are left out, but for "changed". The same
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

// MarshalJSON returns what AppendJSON appends.
func (a Answer) MarshalJSON() ([]byte, error) { return a.AppendJSON(nil), nil }
