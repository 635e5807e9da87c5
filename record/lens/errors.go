package lens

import (
	"errors"

	"github.com/fieldlww/fieldlww/record"
)

var errCount = errors.New("lens: Up returned another number of values than the Split has new names")

// valueError is ErrValue with the error of a function as its cause. Its text leaves out the cause.
type valueError struct{ cause error }

// Error returns the text of ErrValue.
func (e *valueError) Error() string { return ErrValue.Error() }

// Unwrap returns ErrValue and the cause.
func (e *valueError) Unwrap() []error { return []error{ErrValue, e.cause} }

// in returns an error with the path of a field.
func in(path string, err error) error {
	return &record.Error{Path: path, Offset: -1, Err: err}
}

// reason returns an error of package record without its path, which has the name of the other version.
func reason(err error) error {
	if e := (*record.Error)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}
