package mergetest

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// withoutRights returns the replies to a batch of an actor that may do everything, without storing anything.
func (s *sharer) withoutRights(client clock.ClientID, batch []byte, before *disk) (replies []merge.Reply, items []record.Item) {
	items, err := s.engine.Decode(batch)
	if err != nil {
		return nil, nil
	}
	push := s.engine.Prepare(s.request(client, items))
	stored := before.load(push)
	stored.Fence, stored.Level = before.purge.fence.stamp, s.purger.level
	answer, err := push.Apply(stored)
	if err != nil {
		return nil, nil
	}
	return slices.Collect(answer.Replies()), items
}

// answered changes those replies to a push that are forbidden. Free is the reply of a server without rights.
func answered(change func(s *sharer, it record.Item, free merge.Reply, r *merge.Reply)) func(*sharer, clock.ClientID, []byte, []byte) []byte {
	return func(s *sharer, client clock.ClientID, batch, answer []byte) []byte {
		var replies []merge.Reply
		free, items := s.withoutRights(client, batch, s.disk)
		if json.Unmarshal(answer, &replies) != nil || len(free) != len(replies) {
			return answer
		}
		changed := false
		for i := range replies {
			if replies[i].Code == merge.Forbidden {
				change(s, items[i], free[i], &replies[i])
				changed = true
			}
		}
		if !changed {
			return answer
		}
		text, _ := json.Marshal(replies)
		return text
	}
}

// goneFirst says that an item is gone, even if its author may not read the record.
func goneFirst(_ *sharer, _ record.Item, free merge.Reply, r *merge.Reply) {
	if free.Code == merge.Gone {
		*r = free
	}
}

// lowPasses accepts items that change nothing.
func lowPasses(_ *sharer, _ record.Item, free merge.Reply, r *merge.Reply) {
	if free.Verdict == "accepted" && !free.Changed {
		*r = merge.Reply{Index: r.Index, Table: r.Table, ID: r.ID, Verdict: "accepted"}
	}
}

// someField accepts an item if one of its writes is stored.
func someField(s *sharer, it record.Item, _ merge.Reply, r *merge.Reply) {
	stored := s.disk.rows[it.Mutation.Data.Key()].Record
	for name, v := range it.Mutation.Data.All() {
		if w, ok := stored.Get(name); ok && w == v {
			*r = merge.Reply{Index: r.Index, Table: r.Table, ID: r.ID, Verdict: "accepted"}
		}
	}
}

// explains tells the stored record in the reply.
func explains(s *sharer, it record.Item, _ merge.Reply, r *merge.Reply) {
	r.Detail = "stored: " + string(s.disk.rows[it.Mutation.Data.Key()].AppendJSON(nil))
}

// tellsOutcomes tells the outcomes of the fields.
func tellsOutcomes(_ *sharer, _ record.Item, free merge.Reply, r *merge.Reply) {
	r.Fields = free.Fields
}

// retryForbidden forbids a retry of an item on a record that its author may no longer read.
func retryForbidden(s *sharer, client clock.ClientID, batch, answer []byte) []byte {
	var replies []merge.Reply
	items, _ := s.engine.Decode(batch)
	if json.Unmarshal(answer, &replies) != nil {
		return answer
	}
	rights := buckets.Rights{Of: Buckets, Fence: s.disk.purge.fence.stamp, Read: func(bucket string) bool { return s.has(client, bucket) }}
	for i, r := range replies {
		stored := s.disk.rows[items[i].Mutation.Data.Key()].Record
		if r.Verdict == "accepted" && !r.Changed && stored.Len() > 0 && items[i].Mutation.Data.Len() > 0 && !rights.MayRead(stored) {
			replies[i] = merge.Reply{Index: i, Table: r.Table, ID: r.ID, Verdict: "refused", Code: merge.Forbidden}
		}
	}
	text, _ := json.Marshal(replies)
	return text
}

// storedOnly judges all items by the record that was stored before the push.
func storedOnly(s *sharer, rights buckets.Rights) func(record.Record) bool {
	return func(r record.Record) bool {
		before, ok := s.disk.rows[r.Key()]
		if !ok {
			return true
		}
		return rights.MayRead(before.Record)
	}
}

// readsAll permits every read.
func readsAll(*sharer, buckets.Rights) func(record.Record) bool { return nil }

// addsAnything permits every write of a record that may be read.
func addsAnything(*sharer, buckets.Rights) func(seen, after record.Record, m record.Mutation) error {
	return nil
}

// addsNew permits every new record.
func addsNew(_ *sharer, rights buckets.Rights) func(seen, after record.Record, m record.Mutation) error {
	return func(seen, after record.Record, m record.Mutation) error {
		if seen.Len() == 0 {
			return nil
		}
		return rights.MayWrite(seen, after, m)
	}
}

// needsAll demands all buckets of the record, instead of those that the item adds.
func needsAll(_ *sharer, rights buckets.Rights) func(seen, after record.Record, m record.Mutation) error {
	return func(seen, after record.Record, m record.Mutation) error {
		return rights.MayWrite(record.New(after.Key()), after, m)
	}
}

// hintAtHidden returns the IDs of all records that a client may not read.
func hintAtHidden(s *sharer, client clock.ClientID) (ids []string) {
	for _, r := range s.disk.sorted() {
		if !slices.ContainsFunc(s.disk.shares.of(r.Record, s.disk), func(bucket string) bool { return s.has(client, bucket) }) {
			ids = append(ids, r.Key().ID)
		}
	}
	return ids
}

// brokenSharers are the unsound rules of partial replication.
func brokenSharers() []broken {
	of := func(name string, rule shareRule, laws ...law.Law) broken {
		rule.level = max(rule.level, 1)
		return broken{name, sharing(rule), laws}
	}
	return []broken{
		of("a load does not note where it began", shareRule{noB: true}, law.ResetBelow, law.Readable, law.Unheard),
		of("no grant fences", shareRule{noGrant: true}, law.Lacks),
		of("a grant takes no sequence", shareRule{grantFree: true}, law.Lacks),
		of("a bucket that is granted again is not loaded again", shareRule{regrantOld: true}, law.Unheard, law.Lacks),
		of("a load sends all departures", shareRule{sendsGone: true}, law.Unheard),
		of("a load skips departures by their flag alone", shareRule{fromLog: true}, law.Unheard),
		of("departures are not stored", shareRule{noDepartures: true}, law.Keeps),
		of("a fence resets no bucket", shareRule{noReset: true}, law.Keeps, law.Lacks, law.Skip, law.ResetBelow),
		of("all departures are purged", shareRule{purgesAll: true}, law.Keeps),
		of("a departure from one bucket forgets the record", shareRule{leftOfAny: true}, law.Lacks, law.Skip),
		of("the buckets of a client are not told", shareRule{silent: true}, law.Keeps),
		of("the server notes which buckets it told", shareRule{toldOnce: true}, law.Keeps),
		of("rights are read once for all pages", shareRule{rightsOnce: true}, law.Secret, law.Named, law.Lacks),
		of("after a restore the cursor goes on", shareRule{keepsC: true}, law.ResetBelow, law.Readable),
		of("a line names only the bucket of its row", shareRule{ofLog: true}, law.Named),
		of("a line names buckets that the client may not read", shareRule{allIn: true}, law.Named),
		of("a new life or an erasure gives rows of the dead record a new sequence", shareRule{newSeqOfDead: true}, law.Unheard),
		of("departures share a sequence with an earlier row", shareRule{sharesSeq: true}, law.Keeps),
		of("a record that leaves is deleted", shareRule{evictsDeleted: true}, law.Evicts),
		of("a page ends with the IDs of hidden records", shareRule{hints: hintAtHidden}, law.Secret),
		of("every client reads everything", shareRule{mayRead: readsAll}, law.Rights, law.Secret),
		of("records may be added to every bucket", shareRule{mayWrite: addsAnything}, law.Rights),
		of("new records may be added to every bucket", shareRule{mayWrite: addsNew}, law.Rights),
		of("all buckets of a record are needed to write it", shareRule{mayWrite: needsAll}, law.Allowed),
		of("items are judged by the record before the push", shareRule{mayRead: storedOnly}, law.Rights, law.Allowed),
		of("gone is judged before rights", shareRule{replies: answered(goneFirst)}, law.Secret),
		of("writes below the stored ones pass unread", shareRule{replies: answered(lowPasses)}, law.Rights),
		of("an item passes if one of its writes stands", shareRule{replies: answered(someField)}, law.Rights),
		of("a forbidden reply has a detail", shareRule{replies: answered(explains)}, law.Secret),
		of("a forbidden reply tells the outcomes", shareRule{replies: answered(tellsOutcomes)}, law.Secret),
		of("a retry after a hand-over is forbidden", shareRule{replies: retryForbidden}, law.HandedOver),
		of("rights are lost in a restart", shareRule{losesRights: true}, law.Allowed, law.Named, law.Lacks),
		of("the names of buckets are folded", shareRule{folds: true}, law.Secret, law.Named, law.Rights),
	}
}

// TestBrokenSharersAreFound checks that the kit finds each mistake of a backend with buckets within 100 runs, and names a
// law that it breaks.
func TestBrokenSharersAreFound(t *testing.T) {
	checkAll(t, brokenSharers(), func(t *testing.T, b broken) { b.check(t, Options{}) })
}
