package main

import (
	"bytes"
	"errors"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// errDiverged means that replicas with the same writes have different states, which would be a bug
// in the merge.
var errDiverged = errors.New("internal error: replicas with the same writes have different states")

// exchange makes every replica join the whole states of all others, each in a different order. It
// returns the state that all replicas end with, which must be want.
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

// visits returns the order in which replica i of n visits the replicas, starting with itself:
// forwards if i is even, backwards if it is odd. For example, replica 1 of 4 visits 1, 0, 3, 2.
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

// sameBytes reports whether two states have the same canonical JSON. It compares record by record,
// so it holds the bytes of only one record of each state at a time.
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

// appendLine appends a record as a line of canonical JSON: a mutation with all its fields.
func appendLine(dst []byte, r record.Record) []byte {
	return append(record.Mutation{Data: r}.AppendJSON(dst), '\n')
}
