package merge

import (
	"time"

	"github.com/fieldlww/fieldlww/record"
)

// Engine is what a backend puts at its sync boundary: it decides about each item
// that a client pushes, joins what is accepted, and says what to store and what to
// answer. It stores nothing and reads no clock. The zero Engine is safe to use. An
// Engine may be used from any number of goroutines.
//
// A push takes three calls: Decode reads the batch, Prepare judges its items and names
// the records to load, and Push.Apply decides on what is stored.
type Engine struct {
	// MaxAhead is how far a stamp may lie ahead of the wall time, as in
	// clock.Options: 0 means clock.DefaultMaxAhead, 5 minutes; a negative value
	// means no bound, which no server should have against its clients. Give the clock
	// of the server the same, or it refuses to observe what was accepted.
	MaxAhead time.Duration
	// Limits bound what Decode reads.
	Limits record.Limits
	// MaxRecord is the greatest size that a stored record may grow to, in bytes of its
	// JSON; 0 means no limit. The field $deleted does not count, and a value that is
	// shorter than a deletion counts as one. An item that would make a record larger is
	// refused with RecordFull. One that does not make it grow is accepted even if the
	// record is too large already: a retry, a deletion of the record or of stored fields,
	// a value that is no longer than the one it replaces.
	MaxRecord int
	// TableMaxRecord has the limits of tables whose records must be smaller, or may be larger,
	// than MaxRecord says, such as those that a rule reads many of at a time. It must not be
	// changed while the Engine is used.
	TableMaxRecord map[string]int
	// Guard says who may write what; nil permits everything that an actor
	// writes under its own client ID.
	Guard Guard
}

// Decode reads a batch, an array of mutations or JSON Lines, within the limits.
// An error, which is a *record.Error, means that the batch as a whole cannot be
// understood, and that nothing of it was applied. Otherwise each mutation is an
// item, and one that is refused does not touch the others. It keeps no reference
// to body.
func (e *Engine) Decode(body []byte) ([]record.Item, error) {
	d := record.Decoder{Limits: e.Limits}
	return d.Batch(body)
}
