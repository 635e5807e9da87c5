//go:build unix

package main

import (
	"flag"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/cluster/clustertest"
)

var pushes = flag.Int("pushes", 80, "how many pushes are acknowledged around each fault; from 1,000 on, each fault has nodes of its own")

// asNode is the environment variable that makes the test binary the program itself.
const asNode = "FIELDLWW_CLUSTER_NODE"

func TestMain(m *testing.M) {
	if os.Getenv(asNode) != "" {
		main()
		return
	}
	os.Setenv(asNode, "1") // for the processes of nodes
	os.Exit(m.Run())
}

// cut is three nodes whose routes can be cut. links[i][j] is where node i reaches node j.
type cut struct {
	*trio
	links [nodes][nodes]*clustertest.Proxy
}

// startCut starts three nodes.
func startCut(t *testing.T) *cut {
	dir, err := clustertest.TempDir()
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	three, err := newTrio(dir)
	require.NoError(t, err)
	t.Cleanup(three.stop)
	c := &cut{trio: three}
	routes := list(three.all[0].args[1])
	for i, m := range three.all {
		peers := slices.Clone(routes)
		for j := range peers {
			if i == j {
				continue
			}
			c.links[i][j], err = clustertest.NewProxy(routes[j])
			require.NoError(t, err)
			t.Cleanup(c.links[i][j].Close)
			peers[j] = c.links[i][j].Address()
		}
		m.args[1] = strings.Join(peers, ",")
		// No node listens at the port 1, so a node reaches another only over a link.
		m.args = append(m.args, "-advertise", "127.0.0.1:1")
	}
	require.NoError(t, three.start(t.Context()))
	return c
}

// pass lets a node reach the others, and be reached by them, or not.
func (c *cut) pass(i int, open bool) {
	for j := range nodes {
		if i != j {
			c.links[i][j].Set(open, open)
			c.links[j][i].Set(open, open)
		}
	}
}

// leading returns the number of the leader.
func (c *cut) leading(t *testing.T) int {
	var i int
	require.Eventually(t, func() bool {
		i = slices.Index(c.names(), c.leader(t.Context()))
		return i >= 0
	}, time.Minute, 100*time.Millisecond)
	return i
}

// signal sends a signal to the process of a node.
func (c *cut) signal(t *testing.T, i int, s syscall.Signal) {
	require.NoError(t, c.all[i].cmd.Process.Signal(s))
}

// A fault is what happens to nodes while clients push.
type fault struct {
	name   string
	begin  func(t *testing.T, c *cut) (end func())
	usable bool // whether two nodes can go on
}

// killed returns a fault that kills the leader, and more nodes.
func killed(name string, count int) fault {
	return fault{name, func(t *testing.T, c *cut) func() {
		leader := c.leading(t)
		for i := range count {
			c.all[(leader+i)%nodes].kill()
		}
		return func() { require.NoError(t, c.startAll()) }
	}, count == 1}
}

func faults() []fault {
	return []fault{
		killed("the leader is killed", 1),
		killed("two are killed", 2),
		killed("all are killed", 3),
		{"the leader freezes", func(t *testing.T, c *cut) func() {
			leader := c.leading(t)
			c.signal(t, leader, syscall.SIGSTOP)
			return func() { c.signal(t, leader, syscall.SIGCONT) }
		}, true},
		{"the leader is cut off", func(t *testing.T, c *cut) func() {
			leader := c.leading(t)
			c.pass(leader, false)
			require.Eventually(t, func() bool { return !c.all[leader].isHealthy(t.Context()) }, time.Minute, 100*time.Millisecond)
			return func() { c.pass(leader, true) }
		}, true},
		{"the leader is cut off, and another node killed when it is back", func(t *testing.T, c *cut) func() {
			leader := c.leading(t)
			c.pass(leader, false)
			return func() {
				c.pass(leader, true)
				c.all[(leader+1)%nodes].kill()
				require.NoError(t, c.startAll())
			}
		}, true},
	}
}

// more waits until clients have count more acknowledged pushes.
func (c *crew) more(t *testing.T, count int) {
	want := c.acknowledged.Load() + int64(count)
	require.Eventually(t, func() bool {
		require.NoError(t, c.failed())
		return c.acknowledged.Load() >= want
	}, 3*time.Minute, 10*time.Millisecond)
}

// TestFaultsLoseNothing lets clients push to three processes, through any of them, while nodes are killed, freeze and
// are cut off. Each acknowledged push must be stored, once, with all its fields, and followers of each node must have
// the same records.
func TestFaultsLoseNothing(t *testing.T) {
	groups := [][]fault{faults()}
	if *pushes >= 1000 {
		groups = slices.Collect(slices.Chunk(faults(), 1))
	}
	for _, group := range groups {
		t.Run(group[0].name, func(t *testing.T) { lose(t, group) })
	}
}

func lose(t *testing.T, group []fault) {
	c := startCut(t)
	clients, err := join(t.Context(), c.trio, 8)
	require.NoError(t, err)
	defer clients.stop()
	for _, f := range group {
		clients.more(t, *pushes/4)
		before, rest := time.Now(), *pushes-*pushes/4
		end := f.begin(t, c)
		if f.usable {
			clients.more(t, *pushes/4)
			rest -= *pushes / 4
		} else {
			time.Sleep(time.Second)
		}
		end()
		require.NoError(t, c.healthy(t.Context()))
		clients.more(t, rest)
		t.Logf("%s: %d pushes are acknowledged, %v later", f.name, clients.acknowledged.Load(), time.Since(before).Round(time.Second/10))
	}
	clients.stop()
	require.NoError(t, c.healthy(t.Context()))
	require.NoError(t, check(t.Context(), c.trio, clients))
}
