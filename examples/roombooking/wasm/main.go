//go:build js && wasm

// Command wasm gives the rules of the room booking app to JavaScript, so that an app in
// a browser finds what the servers will find, before it syncs:
//
//	GOOS=js GOARCH=wasm go build -o rooms.wasm ./examples/roombooking/wasm
//
// It defines one function:
//
//	findViolations(lines)
//
// The argument is JSON Lines of records, in the form in which they are pulled: what the
// app holds, and in further lines what it is about to write. The result is a JSON array
// of the violations that are open, or an Error.
package main

import (
	"syscall/js"

	"github.com/fieldlww/fieldlww/examples/roombooking/rooms"
)

func main() {
	js.Global().Set("findViolations", js.FuncOf(findViolations))
	select {} // the function is there as long as the program runs
}

// findViolations is rooms.FindJSON for JavaScript.
func findViolations(_ js.Value, args []js.Value) any {
	if len(args) != 1 || args[0].Type() != js.TypeString {
		return js.Global().Get("Error").New("findViolations takes one string")
	}
	found, err := rooms.FindJSON([]byte(args[0].String()))
	if err != nil {
		return js.Global().Get("Error").New(err.Error())
	}
	return string(found)
}
