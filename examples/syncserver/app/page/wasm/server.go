//go:build js && wasm

package main

import (
	"errors"
	"syscall/js"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/local"
)

// host is a sync server for the windows of one browser.
type host struct{ server *local.Server }

// errClosed reports a request before the server was opened.
var errClosed = errors.New("the server is not open")

// functions returns the functions of the server for JavaScript:
//
//	open(entries)                             reads saved entries, in which keys and values alternate
//	serve(method, path, query, token, body)   answers a request; in the query, names and values alternate
//
// An answer is { status, time, body, saves, seq }. All of saves must be stored before the answer is sent; if that
// fails, the server must be opened again.
func (h *host) functions() map[string]any {
	return map[string]any{"open": function(h.jsOpen), "serve": function(h.jsServe)}
}

func (h *host) jsOpen(args []js.Value) (any, error) {
	var saved []local.Entry
	for _, p := range pairsOf(args[0]) {
		saved = append(saved, local.Entry{Key: p[0], Value: p[1]})
	}
	server, err := local.Open(local.Board(), saved)
	h.server = server // nil after an error
	return nil, err
}

func (h *host) jsServe(args []js.Value) (any, error) {
	if h.server == nil {
		return nil, errClosed
	}
	query := make(map[string]string)
	for _, p := range pairsOf(args[2]) {
		query[p[0]] = p[1]
	}
	a := h.server.Serve(local.Request{
		Method: args[0].String(), Path: args[1].String(), Query: query, Token: args[3].String(), Body: []byte(args[4].String()),
	})
	saves := []any{}
	for _, e := range a.Saves {
		saves = append(saves, e.Key, e.Value)
	}
	return map[string]any{
		"status": a.Status, "time": a.Time.String(), "body": string(a.Body), "saves": saves, "seq": float64(h.server.Seq()),
	}, nil
}

// pairsOf returns the pairs of an array in which keys and values alternate.
func pairsOf(list js.Value) [][2]string {
	pairs := make([][2]string, list.Length()/2)
	for i := range pairs {
		pairs[i] = [2]string{list.Index(2 * i).String(), list.Index(2*i + 1).String()}
	}
	return pairs
}
