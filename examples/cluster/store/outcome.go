package store

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// The codes of JetStream on which a Store relies.
const (
	codeUnavailable  = 10008 // there is no leader
	codeResources    = 10023 // the disk or the limit of the node is full
	codeNotFound     = 10037 // no such message
	codeNoSequence   = 10043 // the message was deleted or replaced before
	codeStorage      = 10047 // the limit of the account is reached
	codeTooLong      = 10054 // the message is above the limit of the stream
	codeDelete       = 10057 // the message could not be deleted
	codeStoreFailed  = 10077 // the message could not be written
	codeWrongLast    = 10071 // an expectation does not hold
	codeHeader       = 10097 // the headers are too long
	codeMet          = 10164 // another proposal about the subject is on its way
	codeNoBatches    = 10174 // the stream does not permit batches
	codeIncomplete   = 10176 // messages of the batch are missing, or it was left alone for 10 seconds
	codeManyMessages = 10199 // the batch has more than 1,000 messages
	codeManyBatches  = 10210 // too many batches are open
)

// errMet is the ErrConflict of a batch that met another one about the same subject.
var errMet = fmt.Errorf("%w: another batch is on its way", ErrConflict)

// outcome returns the error that the answer to the last message of a batch means.
func outcome(answer []byte) error {
	var ack struct {
		Seq   uint64              `json:"seq"`
		Error *jetstream.APIError `json:"error"`
	}
	if err := json.Unmarshal(answer, &ack); err != nil {
		return fmt.Errorf("%w: the answer cannot be read", ErrUnknown)
	}
	if ack.Error == nil {
		return nil
	}
	switch ack.Error.ErrorCode {
	case codeMet:
		return errMet
	case codeWrongLast, codeIncomplete, codeManyBatches:
		return fmt.Errorf("%w: %w", ErrConflict, ack.Error)
	case codeManyMessages, codeTooLong, codeHeader:
		return fmt.Errorf("%w: %w", ErrTooLarge, ack.Error)
	case codeResources, codeStorage:
		return fmt.Errorf("%w: %w", ErrFull, ack.Error)
	case codeStoreFailed:
		if strings.Contains(ack.Error.Description, "maximum") {
			return fmt.Errorf("%w: %w", ErrFull, ack.Error)
		}
	case codeNoBatches:
		return &ConfigError{Setting: "allow_atomic", Want: "true", Got: "false"}
	case codeUnavailable:
		return fmt.Errorf("%w: %w", ErrUnavailable, ack.Error)
	}
	return fmt.Errorf("%w: %w", ErrUnknown, ack.Error)
}
