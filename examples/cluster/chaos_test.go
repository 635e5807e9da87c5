package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestChaosSaysThatThereIsNoMajority(t *testing.T) {
	require.Equal(t, "a leads", leads("a", 2))
	require.Equal(t, "no leader", leads("", 2))
	require.Equal(t, "no majority", leads("a", 1))
}
