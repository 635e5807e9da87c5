//go:build ignore

// This program builds the replica for js/wasm into dist, where the next build of the
// server embeds it.
package main

import (
	"log"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/page"
)

func main() {
	built, err := page.Build()
	if err != nil {
		log.Fatal(err)
	}
	if err := built.Save("dist"); err != nil {
		log.Fatal(err)
	}
}
