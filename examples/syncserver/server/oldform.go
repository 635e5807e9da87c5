package server

import (
	"encoding/json"

	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/lens"
	"github.com/fieldlww/fieldlww/violation"
)

// oldForm translates a push of an old client, and its answer.
type oldForm struct {
	lens.Lens
	sent []record.Item // the items as the client sent them
}

// Items returns the items of the body in the form that the server stores. An item of an old client that cannot be
// translated has an error, and does not affect the others. The function decodes a body, as merge.Engine.Decode does,
// and its errors are returned.
func (p Pushed) Items(decode func(body []byte) ([]record.Item, error)) ([]record.Item, error) {
	items, err := decode(p.Body)
	if err != nil || p.old == nil {
		return items, err
	}
	p.old.sent = items
	return p.old.Lens.Items(items), nil
}

// results returns the replies to the items as a JSON array, in the form of the client.
func (o *oldForm) results(out Outcome) json.RawMessage {
	if o == nil {
		return out.Answer.AppendJSON(nil)
	}
	return out.Push.Renamed(out.Answer, o.sent, o.NewNames).AppendJSON(nil)
}

// ahead translates stored writes that are too far ahead. It leaves out fields that the client does not see.
func (o *oldForm) ahead(all []AheadWrite) (old []AheadWrite) {
	if o == nil {
		return all
	}
	for _, w := range all {
		ok := true
		if w.Field, ok = o.OldName(w.Table, w.Field); ok {
			old = append(old, w)
		}
	}
	return old
}

// row returns a violation row in the form of the client, without values that cannot be translated.
func (o *oldForm) row(r record.Record) record.Record {
	if o == nil {
		return r
	}
	old, _ := lowered(&o.Lens, r) // the pull that follows reports the error
	return old
}

// lowered returns a record in the form of a client. A nil Lens changes nothing. The record is valid even if there is an
// error, which says what it lacks.
func lowered(l *lens.Lens, r record.Record) (record.Record, error) {
	switch {
	case l == nil:
		return r, nil
	case r.Key().Table == violation.DefaultTable:
		return inRow(r, form{l.OldName, l.Down})
	}
	return l.Down(r)
}
