package main

import (
	"bytes"
	"errors"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// errDiverged: replicas that hold the same writes hold different states. It would
// be a bug in the merge.
var errDiverged = errors.New("internal error: replicas with the same writes differ in their states")

// exchange lets every replica join the whole states of all others, each in an
// order of its own, and returns the state that all end with, which must be want.
func exchange(replicas []merge.Fold, want merge.Collection) (merge.Collection, error) {
	parts := make([]merge.Collection, len(replicas))
	for i := range replicas {
		parts[i] = replicas[i].Collection()
	}
	var state merge.Collection
	for i := range parts {
		order := visits(len(parts), i)
		state = parts[i]
		for _, other := range order[1:] {
			state = merge.Join(state, parts[other])
		}
		if !sameBytes(state, want) {
			return merge.Collection{}, errDiverged
		}
	}
	return state, nil
}

// visits returns the order in which replica i of n goes round: it begins with
// itself, and goes forwards if i is even, backwards if it is odd.
func visits(n, i int) []int {
	order := make([]int, n)
	for k := range order {
		if i%2 == 0 {
			order[k] = (i + k) % n
		} else {
			order[k] = (i - k + n) % n
		}
	}
	return order
}

// sameBytes reports whether two states have the same canonical JSON. It compares
// record by record, so that the bytes need not be held.
func sameBytes(a, b merge.Collection) bool {
	if a.Len() != b.Len() {
		return false
	}
	var x, y []byte
	for i := range a.Len() {
		x, y = appendLine(x[:0], a.At(i)), appendLine(y[:0], b.At(i))
		if !bytes.Equal(x, y) {
			return false
		}
	}
	return true
}

// appendLine appends a record as a line of canonical JSON: a mutation that holds
// all of it.
func appendLine(dst []byte, r record.Record) []byte {
	return append(record.Mutation{Data: r}.AppendJSON(dst), '\n')
}
