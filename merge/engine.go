package merge

import (
	"time"

	"github.com/fieldlww/fieldlww/record"
)

// Engine is the sync boundary of a backend: it decides about each item that a client
// pushes, joins the accepted ones, and returns the records to store and the answer. It
// stores nothing and reads no clock. The zero Engine is safe to use. An Engine may be
// used from any number of goroutines.
//
// A push takes three calls: Decode reads the batch, Prepare judges its items and names
// the records to load, and Push.Apply decides on the stored state.
type Engine struct {
	// MaxAhead is how far a stamp may lie ahead of the wall time, as in
	// clock.Options: 0 means clock.DefaultMaxAhead, 5 minutes; a negative value
	// means no bound, which no server should grant its clients. The clock that stamps the
	// server's own writes has no bound: see "Writes of the server" in the package documentation.
	MaxAhead time.Duration
	// Limits bounds the input of Decode.
	Limits record.Limits
	// MaxRecord is the size to which a stored record may grow, in bytes of its JSON;
	// 0 means no limit. The field $deleted does not count, and a value that is
	// shorter than a deletion counts as much as a deletion. An item that would make a record
	// larger is refused with the code RecordFull. An item that does not make the record grow is
	// accepted even if the record is too large already: a retry, a deletion of the record or
	// of stored fields, a value that is at most as long as the one it replaces.
	MaxRecord int
	// TableMaxRecord overrides MaxRecord for the tables that it names, with a lower or a higher limit.
	// For example, if a rule reads many records of a table at a time, set a lower limit for that
	// table. The map must not be changed while the Engine is used.
	TableMaxRecord map[string]int
	// Guard decides who may write what; nil permits everything that an actor
	// writes under its own client ID.
	Guard Guard
}

// Decode reads a batch, an array of mutations or JSON Lines, within the limits.
// An error, which is a *record.Error, means that the batch as a whole cannot be
// understood, so nothing of it is applied. Otherwise each mutation is an item, and a
// refused item does not affect the others. Decode keeps no reference to body.
func (e *Engine) Decode(body []byte) ([]record.Item, error) {
	d := record.Decoder{Limits: e.Limits}
	return d.Batch(body)
}
