// Package node runs a NATS server inside the process.
package node
