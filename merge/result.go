package merge

import "github.com/fieldlww/fieldlww/record"

// Result is the decision on one item.
type Result struct {
	// Key is the key of the record, or the part of it that could be read.
	Key record.Key
	// Refusal says why the item was refused. It is nil if the item was accepted.
	Refusal *Refusal
	// Changed reports whether the item stored a write that was not stored before. A retry
	// changes nothing. If two items of one batch hold the same new write, Changed is set for
	// both.
	Changed bool
	// Fields has a Decision for each field that the item writes, sorted by name.
	// It is empty if the item was refused, or if it was accepted although the actor may not read the
	// record, see Stored.MayRead.
	Fields []Decision
	// Notes holds further codes about an accepted item.
	Notes []Code
}

// Accepted reports whether the item was accepted.
func (r Result) Accepted() bool { return r.Refusal == nil }
