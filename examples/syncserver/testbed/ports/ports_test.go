package ports

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReservedAddressIsNotReservedAgain tries to reserve addresses that were reserved, that are in use, and that were
// released.
func TestReservedAddressIsNotReservedAgain(t *testing.T) {
	r, err := Reserve(2)
	require.NoError(t, err)
	t.Cleanup(r.Release)
	require.Len(t, r.Addresses, 2)
	for _, address := range r.Addresses {
		listener, err := net.Listen("tcp", address)
		require.NoError(t, err)
		again := new(Reserved)
		again.try(address)
		require.Empty(t, again.Addresses, "it is in use")
		require.NoError(t, listener.Close())
		again.try(address)
		require.Empty(t, again.Addresses, "it is reserved")
	}
	r.Release()
	again := new(Reserved)
	t.Cleanup(again.Release)
	listener, err := net.Listen("tcp", r.Addresses[0])
	require.NoError(t, err)
	again.try(r.Addresses[0])
	require.Empty(t, again.Addresses, "another program uses it")
	require.NoError(t, listener.Close())
	again.try(r.Addresses[0])
	require.Equal(t, r.Addresses[:1], again.Addresses)
}
