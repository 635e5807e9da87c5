package merge

import "github.com/fieldlww/fieldlww/record"

// Result is what became of one item.
type Result struct {
	// Key names the record, as far as the item could be read.
	Key record.Key
	// Refusal says why the item was refused. It is nil if the item was accepted.
	Refusal *Refusal
	// Changed tells whether one of its writes was stored that was not stored before. A
	// retry changes nothing. If two items of one batch hold the same write, both do.
	Changed bool
	// Fields has a Decision for each field that the item writes, sorted by name.
	// It is empty if the item was refused.
	Fields []Decision
	// Notes are what else there is to say about an accepted item.
	Notes []Code
}

// Accepted reports whether the item was accepted.
func (r Result) Accepted() bool { return r.Refusal == nil }
