package mergetest_test

import (
	"testing"

	"github.com/fieldlww/fieldlww/merge/mergetest"
)

// TestExamples: what the examples show passes with more seeds as well, and everything happens to it.
func TestExamples(t *testing.T) {
	if testing.Short() {
		t.Skip("the examples run a few seeds")
	}
	t.Parallel()
	mergetest.Run(t, newServer, mergetest.Options{Seeds: 50})
	mergetest.Run(t, newByHand, mergetest.Options{Seeds: 50})
	mergetest.Run(t, newServer, mergetest.Options{Seeds: 50, NewClient: newPhone})
}
