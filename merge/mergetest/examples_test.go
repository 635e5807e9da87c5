package mergetest_test

import (
	"testing"

	"github.com/fieldlww/fieldlww/merge/mergetest"
)

// TestExamplesPassWithMoreSeeds checks that the examples pass with more seeds, and that every event occurs.
func TestExamplesPassWithMoreSeeds(t *testing.T) {
	if testing.Short() {
		t.Skip("the examples run a few seeds themselves")
	}
	t.Parallel()
	mergetest.Run(t, newServer, mergetest.Options{Seeds: 50})
	mergetest.Run(t, newByHand, mergetest.Options{Seeds: 50})
	mergetest.Run(t, newServer, mergetest.Options{Seeds: 50, NewClient: newPhone})
}
