// Package remote lets a Replica sync with a server over HTTP, in programs that are not a
// browser: there the page sends the requests.
package remote
