package server

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/cluster/clustertest"
	"github.com/fieldlww/fieldlww/examples/cluster/store"
	syncserver "github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/record"
)

// contend lets clients change fields of their own of one record, through two servers, and returns how many fields do
// not have their last value then.
func contend(t *testing.T, p Store) (lost int) {
	const clients, pushes = 8, 15
	var group sync.WaitGroup
	key := record.Key{Table: "tasks", ID: "shared"}
	for c := range clients {
		s, err := New(p, Options{})
		require.NoError(t, err)
		client := clock.ClientID{byte(c + 1)}
		require.NoError(t, s.Grant(t.Context(), workspace, client.String(), map[string]string{"": "writer"}))
		group.Go(func() {
			for n := range pushes {
				stamp := clock.Stamp{Time: clock.TimestampOf(noon) + clock.Timestamp(n), Client: client}
				m, err := record.New(key).Edit(stamp).Set(client.String(), n).Mutation()
				if err == nil {
					sender := syncserver.Sender{Workspace: workspace, User: client.String(), Client: client}
					err = untilAvailable(func() error {
						_, err := s.Push(t.Context(), sender, syncserver.Pushed{Body: append(m.AppendJSON([]byte("[")), ']')})
						return err
					})
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	stored := allOf(t, p, workspace)
	require.Len(t, stored, 1)
	for c := range clients {
		if number(stored[0], clock.ClientID{byte(c + 1)}.String()) != pushes-1 {
			lost++
		}
	}
	return lost
}

// TestServersOnThreeNodesNeedEachExpectation lets clients meet in records and in the scopes of rules, and loses
// nothing. The controls, which expect no sequences of records or of scopes, lose something.
func TestServersOnThreeNodesNeedEachExpectation(t *testing.T) {
	t.Parallel()
	nodes, err := clustertest.New(3)
	require.NoError(t, err)
	t.Cleanup(nodes.Stop)
	streams := 0
	next := func() Store {
		streams++
		return newSaved(t, nodes, fmt.Sprint("meet", streams)).store
	}
	for seed := range uint64(3) {
		require.Zero(t, contend(t, next()))
		require.Zero(t, meets(t, next(), seed))
	}
	finds := func(lost func(seed uint64) int) {
		for seed := range uint64(40) {
			if lost(seed) > 0 {
				return
			}
		}
		require.Fail(t, "nothing is lost")
	}
	finds(func(uint64) int { return contend(t, careless{next(), store.KindRecord}) })
	finds(func(seed uint64) int { return meets(t, careless{next(), store.KindScope}, seed) })
}
