//go:build js && wasm

// This program offers one replica to JavaScript, as an object on globalThis.fieldlww under
// the name given by its argument. A page with two replicas runs it twice.
//
// All functions are synchronous. They return a value or an Error. Lines and batches are
// bytes; everything else is JSON text.
//
//	open(clientId, entries)       entries is an array in which keys and values alternate
//	close()                       forgets everything; until the next open it is not a client
//	setSkew(milliseconds)         the wall clock of the device is off by this amount
//	newId()                       an ID for a record; later IDs are greater
//	edit(table, id, fields, seen) null deletes a field; seen has the stamps of what the user saw
//	beginPull()                   the cursor with which to pull
//	pulled(lines)                 the next lines of the answer to that pull
//	batch(items, bytes)           the next batch to push, as {bytes, count}
//	answer(replies)               the server's answer to that batch
//	serverTime(text, took)        the server's time, from an answer that took a number of milliseconds
//	records()                     all shown records
//	violations()                  the open violations
//	waiting()                     the outbox
//	why(table, id, field)         the last decision about a field, or null
//	digest(buckets)               a fingerprint of everything that is shown of some buckets
//	take()                        the changes made by the calls since the last take
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"syscall/js"
	"time"

	"github.com/google/uuid"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// maxChunk is the maximum size of a chunk in bytes.
const maxChunk = 64 << 20

// device is a replica and the clock of its device.
type device struct {
	replica *replica.Replica
	skew    time.Duration
	print   fingerprint
	pull    replica.Pull // that began last
	begun   []byte       // its lines after its last trailer
}

func main() {
	d := &device{}
	d.jsClose(nil) // so that every call finds a replica
	js.Global().Get("fieldlww").Set(os.Args[1], js.ValueOf(map[string]any{
		"open":       function(d.jsOpen),
		"close":      function(d.jsClose),
		"setSkew":    function(d.jsSetSkew),
		"newId":      function(d.jsNewID),
		"edit":       function(d.jsEdit),
		"beginPull":  function(d.jsBeginPull),
		"pulled":     function(d.jsPulled),
		"batch":      function(d.jsBatch),
		"answer":     function(d.jsAnswer),
		"serverTime": function(d.jsServerTime),
		"records":    function(d.jsRecords),
		"violations": function(d.jsViolations),
		"waiting":    function(d.jsWaiting),
		"why":        function(d.jsWhy),
		"digest":     function(d.jsDigest),
		"take":       function(d.jsTake),
	}))
	select {}
}

// function wraps a function for JavaScript. A panic becomes an Error, because it must not end
// the program.
func function(f func(args []js.Value) (any, error)) js.Func {
	return js.FuncOf(func(_ js.Value, args []js.Value) (result any) {
		defer func() {
			if p := recover(); p != nil {
				result = jsError(fmt.Errorf("%v", p))
			}
		}()
		value, err := f(args)
		if err != nil {
			return jsError(err)
		}
		return value
	})
}

func jsError(err error) any { return js.Global().Get("Error").New(err.Error()) }

func (d *device) open(id clock.ClientID, saved []replica.Entry) error {
	opened, err := replica.Open(replica.Options{
		ID:    id,
		Wall:  func() time.Time { return time.Now().Add(d.skew) },
		Saved: func(yield func(replica.Entry) bool) { each(saved, yield) },
	})
	if err == nil { // otherwise the current replica stays open
		d.replica, d.print = opened, fingerprint{}
	}
	return err
}

func each(entries []replica.Entry, yield func(replica.Entry) bool) {
	for _, e := range entries {
		if !yield(e) {
			return
		}
	}
}

func (d *device) jsOpen(args []js.Value) (any, error) {
	id, err := clock.ParseClientID(args[0].String())
	if err != nil {
		return nil, err
	}
	saved := make([]replica.Entry, args[1].Length()/2)
	for i := range saved {
		saved[i] = replica.Entry{Key: args[1].Index(2 * i).String(), Value: args[1].Index(2*i + 1).String()}
	}
	return nil, d.open(id, saved)
}

// jsClose replaces the replica with an empty replica without a client ID, which the page does not
// show.
func (d *device) jsClose([]js.Value) (any, error) { return nil, d.open(clock.ClientID{}, nil) }

// jsSetSkew sets by how much the wall clock is off. If that changes, earlier corrections by the
// server's time no longer apply.
func (d *device) jsSetSkew(args []js.Value) (any, error) {
	skew := time.Duration(args[0].Float()) * time.Millisecond
	if skew != d.skew {
		d.skew = skew
		d.replica.ForgetOffset()
	}
	return nil, nil
}

func (d *device) jsNewID([]js.Value) (any, error) {
	id, err := uuid.NewV7()
	return id.String(), err
}

func (d *device) jsEdit(args []js.Value) (any, error) {
	fields, err := parseFields(args[2].String())
	if err != nil {
		return nil, err
	}
	var stamps map[string]merge.StampReply // of the values shown when the edit began
	if err := json.Unmarshal([]byte(args[3].String()), &stamps); err != nil {
		return nil, err
	}
	seen := make(map[string]clock.Stamp, len(stamps))
	for name, s := range stamps {
		seen[name] = clock.Stamp{Time: s.UpdatedAt, Client: s.ClientID}
	}
	return nil, d.replica.EditSeen(keyOf(args), fields, seen)
}

func (d *device) jsBeginPull([]js.Value) (any, error) {
	d.begun = d.begun[:0]
	d.pull = d.replica.BeginPull()
	return d.pull.Cursor, nil
}

// jsPulled applies the chunks whose trailers have arrived, and keeps the lines after them.
func (d *device) jsPulled(args []js.Value) (any, error) {
	at, end := len(d.begun), 0
	d.begun = append(d.begun, make([]byte, args[0].Length())...)
	js.CopyBytesToGo(d.begun[at:], args[0])
	for line := range bytes.Lines(d.begun[at:]) {
		if at += len(line); replica.IsTrailer(line) {
			end = at
		}
	}
	if at-end > maxChunk {
		return nil, fmt.Errorf("%w: a chunk has more than %d bytes", replica.ErrAnswer, maxChunk)
	}
	err := d.replica.Pulled(&d.pull, d.begun[:end])
	d.begun = append(d.begun[:0], d.begun[end:]...)
	return nil, err
}

func (d *device) jsBatch(args []js.Value) (any, error) {
	batch := d.replica.Batch(args[0].Int(), args[1].Int())
	bytes := js.Global().Get("Uint8Array").New(len(batch))
	js.CopyBytesToJS(bytes, batch)
	return js.ValueOf(map[string]any{"bytes": bytes, "count": d.replica.Sent()}), nil
}

func (d *device) jsAnswer(args []js.Value) (any, error) {
	return nil, d.replica.Answer([]byte(args[0].String()))
}

func (d *device) jsServerTime(args []js.Value) (any, error) {
	at, err := clock.ParseTimestamp(args[0].String())
	if err != nil {
		return nil, err
	}
	d.replica.ServerTime(at, time.Duration(args[1].Float())*time.Millisecond)
	return nil, nil
}

func (d *device) jsRecords([]js.Value) (any, error)    { return d.views(d.records), nil }
func (d *device) jsViolations([]js.Value) (any, error) { return text(d.violations()) }
func (d *device) jsWaiting([]js.Value) (any, error)    { return text(d.waiting()) }
func (d *device) jsTake([]js.Value) (any, error)       { return d.takeChanges() }

func (d *device) jsDigest(args []js.Value) (any, error) {
	var buckets []string
	if err := json.Unmarshal([]byte(args[0].String()), &buckets); err != nil {
		return nil, err
	}
	return d.print.of(d.replica, buckets), nil
}

func (d *device) jsWhy(args []js.Value) (any, error) {
	return text(d.why(keyOf(args), args[2].String()))
}

// keyOf returns the key given by the first two arguments.
func keyOf(args []js.Value) record.Key {
	return record.Key{Table: args[0].String(), ID: args[1].String()}
}
