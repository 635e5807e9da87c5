// Package memory implements the port of the server in memory. It is the control of the tests: what fails on a
// cluster and passes here is a fault of the adapter, and what fails here is a fault of the server.
//
//	store.go    Store: the messages, the batches, and the pages of a pull
//	fault.go    Fault: what a test may let happen to a batch
//	watch.go    Watch
package memory
