// Package lawtest tests the laws of package merge through its exported API. It compares
// results with an oracle that sorts all writes: in every case of small scopes, in random
// cases, and on a real history. It also visits all histories of small worlds of servers and
// clients, for purging and for partial replication with merge/buckets. It contains only tests.
// The examples, the vectors for other languages and the benchmarks are in package merge itself.
package lawtest
