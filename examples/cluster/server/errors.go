package server

import (
	"errors"

	"github.com/fieldlww/fieldlww/examples/cluster/store"
	syncserver "github.com/fieldlww/fieldlww/examples/syncserver/server"
)

// unavailable returns an error that tells the client to send its request again later, and why if that is known. An
// error that a client is told already is returned itself, and so is nil.
func unavailable(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrTooLarge):
		return syncserver.TooLarge(err)
	}
	for _, known := range []error{store.ErrFull, store.ErrUnavailable, store.ErrUnknown} {
		if errors.Is(err, known) {
			return syncserver.Down(&told{known, err})
		}
	}
	return syncserver.Unavailable(err)
}

// told is an error that tells clients only the reason. The rest may name addresses.
type told struct{ reason, err error }

// Error returns the text of the reason.
func (t *told) Error() string { return t.reason.Error() }

// Unwrap returns the whole error.
func (t *told) Unwrap() error { return t.err }
