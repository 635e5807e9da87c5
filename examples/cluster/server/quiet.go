package server

import (
	"context"
	"time"

	"github.com/fieldlww/fieldlww/examples/cluster/store"
)

// A change of the state of a workspace conflicts with each push that is on its way to the stream. So the pushes of a
// busy workspace could delay for ever that a right is taken away or that the fence rises. After a conflict, such a change
// asks for quiet: other operations then wait before they decide, until the change is stored or quietFor has passed. They
// look at the store 40 times meanwhile. Only progress depends on this, and no result does.
const quietFor = 2 * time.Second

// quiet is the message of a workspace that asks for quiet.
type quiet struct {
	Until time.Time `json:"until,omitzero"` // by the clocks of the machines
}

func quietKey(workspace string) store.Key {
	return store.Key{Workspace: workspace, Kind: store.KindQuiet}
}

// lasts reports whether the quiet lasts for a time up to the given one. A time that is too far ahead, from a clock that
// is wrong, does not count.
func (q quiet) lasts(most time.Duration) bool {
	left := time.Until(q.Until)
	return left > 0 && left <= most
}

// isQuiet reports whether a change of the state has asked for quiet.
func (a *attempt) isQuiet() bool {
	var q quiet
	err := decode(a.entries[quietKey(a.workspace)], &q)
	return err == nil && q.lasts(a.quietFor)
}

// putsState reports whether the attempt changes the state of the workspace.
func (a *attempt) putsState() bool {
	_, ok := a.at[stateKey(a.workspace)]
	return ok
}

// endQuiet puts the end of the quiet for which an attempt that changes the state may have asked.
func (a *attempt) endQuiet() error {
	if !a.isQuiet() || !a.putsState() {
		return nil
	}
	return a.putJSON(quietKey(a.workspace), quiet{})
}

// askForQuiet asks for quiet, unless it is quiet. A failure has no effect except that the next conflict asks again.
func (a *attempt) askForQuiet(ctx context.Context) {
	if a.isQuiet() {
		return
	}
	asking := a.newAttempt(a.workspace)
	asking.entries = a.entries
	if asking.putJSON(quietKey(a.workspace), quiet{time.Now().Add(a.quietFor)}) == nil {
		_ = a.store.Commit(ctx, store.Batch{Workspace: a.workspace, ID: asking.id, Puts: asking.puts})
	}
}
