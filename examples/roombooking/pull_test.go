package main

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPullTakesAllPages: a client pulls pages until none is left.
func TestPullTakesAllPages(t *testing.T) {
	s, err := newStory(io.Discard)
	require.NoError(t, err)
	s.east.PageSize = 1
	s.book(s.ben, s.budget)
	s.book(s.ben, s.review)
	_, err = s.ben.push(s.east)
	require.NoError(t, err)
	require.NoError(t, s.ana.pull(s.east))
	require.True(t, s.ana.shown().Equal(s.east.Records()))
}
