package server

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// failure describes to a client why a whole request failed. A refused item is not a failure: it
// has its own reply.
type failure struct {
	status int
	Code   string `json:"code"`
	Detail string `json:"detail,omitempty"` // for people
	err    error
}

// Error returns the code and the cause. The cause is for the log, not for the client.
func (f *failure) Error() string { return f.Code + ": " + f.err.Error() }

// Unwrap returns the cause.
func (f *failure) Unwrap() error { return f.err }

// Malformed returns a failure for an invalid request, which will fail again if it is repeated.
func Malformed(err error) error {
	return &failure{http.StatusBadRequest, "malformed", err.Error(), err}
}

const tooLargeCode = "too_large"

// TooLarge returns a failure for a request that will fail again if it is repeated as a whole, but
// whose parts may succeed.
func TooLarge(err error) error {
	return &failure{http.StatusRequestEntityTooLarge, tooLargeCode, err.Error(), err}
}

// Unavailable returns a failure for a request that may succeed later, and that may have taken
// effect already. The client is not told the cause. If err is a failure already, Unavailable
// returns it unchanged.
func Unavailable(err error) error {
	if fail := new(failure); errors.As(err, &fail) {
		return err
	}
	return &failure{http.StatusServiceUnavailable, "unavailable", "", err}
}

// isUnavailable reports whether an error is answered with the status 503.
func isUnavailable(err error) bool {
	fail := new(failure)
	return !errors.As(err, &fail) || fail.status == http.StatusServiceUnavailable
}

// EpochChanged returns the failure for a push whose cursor is of another epoch.
func EpochChanged() error {
	err := errors.New("the database was restored from a backup: pull first")
	return &failure{http.StatusConflict, "epoch_changed", err.Error(), err}
}

// UnknownUser returns the failure for a membership of a user who never used the workspace.
func UnknownUser() error {
	err := errors.New("the user never used this workspace")
	return &failure{http.StatusNotFound, "unknown_user", err.Error(), err}
}

// SignedOut returns the failure for a token that was issued before its user was signed out.
func SignedOut() error {
	err := errors.New("the user was signed out: log in again")
	return &failure{http.StatusUnauthorized, "signed_out", err.Error(), err}
}

// TooManyClients returns the failure for a user who may bind no further client ID.
func TooManyClients() error {
	err := fmt.Errorf("the user has %d client IDs: use one of them again", ClientsOfUser)
	return &failure{http.StatusForbidden, "too_many_clients", err.Error(), err}
}

// ClientTaken returns the failure for a client ID that is bound to another user or workspace.
func ClientTaken() error {
	err := errors.New("the client ID belongs to another user or workspace: keep their data apart, and use another client ID")
	return &failure{http.StatusForbidden, "client_taken", err.Error(), err}
}

// TooManyBuckets returns the failure for a user who would be a member of too many buckets.
func TooManyBuckets() error {
	err := fmt.Errorf("a user has at most %d buckets", MaxBuckets)
	return &failure{http.StatusForbidden, "too_many_buckets", err.Error(), err}
}

// Down is like Unavailable, but clients are told the error. It is for a backend that knows why it can store
// nothing, such as a full disk. The text must quote no value.
func Down(err error) error {
	return &failure{http.StatusServiceUnavailable, "unavailable", err.Error(), err}
}

// StatusOf returns the status and the code with which a Frontend answers an error of a Backend.
func StatusOf(err error) (status int, code string) {
	fail := new(failure)
	errors.As(Unavailable(err), &fail)
	return fail.status, fail.Code
}

// later is the cause of a temporary refusal.
type later struct{ wait time.Duration }

// Error says when to retry.
func (l *later) Error() string {
	return fmt.Sprintf("the quota is used up: retry in %v", l.seconds())
}

// seconds returns the wait rounded up to whole seconds, as in the header Retry-After.
func (l *later) seconds() time.Duration { return (l.wait + time.Second - 1).Truncate(time.Second) }

// exceeded returns the failure for a request that is refused before it has any effect.
func exceeded(wait time.Duration) error {
	err := &later{wait}
	return &failure{http.StatusTooManyRequests, "quota_exceeded", err.Error(), err}
}

// retryAfter returns the value of the header Retry-After for a failure, or "" for no header.
func retryAfter(fail *failure) string {
	if l := new(later); errors.As(fail, &l) {
		return fmt.Sprint(int64(l.seconds() / time.Second))
	}
	if fail.status == http.StatusServiceUnavailable {
		return "1"
	}
	return ""
}
