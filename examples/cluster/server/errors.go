package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/fieldlww/fieldlww/examples/cluster/store"
)

// Failure is an error that a client is told as a whole.
type Failure struct {
	Status int    // of HTTP
	Code   string // stable, for programs
	Err    error  // for people; it quotes no value
}

// Error returns the text of the error.
func (f *Failure) Error() string { return f.Err.Error() }

// Unwrap returns Err.
func (f *Failure) Unwrap() error { return f.Err }

func failure(status int, code string, err error) error { return &Failure{status, code, err} }

// unavailable returns an error that tells the client to send its request again later. A Failure is returned
// itself, and so is nil.
func unavailable(err error) error {
	if f := new(Failure); err == nil || errors.As(err, &f) {
		return err
	}
	code := "unavailable"
	switch {
	case errors.Is(err, store.ErrFull):
		code = "full"
	case errors.Is(err, store.ErrTooLarge):
		return tooLarge(err)
	case errors.Is(err, context.DeadlineExceeded):
		err = fmt.Errorf("the cluster is busy or has no majority: %w", err)
	}
	return failure(http.StatusServiceUnavailable, code, err)
}

// tooLarge returns an error that tells the client to push fewer items at once.
func tooLarge(err error) error { return failure(http.StatusRequestEntityTooLarge, "too_large", err) }

// malformed returns an error for a request that cannot be read.
func malformed(err error) error { return failure(http.StatusBadRequest, "malformed", err) }
