package mergetest_test

import (
	"fmt"
	"time"

	"github.com/fieldlww/fieldlww/merge/memory"
	"github.com/fieldlww/fieldlww/merge/mergetest"
)

// purgingServer is a Purger. It is an Eraser as well, because memory.Server has the method Erase.
type purgingServer struct{ *memory.Server }

func (p purgingServer) Purge(retention time.Duration) (mergetest.Purged, error) {
	seq, stamp := p.Server.Purge(retention)
	return mergetest.Purged{Sequence: int64(seq), Fence: stamp, Level: p.Level}, nil
}

// Backup makes the server a Restorer. Each restored server has a new epoch.
func (p purgingServer) Backup() (func() (mergetest.Backend, error), error) {
	saved := p.Restored()
	return func() (mergetest.Backend, error) { return purgingServer{saved.Restored()}, nil }, nil
}

func newPurgingServer(env *mergetest.Env) (mergetest.Backend, error) {
	return purgingServer{&memory.Server{Now: env.Now, PageSize: 1, Level: 2}}, nil
}

// A backend that purges and erases.
func ExamplePurger() {
	fmt.Println(mergetest.Check(newPurgingServer, mergetest.Options{Seeds: 5}))
	// Output: <nil>
}
