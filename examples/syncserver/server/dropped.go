package server

import (
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// RefuseDropped returns a push whose items of dropped violation rows are refused as gone, and takes these rows
// out of what is stored. Only the server makes violation rows, so a row that an item names and that is not stored
// was dropped. Backends call it if there is a fence, because no row was dropped before, and if there are buckets,
// because a row without derived fields would be in no bucket.
func RefuseDropped(engine merge.Engine, push *merge.Push, stored *merge.Stored) *merge.Push {
	dropped := make(map[record.Key]bool)
	for _, r := range stored.Records {
		if r.Key().Table == violation.DefaultTable && r.Len() == 0 {
			dropped[r.Key()] = true
		}
	}
	if len(dropped) == 0 {
		return push
	}
	stored.Records = slices.DeleteFunc(stored.Records, func(r record.Record) bool { return dropped[r.Key()] })
	guard := engine.Guard
	engine.Guard = func(actor clock.ClientID, m record.Mutation) error {
		if dropped[m.Data.Key()] {
			return &merge.Refusal{Code: merge.Gone}
		}
		if guard == nil {
			return nil
		}
		return guard(actor, m)
	}
	return engine.Prepare(push.Request())
}
