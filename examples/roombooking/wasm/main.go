//go:build js && wasm

// Command wasm exports the rules of the room booking app to JavaScript, so that an app in
// a browser finds violations before it syncs, by the same rules as the servers:
//
//	GOOS=js GOARCH=wasm go build -o rooms.wasm ./examples/roombooking/wasm
//
// It defines one function:
//
//	findViolations(lines)
//
// The argument is JSON Lines of records, in the form in which they are pulled: the records
// that the app holds, and further lines with the writes that it is about to make. The result
// is a JSON array of the open violations, or an Error.
package main

import (
	"syscall/js"

	"github.com/fieldlww/fieldlww/examples/roombooking/rooms"
)

func main() {
	js.Global().Set("findViolations", js.FuncOf(findViolations))
	select {} // JavaScript can call the function only while the program runs
}

// findViolations calls rooms.FindJSON for JavaScript.
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
