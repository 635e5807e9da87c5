// Package node runs a NATS server inside the process, alone or as one of the nodes of a cluster.
//
// # Files
//
//	node.go   a node, its settings and connections to it
//	local.go  the settings of several nodes on one machine
//	log.go    warnings and errors of NATS
//
// # Hazards
//
// Routes and client connections are not encrypted. Use a private network, and a secret.
package node
