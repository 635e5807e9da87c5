// Package clustertest has what tests of a cluster need: nodes in one process, and connections that
// break on demand.
//
// # Files
//
//	nodes.go   nodes in one process
//	proxy.go   a connection between two programs that can be cut
//	backup.go  backups of a stream, and changes of its leader
package clustertest
