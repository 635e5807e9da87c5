package node

import (
	"net"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"
)

// TestOnlyNodesOfAClusterSync: a node alone that syncs each message of a batch is several times slower
// than three nodes.
func TestOnlyNodesOfAClusterSync(t *testing.T) {
	alone, err := settings(Options{Name: "a", Dir: "d"})
	require.NoError(t, err)
	require.False(t, alone.SyncAlways)
	all, err := Local(t.TempDir(), 3)
	require.NoError(t, err)
	for _, o := range all {
		member, err := settings(o)
		require.NoError(t, err)
		require.True(t, member.SyncAlways)
		require.Len(t, member.Routes, 3)
	}
}

func TestANodeWithoutClientAddressTakesNoClients(t *testing.T) {
	n, err := Start(Options{Name: "a", Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(n.Stop)
	conn, err := n.Connect()
	require.NoError(t, err)
	conn.Close()
	_, err = nats.Connect(n.server.ClientURL())
	require.ErrorIs(t, err, nats.ErrAuthorization)
}

func TestStartSaysWhatIsWrong(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	for name, o := range map[string]Options{
		"no name":       {Dir: t.TempDir()},
		"no folder":     {Name: "a"},
		"no port":       {Name: "a", Dir: t.TempDir(), Client: "localhost"},
		"not a number":  {Name: "a", Dir: t.TempDir(), Client: "localhost:x"},
		"route":         {Name: "a", Dir: t.TempDir(), Route: "localhost"},
		"not a folder":  {Name: "a", Dir: "/dev/null/x"},
		"port occupied": {Name: "a", Dir: t.TempDir(), Client: listener.Addr().String()},
	} {
		_, err := Start(o)
		require.ErrorContains(t, err, "node ", name)
	}
}
