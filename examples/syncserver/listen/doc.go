// Package listen serves a site to the network, for the programs of the examples.
//
// # Files
//
//	site.go     Site: a handler, where it listens, and how it stops
//	metrics.go  Metrics: the metrics of a program, at an address of their own
//	hosts.go    the host names under which a Site answers
//
// # Hazards
//
// A Site speaks HTTP without encryption. Put a proxy with TLS in front of it for all but tests on one machine.
//
// Anyone who can reach the address of Metrics can read them: there is no password.
//
// With Site.Proxy, a request that does not come from the proxy can name any address as its own.
package listen
