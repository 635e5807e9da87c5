//go:build js && wasm

// This program offers one replica to JavaScript, as an object on globalThis.fieldlww under
// the name given by its argument. A page with two replicas runs it twice. With the argument "server", it offers a sync
// server instead; server.go has the list of its functions.
//
// All functions are synchronous; static/program.js has their list, in which only newId is not of this program. They return
// a value or an Error. Values are JSON text, the lines of a pull are bytes, and in saved entries keys and values alternate.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"syscall/js"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/replay/clientlog"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// device is a replica and the clock of its device.
type device struct {
	replica *replica.Replica
	skew    time.Duration
	log     *clientlog.Log // of the client that is open
	print   fingerprint
	pull    replica.Pull // that began last
}

func main() {
	if os.Args[1] == "server" {
		js.Global().Get("fieldlww").Set("server", js.ValueOf(new(host).functions()))
		select {}
	}
	d := &device{}
	d.jsClose(nil) // so that every call finds a replica
	js.Global().Get("fieldlww").Set(os.Args[1], js.ValueOf(map[string]any{
		"open":       function(d.jsOpen),
		"close":      function(d.jsClose),
		"setSkew":    function(d.jsSetSkew),
		"edit":       function(d.jsEdit),
		"beginPull":  function(d.jsBeginPull),
		"pulled":     function(d.jsPulled),
		"batch":      function(d.jsBatch),
		"answer":     function(d.jsAnswer),
		"serverTime": function(d.jsServerTime),
		"records":    function(d.jsRecords),
		"violations": function(d.jsViolations),
		"lostEdits":  function(d.jsLostEdits),
		"waiting":    function(d.jsWaiting),
		"why":        function(d.jsWhy),
		"digest":     function(d.jsDigest),
		"log":        function(d.jsLog),
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
	log := d.log
	if d.replica == nil || d.replica.ID() != id {
		log = new(clientlog.Log)
	}
	opened, err := replica.Open(replica.Options{
		ID:    id,
		Log:   log,
		Wall:  func() time.Time { return time.Now().Add(d.skew) },
		Saved: func(yield func(replica.Entry) bool) { each(saved, yield) },
	})
	if err == nil { // otherwise the current replica stays open
		d.replica, d.log, d.print = opened, log, fingerprint{}
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
	d.pull = d.replica.BeginPull()
	return d.pull.Cursor, nil
}

func (d *device) jsPulled(args []js.Value) (any, error) {
	lines := make([]byte, args[0].Length())
	js.CopyBytesToGo(lines, args[0])
	return nil, d.replica.Pulled(&d.pull, lines)
}

func (d *device) jsBatch(args []js.Value) (any, error) {
	batch := d.replica.Batch(args[0].Int(), args[1].Int())
	return js.ValueOf(map[string]any{"text": string(batch), "count": d.replica.Sent()}), nil
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
func (d *device) jsLostEdits([]js.Value) (any, error)  { return d.views(d.lostEdits), nil }
func (d *device) jsWaiting([]js.Value) (any, error)    { return text(d.waiting()) }
func (d *device) jsTake([]js.Value) (any, error)       { return text(d.takeChanges()) }

func (d *device) jsLog([]js.Value) (any, error) {
	var b strings.Builder
	_, err := d.log.WriteTo(&b)
	return b.String(), err
}

func (d *device) jsDigest(args []js.Value) (any, error) {
	return d.print.of(d.replica, args[0].String()), nil
}

func (d *device) jsWhy(args []js.Value) (any, error) {
	return text(d.why(keyOf(args), args[2].String()))
}

// keyOf returns the key given by the first two arguments.
func keyOf(args []js.Value) record.Key {
	return record.Key{Table: args[0].String(), ID: args[1].String()}
}
