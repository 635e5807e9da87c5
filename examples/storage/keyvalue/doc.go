// Package keyvalue implements a sync server on a plain key-value store, here bbolt. Read it
// next to "Your own store" in README.md, which says what each function promises.
//
//	server.go   the handlers: push, pull, and the server's own writes
//	store.go    what they need of the store: load, save, put
package keyvalue
