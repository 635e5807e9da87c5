package merge

import (
	"crypto/sha256"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Update is a record to store.
type Update struct {
	// Before is the record as it was in Stored.Records, perhaps without fields. Under a fence it is
	// the normal form of that record, which Purge returns.
	Before record.Record
	// After is the record to store, with all its fields. It joins Before with the accepted writes,
	// but a new life of a dead record replaces Before.
	After record.Record
}

// Answer is the decision on a Push. It shares memory with the Request and with Stored, and
// never changes.
type Answer struct {
	// Results has one Result for each item, in the order of the items. AppendJSON encodes
	// them for the client.
	Results []Result
	// Updates are the records whose stored bytes change, sorted by key. Store each with a new
	// sequence, all in the transaction in which Stored was read.
	Updates []Update
	// Watermarks holds the greatest accepted stamp of each client that has an accepted
	// write in this push, sorted by client. The stamp is never lower than the client's stamp in
	// Stored.Watermarks. The caller stores the watermarks in the same transaction, and keeps a
	// stored one that is greater: with AnyClient, a push may have writes by clients whose
	// watermark was not loaded.
	Watermarks []clock.Stamp
	// Greatest is the greatest accepted time, or zero. A server that stamps writes of
	// its own lets its clock observe Greatest after the transaction has committed, not
	// before.
	Greatest clock.Timestamp
}

// Digest returns a fingerprint of the whole Answer: the results as JSON, the decisions with
// both values and with Seen, the updates, the watermarks and the greatest time. Equal answers
// have equal digests, on every platform.
func (a Answer) Digest() Digest {
	h := sha256.New()
	var text []byte
	write := func(part []byte) {
		h.Write(append(part, '\n'))
		text = part[:0]
	}
	for reply := range a.Replies() {
		write(appendJSON(text, reply))
	}
	for d := range a.Decisions() {
		write(append(d.Incoming.AppendJSON(d.Before.AppendJSON(text)), byte('0'+d.Seen)))
	}
	for _, u := range a.Updates {
		write(record.Mutation{Data: u.Before}.AppendJSON(text))
		write(record.Mutation{Data: u.After}.AppendJSON(text))
	}
	for _, mark := range a.Watermarks {
		write(append(text, mark.String()...))
	}
	write(append(text, a.Greatest.String()...))
	return Digest(h.Sum(nil))
}
