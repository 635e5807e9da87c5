package seal

import (
	"errors"

	"github.com/fieldlww/fieldlww/record"
)

// The reasons for which a value is neither sealed nor opened. Every error of this package wraps
// one of them.
var (
	// ErrOptions: the keys of a Keyring cannot be used.
	ErrOptions = errors.New("invalid keys")
	// ErrUnsealed: a value that should be sealed has another form. It may have been cut off, or
	// written without sealing it.
	ErrUnsealed = errors.New("the value is not sealed")
	// ErrKey: the Keyring lacks the key. The device can open the value when it has been given the
	// key.
	ErrKey = errors.New("the key is missing")
	// ErrForged: the value was changed, or was sealed for another record, field or stamp, or under
	// another key with this ID.
	ErrForged = errors.New("the value was not sealed for this place")
	// ErrValue: the value cannot be sealed, because it is a deletion or is sealed already. Or it was
	// opened, and its text is not the canonical JSON of a value.
	ErrValue = errors.New("not a value to seal")
)

// Error reports which value could not be sealed or opened. It contains neither the value nor
// anything of its sealed text.
type Error struct {
	// Path is table/id/field, in a form that is safe to log; see record.PathName.
	Path string
	// Err is the reason, one of the Err variables of this package.
	Err error
}

// Error returns one line: path and reason.
func (e *Error) Error() string { return "seal: " + e.Path + ": " + e.Err.Error() }

// Unwrap returns the reason, for errors.Is.
func (e *Error) Unwrap() error { return e.Err }

// refuse returns the error for the value in a place.
func refuse(at Place, reason error) error {
	path := record.PathName(at.Key.Table) + "/" + record.PathName(at.Key.ID) + "/" + record.PathName(at.Field)
	return &Error{Path: path, Err: reason}
}
