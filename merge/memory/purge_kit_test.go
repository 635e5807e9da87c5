package memory_test

import (
	"flag"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/merge/memory"
	"github.com/fieldlww/fieldlww/merge/mergetest"
)

var seeds = flag.Int("seeds", 100, "the number of runs of the servers that purge")

// purging is a backend that purges.
type purging struct{ backend }

func (p purging) Purge(retention time.Duration) (mergetest.Purged, error) {
	seq, stamp := p.Server.Purge(retention)
	purged := mergetest.Purged{Sequence: int64(seq), Fence: stamp, Level: p.Level}
	for r := range p.StoredUpTo(seq).All() {
		purged.Records = append(purged.Records, r)
	}
	return purged, nil
}

// Restart returns a new process over the same store.
func (p purging) Restart() (mergetest.Backend, error) { return p, nil }

// Backup makes a backup. Each server restored from it has an epoch of its own.
func (p purging) Backup() (func() (mergetest.Backend, error), error) {
	saved := p.Server.Restored()
	return func() (mergetest.Backend, error) {
		return purging{backend{saved.Restored(), p.env}}, nil
	}, nil
}

func newPurging(level int) func(*mergetest.Env) (mergetest.Backend, error) {
	return func(env *mergetest.Env) (mergetest.Backend, error) {
		return purging{backend{&memory.Server{Now: env.Now, Imports: importIDs(), PageSize: 1, Level: level}, env}}, nil
	}
}

// TestPurgedStateConverges: at both levels, purging removes only deleted data, and brings
// nothing back.
func TestPurgedStateConverges(t *testing.T) {
	for _, level := range []int{1, 2} {
		t.Run(map[int]string{1: "level 1", 2: "level 2"}[level], func(t *testing.T) {
			t.Parallel()
			o := mergetest.Options{Seeds: *seeds}
			if testing.Short() {
				o.Seeds = 20
			}
			mergetest.Run(t, newPurging(level), o)
		})
	}
}

// TestImportMeetsTheLastTombstone: the kit accepts that an import takes a field whose tombstone was purged for a new one.
// Which tombstone a purge leaves, if a record has nothing else, depends on when the others arrive.
func TestImportMeetsTheLastTombstone(t *testing.T) {
	for _, level := range []int{1, 2} {
		for _, run := range []string{`server imports a points="10"`, `server imports a status="10"`} {
			mergetest.Replay(t, newPurging(level), mergetest.Schedule{
				Options: mergetest.Options{IDs: []string{"a", "b", "c"}},
				Steps: []string{
					`ben edits a status="todo"`,
					`ben pushes`,
					`dan edits a status=deleted`,
					`wait 1ms`,
					`cem edits a points=deleted`,
					`cem pushes`,
					`server purges 0s`,
					`dan pushes`,
					run,
				},
			})
		}
	}
}
