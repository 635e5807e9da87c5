package merge

import (
	"strconv"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Result is what a client is told about one item that it pushed.
type Result struct {
	// Key names the record, as far as the item could be read.
	Key record.Key
	// Refusal says why the item was refused. It is nil if the item was accepted.
	Refusal *Refusal
	// Changed tells whether the item changed stored bytes. A retry does not.
	Changed bool
	// Fields has a Decision for each field that the item writes, sorted by name.
	// It is empty if the item was refused.
	Fields []Decision
	// Notes are what else there is to say about an accepted item.
	Notes []Code
}

// Accepted reports whether the item was accepted.
func (r Result) Accepted() bool { return r.Refusal == nil }

// mostDetails is how many refused items of one answer are explained in words. The
// codes are there for all.
const mostDetails = 100

// AppendJSON appends the results as a JSON array to dst, which is what a push is
// answered with:
//
//	[{"index":0,"table":"tasks","id":"42","verdict":"accepted","changed":true,"fields":{
//	   "title":{"outcome":"applied"},
//	   "due":{"outcome":"superseded","lost":true,"winner":{"updatedAt":"…","clientId":"…"}}},
//	   "notes":["lost_edit"]},
//	 {"index":1,"table":"tasks","id":"43","verdict":"refused","code":"too_far_ahead","retryable":true,
//	   "serverTime":"2026-11-22T16:57:17.123000000Z","path":"data.title.updatedAt","detail":"…","changed":false}]
//
// It holds no values. The other write of a field is named by its stamp, as
// "winner" if it stays, and as "loser" if an edit was lost with it. The detail is
// for people, and only the first 100 refused items have one. The same answer gives
// the same bytes.
func (a Answer) AppendJSON(dst []byte) []byte {
	details := mostDetails
	dst = append(dst, '[')
	for i, r := range a.Results {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(strconv.AppendInt(append(dst, `{"index":`...), int64(i), 10), ',')
		dst = append(appendKey(dst, r.Key), `,"verdict":`...)
		if r.Refusal == nil {
			dst = r.appendAccepted(append(dst, `"accepted"`...))
		} else {
			dst = r.Refusal.append(append(dst, `"refused",`...), details > 0)
			dst = append(dst, `,"changed":false`...)
			details--
		}
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

// MarshalJSON returns what AppendJSON appends.
func (a Answer) MarshalJSON() ([]byte, error) { return a.AppendJSON(nil), nil }

func (r *Result) appendAccepted(dst []byte) []byte {
	dst = strconv.AppendBool(append(dst, `,"changed":`...), r.Changed)
	dst = append(dst, `,"fields":{`...)
	for i, d := range r.Fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendQuoted(dst, d.Field), ':')
		dst = d.appendField(dst)
	}
	dst = append(dst, '}')
	for i, code := range r.Notes {
		dst = append(dst, noteSeparators[min(i, 1)]...)
		dst = append(append(append(dst, '"'), code...), '"')
	}
	if len(r.Notes) > 0 {
		dst = append(dst, ']')
	}
	return dst
}

var noteSeparators = [...]string{`,"notes":[`, `,`}

// appendField appends what a client is told about one field.
func (d *Decision) appendField(dst []byte) []byte {
	dst = append(append(append(dst, `{"outcome":"`...), d.Outcome.String()...), '"')
	if d.Lost() {
		dst = append(dst, `,"lost":true`...)
	}
	switch {
	case d.Outcome != Equal && !d.Changed():
		dst = appendStamp(append(dst, `,"winner":`...), d.Before.Stamp)
	case d.Lost():
		dst = appendStamp(append(dst, `,"loser":`...), d.Before.Stamp)
	}
	return append(dst, '}')
}

// append appends the members that tell of a refusal.
func (r *Refusal) append(dst []byte, detailed bool) []byte {
	dst = appendQuoted(append(dst, `"code":`...), string(r.Code))
	dst = strconv.AppendBool(append(dst, `,"retryable":`...), r.Retryable)
	if !r.ServerTime.IsZero() {
		dst = append(dst, `,"serverTime":"`...)
		dst, _ = r.ServerTime.AppendText(dst)
		dst = append(dst, '"')
	}
	if r.Path != "" {
		dst = appendQuoted(append(dst, `,"path":`...), r.Path)
	}
	if detail := r.detail(); detailed && detail != "" {
		dst = appendQuoted(append(dst, `,"detail":`...), detail)
	}
	return dst
}

// appendKey appends the two members that a key is on the wire.
func appendKey(dst []byte, key record.Key) []byte {
	dst = appendQuoted(append(dst, `"table":`...), key.Table)
	return appendQuoted(append(dst, `,"id":`...), key.ID)
}

// appendStamp appends a stamp as an object.
func appendStamp(dst []byte, s clock.Stamp) []byte {
	dst, _ = s.Time.AppendText(append(dst, `{"updatedAt":"`...))
	dst, _ = s.Client.AppendText(append(dst, `","clientId":"`...))
	return append(dst, `"}`...)
}
