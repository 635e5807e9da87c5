package store

import "math/rand/v2"

// An entry of KindState is stored as Copies messages with equal data. JetStream permits one
// proposal at a time with an expectation about a subject, also if the proposal does not write to
// it. If the batches of a workspace all depended on one message, each would be refused while
// another is on its way. A batch picks a copy at random instead, so few of them meet.
//
// A batch that writes the entry writes all copies, one after the other, so their sequences are
// consecutive, and the sequence of the entry, which is the one of the first copy, determines all.
// A workspace without state has none of the messages.

// anyCopy picks a copy.
func anyCopy() int { return rand.IntN(Copies) }

// copySeq returns the sequence of a copy of an entry with sequence seq, or 0 if it is not stored.
func copySeq(seq int64, copy int) int64 {
	if seq == 0 {
		return 0
	}
	return seq + int64(copy)
}
