package replica_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/memory"
	"github.com/fieldlww/fieldlww/merge/mergetest"
	"github.com/fieldlww/fieldlww/record"
)

// client adapts a Replica to the kit.
type client struct {
	*replica.Replica
	pull *replica.Pull // that began last
}

func (c client) Outbox() []byte { return c.Batch(math.MaxInt, math.MaxInt) }

// Cursor begins a pull, because the kit pulls from the cursor that it gets.
func (c client) Cursor() string {
	*c.pull = c.BeginPull()
	return c.pull.Cursor
}

func (c client) Pulled(lines []byte, next string) error {
	return c.Replica.Pulled(c.pull, page(lines, next, c.Replica.Cursor()))
}

// page returns the chunk for a page of the kit. The last page returns the cursor that it was given. A
// page of a backend that purges ends in a trailer, which does not say whether more follows.
func page(lines []byte, next, before string) []byte {
	text := bytes.TrimSpace(lines)
	last := bytes.LastIndexByte(text, '\n') + 1
	if !replica.IsTrailer(text[last:]) {
		return fmt.Appendf(bytes.Clone(lines), "\n{\"cursor\":%q,\"more\":%t}\n", next, next != before)
	}
	return fmt.Appendf(bytes.TrimSuffix(bytes.Clone(text), []byte("}")), ",\"cursor\":%q,\"more\":%t}\n", next, next != before)
}

var seeds = flag.Int("seeds", 5, "the number of runs with servers that purge")

// TestConvergence runs the kit on a Replica, and on one that crashes and is opened again.
func TestConvergence(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the kit for simulated months")
	}
	t.Run("calm", func(t *testing.T) { mergetest.Run(t, newBackend, mergetest.Options{NewClient: newClient(t)}) })
	t.Run("month", func(t *testing.T) {
		mergetest.Run(t, newBackend, mergetest.Options{NewClient: newClient(t), Seeds: 5, Steps: 1200, First: 1000})
	})
	t.Run("crashes", func(t *testing.T) { mergetest.Run(t, newBackend, mergetest.Options{NewClient: newCrashing(t)}) })
}

func newClient(t testing.TB) func(clock.ClientID, func() time.Time) mergetest.Client {
	return func(id clock.ClientID, wall func() time.Time) mergetest.Client {
		r, err := replica.Open(replica.Options{ID: id, Wall: wall})
		require.NoError(t, err)
		return client{r, new(replica.Pull)}
	}
}

func newBackend(env *mergetest.Env) (mergetest.Backend, error) {
	return &memory.Server{Now: env.Now, PageSize: 2}, nil
}

// crashing is a Replica that crashes now and then, before or after the results of a call are saved.
// A call whose results were not saved is repeated, as the user or the network would do.
type crashing struct {
	client
	t     testing.TB
	o     replica.Options
	disk  map[string]string
	rand  *rand.Rand
	given map[clock.Timestamp]bool // stamps of saved edits, which may have been sent

	sent   int  // the number of items in the last batch
	forgot bool // whether a crash came after that batch
}

func newCrashing(t testing.TB) func(clock.ClientID, func() time.Time) mergetest.Client {
	return func(id clock.ClientID, wall func() time.Time) mergetest.Client {
		c := &crashing{
			client: client{pull: new(replica.Pull)}, t: t, o: replica.Options{ID: id, Wall: wall}, disk: map[string]string{},
			rand: rand.New(rand.NewPCG(uint64(id[0]), uint64(id[15]))), given: map[clock.Timestamp]bool{},
		}
		c.open()
		return c
	}
}

func (c *crashing) open() {
	var err error
	c.forgot = true
	c.o.Saved = entries(c.disk)
	c.Replica, err = replica.Open(c.o)
	require.NoError(c.t, err)
}

// do makes a call, sometimes twice with a crash in between, and sometimes crashes after saving.
func (c *crashing) do(call func() error) error {
	if c.rand.IntN(4) == 0 {
		if err := call(); err != nil {
			return err
		}
		c.open()
	}
	if err := call(); err != nil {
		return err
	}
	write(c.t, c.disk, c.TakeSaves())
	if c.rand.IntN(4) == 0 {
		before := c.Replica
		c.open()
		c.same(before)
	}
	return nil
}

// same requires that the Replica opened after a crash equals the one before the crash.
func (c *crashing) same(before *replica.Replica) {
	require.Equal(c.t, string(before.Batch(math.MaxInt, math.MaxInt)), string(c.Batch(math.MaxInt, math.MaxInt)))
	require.Equal(c.t, before.Cursor(), c.Replica.Cursor())
	for shown := range before.Records("tasks") {
		require.True(c.t, shown.Equal(c.Shown(shown.Key())))
		for field := range shown.All() {
			why, ok := before.Why(shown.Key(), field)
			again, okAgain := c.Why(shown.Key(), field)
			require.Equal(c.t, why, again)
			require.Equal(c.t, ok, okAgain)
		}
		require.Equal(c.t, before.WaitingFields(shown.Key()), c.WaitingFields(shown.Key()))
	}
	require.Empty(c.t, c.TakeSaves())
	require.Empty(c.t, c.TakeChanged())
}

func (c *crashing) Edit(key record.Key, fields map[string]record.Value) error {
	before := stamps(c.Waiting())
	err := c.do(func() error { return c.Replica.Edit(key, fields) })
	if err != nil {
		return err
	}
	waiting := c.Waiting()
	at := stamps(waiting[len(waiting)-1:])[0]
	require.NotContains(c.t, c.given, at, "a stamp was issued twice")
	c.given[at] = true
	after := stamps(waiting)
	for _, at := range before {
		if !slices.Contains(after, at) { // the edit with this stamp was never sent, and the new edit replaced it
			delete(c.given, at)
		}
	}
	return nil
}

// stamps returns the time of each mutation.
func stamps(all []record.Mutation) (times []clock.Timestamp) {
	for _, m := range all {
		for _, v := range m.Data.All() {
			times = append(times, v.Stamp.Time)
			break
		}
	}
	return times
}

func (c *crashing) Outbox() []byte {
	lines := c.client.Outbox()
	c.sent, c.forgot = c.Sent(), false
	return lines
}

func (c *crashing) Answer(answer []byte) error {
	n := c.sent
	var replies []merge.Reply
	require.NoError(c.t, json.Unmarshal(answer, &replies))
	before := stamps(c.Waiting())
	defer func() {
		after := stamps(c.Waiting())
		for i, at := range before {
			accepted := i < len(replies) && replies[i].Verdict == "accepted"
			if !accepted && !slices.Contains(after, at) { // no server knows the stamp, so it may be issued again
				delete(c.given, at)
			}
		}
	}()
	return c.do(func() error {
		if c.forgot {
			c.Batch(n, 1<<30) // sends the same items again; edits made since then follow them
		}
		return c.Replica.Answer(answer)
	})
}

func (c *crashing) Pulled(lines []byte, next string) error {
	text := page(lines, next, c.Replica.Cursor())
	return c.do(func() error {
		p := c.BeginPull() // after a crash, the answer to the pull before is lost
		return c.Replica.Pulled(&p, text)
	})
}
