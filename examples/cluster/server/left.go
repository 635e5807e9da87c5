package server

import (
	"maps"

	syncserver "github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
)

// The message of a record takes the place of the rows of the log that package merge/buckets describes. The record
// is in the buckets that the Func names, and the sequence of the message says when it entered them or changed in
// them. The buckets that it has left stand in the message, each with the sequence at which it left. So a message
// that moves to a new sequence takes the departures along, and a client that passed the old sequence may get the line
// of a departure again, which does no harm.
//
// A record that dies because the fence rises is not written then. Its buckets are those that it would have
// without the fence, and it has left them with the sequence of its message.

// withRows returns a Func that also knows the buckets of violation rows, which the rules derive as a field of the
// row. The nil Func stays nil.
func withRows(of buckets.Func) buckets.Func {
	if of == nil {
		return nil
	}
	return syncserver.WithRows(of)
}

// departures returns the buckets that a stored record has left, with the sequences at which it left them. Those at
// or below the fence may be missing.
func departures(of buckets.Func, r stored, f fence) map[string]int64 {
	all := maps.Clone(r.left)
	if all == nil {
		all = make(map[string]int64)
	}
	if len(of.Of(r.Record, f.Stamp)) == 0 {
		for _, name := range of.Of(r.Record, 0) {
			all[name] = r.seq
		}
	}
	maps.DeleteFunc(all, func(_ string, seq int64) bool { return seq <= f.Seq })
	return all
}

// move returns what the message of a record holds as left when after replaces it, and the buckets in which
// something changes.
func move(of buckets.Func, before stored, after record.Record, f fence) (left map[string]int64, changed []string) {
	in, gone := of.Moves(merge.Update{Before: before.Record, After: after}, f.Stamp)
	left = departures(of, before, f)
	for _, name := range gone {
		left[name] = own
	}
	for _, name := range in {
		delete(left, name)
	}
	return left, append(in[:len(in):len(in)], gone...)
}
