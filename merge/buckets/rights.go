package buckets

import (
	"fmt"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// MaxBuckets is the greatest number of buckets into which an item may put a record. A join of
// several items may exceed it.
const MaxBuckets = 100

// Rights decides which stored records the actor of a push may read and change. It has the two
// functions that merge.Stored needs, and must be made of what was read inside the lock. The zero
// Rights permits nothing.
type Rights struct {
	Of    Func
	Fence clock.Timestamp // of the workspace; see merge.Stored
	// Read reports whether the actor has a bucket, and Add whether the actor may put records into a
	// bucket. A nil Add permits the buckets that Read permits. An Add that permits more lets users
	// hand over records that they then no longer see.
	Read, Add func(bucket string) bool
}

// MayRead reports whether the actor has one of the buckets of a record. It is a
// merge.Stored.MayRead.
func (r Rights) MayRead(rec record.Record) bool {
	return r.Read != nil && slices.ContainsFunc(r.Of.Of(rec, r.Fence), r.Read)
}

// MayWrite permits an item if the actor may add the record to all buckets that are new. It permits
// an item that adds the record to no bucket, so it does not stop a user who may only read. It is a
// merge.Stored.MayWrite; a server with more rules, such as roles, calls it first. The error is a
// *merge.Refusal.
func (r Rights) MayWrite(seen, after record.Record, _ record.Mutation) error {
	if r.Of != nil {
		isBad := func(name string) bool { return !Valid(name) && !slices.Contains(r.Of(seen), name) }
		if slices.ContainsFunc(r.Of(after), isBad) {
			return refusal(merge.Invalid, fmt.Errorf("%w: the name of a bucket", record.ErrName))
		}
	}
	before, in := r.Of.Of(seen, r.Fence), r.Of.Of(after, r.Fence)
	if len(in) > max(MaxBuckets, len(before)) {
		return refusal(merge.LimitExceeded, &record.LimitError{What: "buckets", Limit: MaxBuckets})
	}
	add := r.Add
	if add == nil {
		add = r.Read
	}
	for _, name := range in {
		if _, was := slices.BinarySearch(before, name); !was && (add == nil || !add(name)) {
			return &merge.Refusal{Code: merge.Forbidden}
		}
	}
	return nil
}

func refusal(code merge.Code, err error) *merge.Refusal {
	return &merge.Refusal{Code: code, Err: &record.Error{Offset: -1, Err: err}}
}
