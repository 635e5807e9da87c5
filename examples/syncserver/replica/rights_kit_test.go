package replica_test

import (
	"fmt"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/memory"
	"github.com/fieldlww/fieldlww/merge/mergetest"
)

// granting is a backend with buckets.
type granting struct{ purging }

func newGranting(level int) func(env *mergetest.Env) (mergetest.Backend, error) {
	return func(env *mergetest.Env) (mergetest.Backend, error) {
		return granting{purging{&memory.Server{Now: env.Now, PageSize: 1, Level: level, Buckets: mergetest.Buckets}}}, nil
	}
}

func (g granting) Grant(client clock.ClientID, bucket string) error {
	g.Server.Grant(client, bucket)
	return nil
}

func (g granting) Revoke(client clock.ClientID, bucket string) error {
	g.Server.Revoke(client, bucket)
	return nil
}

func (g granting) Backup() (restore func() (mergetest.Backend, error), err error) {
	saved := g.Restored()
	return func() (mergetest.Backend, error) { return granting{purging{saved.Restored()}}, nil }, nil
}

// TestConvergenceWithBuckets runs the kit on a Replica, and on one that crashes and is opened again,
// with a server whose clients have different rights.
func TestConvergenceWithBuckets(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the kit")
	}
	for level := 1; level <= 2; level++ {
		for name, make := range kitClients {
			t.Run(fmt.Sprintf("%s at level %d", name, level), func(t *testing.T) {
				t.Parallel()
				mergetest.Run(t, newGranting(level), mergetest.Options{NewClient: make(t), Seeds: *seeds})
			})
		}
	}
}

// TestRestoresWithBuckets replays histories in which a server is restored, or an erasure is repeated, while
// records leave.
func TestRestoresWithBuckets(t *testing.T) {
	for name, steps := range map[string][]string{
		"an edit that was gone once is not shown until it is sent again": {
			`server backs-up`, `cem edits d box=deleted`, `cem pushes`, `ana pulls`, `ana edits d box=9`, `ana pushes`,
			`server erases d`, `server is-restored`, `ana pulls`, `ana pushes`, `ana pulls`, `ana pushes`,
		},
		"of the writes set aside, only those that were hidden stay hidden": {
			`cem edits b buckets="b"`, `cem pushes`, `wait 1ms`, `cem pulls`, `cem edits b 7=10`, `server backs-up`, `server is-restored`,
			`cem leaves b`, `server forgets-time`, `cem pulls`, `cem pushes`, `server learns-time`, `ben edits b buckets=deleted`, `ben pushes`,
			`cem pushes`, `server erases b`, `server is-restored`, `cem pulls`,
		},
		"an edit that is sent once more stays hidden while its record is dead": {
			`ben edits b secret="secret-ecb7c313"`, `ben pushes`, `ana pulls`, `ana edits b buckets=["b","A"]`, `ana pushes`, `server purges 0s`,
			`server backs-up`, `dan deletes b`, `server is-restored`, `dan pushes`, `dan pulls`, `dan restores b`, `dan pushes`, `ana pushes`,
			`dan deletes b`, `dan pushes`, `server purges 0s`,
		},
		"a write that left and came back is shown": {
			`ana edits b box=deleted`, `ana pushes`, `ana leaves b`, `cem edits b buckets="b"`, `ana pulls, cem pushes at 1`, `ana pulls`,
			`ana joins b`, `ana pulls`, `server backs-up`, `server erases b`, `server is-restored`, `ana pulls`,
		},
	} {
		for level := 1; level <= 2; level++ {
			t.Run(fmt.Sprintf("%s at level %d", name, level), func(t *testing.T) {
				mergetest.Replay(t, newGranting(level), mergetest.Schedule{Options: mergetest.Options{NewClient: newClient(t)}, Steps: steps})
			})
		}
	}
}
