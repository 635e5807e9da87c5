// Package keyvalue implements a sync server on a plain key-value store, here bbolt. Read it
// next to "Your own store" in README.md, which has the contract of each function.
//
//	server.go   the handlers: push, pull, and the server's own writes
//	store.go    their accesses to the store: load, save, put
package keyvalue
