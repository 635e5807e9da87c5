// Package store keeps the messages of a sync server in a stream of NATS JetStream.
package store
