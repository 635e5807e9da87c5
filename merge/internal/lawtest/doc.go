// Package lawtest holds the laws of package merge, checked from outside: against an oracle
// that sorts all writes, on every case of small worlds, on random ones, and on a real
// history. It has no code of its own. Package merge itself tests its examples and the
// vectors for other languages, and has the benchmarks.
package lawtest
