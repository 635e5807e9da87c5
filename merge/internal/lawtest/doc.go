// Package lawtest tests the laws of package merge through its exported API. It compares
// results with an oracle that sorts all writes: in every case of small scopes, in random
// cases, and on a real history. It has no code but tests. Package merge itself tests its
// examples and the vectors for other languages, and holds the benchmarks.
package lawtest
