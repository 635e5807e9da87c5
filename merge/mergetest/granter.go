package mergetest

import (
	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/record"
)

// Granter is a Backend with partial replication: each record is in the buckets that [Buckets] returns, and
// each client reads and writes only the records of the buckets that it was granted.
//
// A client may read a record that is in one of its buckets. A deleted record stays in its buckets
// until it is dead at the fence or erased; then it is in none. An item is judged by the normal form of the
// stored record joined with the items of the same push on that record that passed before it, in ascending
// order of their greatest stamps and then of their canonical bytes:
//
//   - If the record exists and the client may not read it, the item is refused as merge.Forbidden,
//     without path and detail. But if every write of the item is the stored one and was made by the client
//     itself, the item is accepted, without fields and notes. So the retry of an item that moved a record
//     away is safe.
//   - Otherwise, if a write of the item is above the stored one, the client needs all buckets that the
//     item adds, and all buckets of a record that it creates. Without them, the item is refused as merge.Forbidden.
//
// The functions merge.Stored.MayRead and MayWrite ask these questions, and package merge/buckets has both
// functions for a backend whose rights are sets of buckets.
//
// A pull returns JSON Lines, as a [Purger] does, also if the Granter is not a Purger. They differ from
// the lines of a Purger without buckets as follows:
//
//   - A line with a record has the member in: the buckets of the record that the client may read, at least
//     one. They replace the buckets that the client has noted for the record.
//   - A line {"table":"tasks","id":"…","left":true} says that the client may no longer read the record, or that
//     the record is dead or erased. It names only records that the client was once entitled to read. A dead
//     record is not returned in any other form.
//   - A line with the member reset, at the beginning of a page, lists buckets: {"reset":["a","b"],"why":"grant"}.
//     The client removes them from the buckets of every record, and forgets the records that are then in no
//     bucket. The member why is epoch after a restore, and then the client forgets the fence, too; otherwise it
//     is fence or grant. A page may have a line for each why. A bucket is reset if the cursor is below the
//     fence or below the sequence at which the bucket was granted, and what is in it is then returned again. A
//     page that is not the first of its pull resets only what was granted or fenced since the page before.
//   - The last line of a page may have the member buckets, with all buckets of the client. The client removes
//     all others from the buckets of every record, and forgets the records that are then in none. The member
//     may be missing if the buckets are those that the cursor stands for.
//
// Each page is judged by the rights, the rows and the values of one moment. Only the rights, and not the stored
// state, depend on the client: nothing that a client pulls or forgets changes the store.
//
// The kit grants all buckets to each client before its first request, and grants and revokes them
// later, also between two pages of a pull. It looks for IDs and values of records that a client may not read in
// every byte of every answer, so most edits have an additional field secret, with a text that occurs nowhere
// else, and some edits have the field buckets. A Granter must accept both fields, also with Options.OnlyFields.
//
// The kit knows no roles: a client may change all records that it may read. Let Grant give a role that
// permits this, and test other roles, such as readers, yourself.
type Granter interface {
	// Grant permits a client to read the records of a bucket and to add records to it. If the client has the
	// bucket already, nothing changes. Rights are part of the store: a restart keeps them, and a restored server
	// has the rights of its backup. An error fails the test, except within an Env.Pause of a pull.
	Grant(client clock.ClientID, bucket string) error
	// Revoke takes a bucket from a client. If the client does not have the bucket, nothing changes. When Revoke
	// has returned, no page that begins later depends on the bucket.
	Revoke(client clock.ClientID, bucket string) error
}

// Buckets returns the buckets of a record that the kit writes, sorted and each once: those that its field
// buckets names, as a text or as a list of texts, and "" if there is no such field. It is the function that a
// [Granter] must use for the records of the devices. It does not look at whether the record is dead or erased.
func Buckets(r record.Record) []string {
	v, ok := r.Get(schedule.BucketField)
	if !ok || v.Deleted() {
		return []string{""}
	}
	return oracle.ParseBuckets(v.Value.JSON())
}
