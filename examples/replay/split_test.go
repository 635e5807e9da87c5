package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestVisitsReachEachReplicaOnceInDistinctOrders(t *testing.T) {
	for n := 1; n <= 9; n++ {
		orders := make(map[string]bool)
		for i := range n {
			order := visits(n, i)
			sorted := slices.Sorted(slices.Values(order))
			if order[0] != i || len(slices.Compact(sorted)) != n || sorted[n-1] != n-1 {
				t.Errorf("replica %d of %d visits %v", i, n, order)
			}
			orders[fmt.Sprint(order)] = true
		}
		if len(orders) != n {
			t.Errorf("%d replicas have %d orders", n, len(orders))
		}
	}
}

func TestSplitDealsWritesToAllReplicasAndDetectsDivergence(t *testing.T) {
	o := options{file: "-", split: 3}
	in, err := openInput(o, strings.NewReader(smallHistory(t)))
	if err != nil {
		t.Fatal(err)
	}
	r := newReplay(o, nil)
	if err := r.run(in); err != nil {
		t.Fatal(err)
	}
	for i := range r.replicas {
		if part := r.replicas[i].Collection(); part.Len() == 0 || sameBytes(part, r.state) {
			t.Errorf("replica %d was dealt %d of %d records", i, part.Len(), r.state.Len())
		}
	}
	if _, err := exchange(r.replicas, stateOf(t, line("a", goodA))); !errors.Is(err, errDiverged) {
		t.Errorf("replicas that end in another state were accepted: %v", err)
	}
}

func TestSameBytesDetectsEveryKindOfDifference(t *testing.T) {
	states := []string{
		line("a", goodA),
		line("b", goodA),
		line("a", goodA) + "\n" + line("b", goodA),
		strings.Replace(line("a", goodA), `"id":"1"`, `"id":"2"`, 1),
		line("a", strings.Replace(goodA, `"value":1`, `"value":2`, 1)),
		line("a", goodA) + "\n" + strings.Replace(line("a", goodA), `"id":"1"`, `"id":"2"`, 1),
		"",
	}
	for i, x := range states {
		for j, y := range states {
			if got := sameBytes(stateOf(t, x), stateOf(t, y)); got != (i == j) {
				t.Errorf("states %d and %d: sameBytes returned %v", i, j, got)
			}
		}
	}
}

func TestDivergenceHasItsOwnExitStatus(t *testing.T) {
	if got := statusOf(fmt.Errorf("somewhere: %w", errDiverged)); got != 2 {
		t.Errorf("divergence gives status %d, want 2", got)
	}
	if got := statusOf(errors.New("other")); got != 1 {
		t.Errorf("another error gives status %d, want 1", got)
	}
}
