package server

import (
	"context"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/lens"
	"github.com/fieldlww/fieldlww/violation"
)

// Backend is where a Frontend keeps records, users and rights. A Server has one on SQL databases, and
// examples/cluster has one on a cluster of NATS servers. Its methods are called from any number of
// goroutines.
//
// An error that a method returns is answered with the status 503, unless it is one of the failures of
// this package, such as TooLarge, or wraps one.
type Backend interface {
	// Secret returns the key that signs tokens and invitations. It is the same for all processes that
	// share the data, and does not change.
	Secret(ctx context.Context) (string, error)
	// Admit binds a new client to its user, and follows the rights of a new token. It fails with
	// ClientTaken, TooManyClients, TooManyBuckets or SignedOut.
	Admit(ctx context.Context, a Account) error
	// Owns reports whether a client ID is bound to the user of an account.
	Owns(ctx context.Context, a Account) (bool, error)
	// Push decides on a batch and stores the result. After an error it has stored nothing, unless the outcome
	// of storing is unknown. It fails with Malformed, TooLarge or EpochChanged, or with an error of the Budget.
	Push(ctx context.Context, m Sender, p Pushed) (Outcome, error)
	// Snapshot returns the state of the workspace, the rights of the user and the next records of a pull, all of
	// one moment. The records are the ones that the user lacks according to the cursor of the page, after
	// [buckets.Cursor.Begin]. There are at most as many as [Page.Bounds] says.
	Snapshot(ctx context.Context, p *Page) (Snapshot, error)
	// Follow returns the buckets of a user, and the last sequence of the workspace. It reads the sequence
	// after the buckets.
	Follow(ctx context.Context, m Sender) (buckets []string, seq int64, err error)
	// Members returns the members of the buckets of a user, or of one of these buckets. The first are the rows
	// of the user, and there are at most [MaxMembers].
	Members(ctx context.Context, m Sender, bucket *string) ([]Member, error)
	// ChangeMember changes a membership. It fails with UnknownUser, TooManyBuckets, or an error of Permit.
	ChangeMember(ctx context.Context, c MemberChange) error
	// Check returns nil if writes can be stored, and the names of the rules that could not check some
	// scopes.
	Check(ctx context.Context) (unchecked []string, err error)
	// Watch reports changes until the context ends, including the changes that this process makes. It may
	// report a change more than once.
	Watch(ctx context.Context, report func(News))
}

// Sender is who sends a request: a client of a user in a workspace.
type Sender struct {
	Workspace string
	User      string
	Client    clock.ClientID
	Ends      time.Time // of the token; zero means never
}

// Pushed is a push that is not decoded yet. A Backend decodes it with Items, so that it stores one form.
type Pushed struct {
	Body   []byte
	Whole  bool           // merge.Request.WholeItems
	Cursor buckets.Cursor // of the last pull; the zero cursor if the client has pulled nothing or sends none
	Budget Budget         // of the user

	old *oldForm // of an old client; nil for one of the version that is stored
}

// Outcome is the result of a push.
type Outcome struct {
	Answer merge.Answer     // the replies to the items
	Push   *merge.Push      // on which the Answer decides
	Report violation.Report // the violations that opened, closed or changed
	Told   []merge.Update   // the violation rows among them that the user may read
	Ahead  []AheadWrite     // stored writes that are too far ahead, if an item was refused as too far ahead
	read   int              // bytes of the stored records that the push names
}

// Page is the part of a pull with a cursor that is still to be sent.
type Page struct {
	Sender
	Cursor buckets.Cursor
	Limit  int64   // how many more lines the client wants
	chunk  int64   // how many records to read next, on SQL databases
	next   reading // what to read next, on SQL databases; zero if that is unknown

	columns bool       // whether the records are sent as columns
	old     *lens.Lens // of an old client; nil for one of the version that is stored
	all     bool       // whether each member may read all of the last chunk
	begun   bool       // whether the first snapshot was taken
}

// Bounds returns after how many records, and after how many bytes of them, a chunk ends.
func (p *Page) Bounds() (records int64, bytes int) {
	if p.columns {
		return columnRecords, columnBytes
	}
	return chunkRecords, chunkBytes
}

// Snapshot is the state of a workspace, what a user may read, and the next records of a pull.
type Snapshot struct {
	buckets.Snapshot
	Purged  clock.Timestamp // the fence of merge.Purge; zero if nothing was ever purged
	Level   int             // the level of merge.Purge
	Sampled clock.Timestamp // the greatest stamp of the newest sample
	Latest  clock.Timestamp // the greatest stamp of all records, or a bound that is not below it
	Records []Found         // in ascending order of sequence
	More    bool            // whether there may be further records
	Reached int64           // if there may be: the sequence up to which there are none
	sparse  bool            // whether a window has few records that the user may read
	logged  bool            // whether the log may have rows that a plain reading has not read
}

// Found is a record that a pull has found with a sequence under some buckets.
type Found struct {
	record.Record
	Seq   int64
	Under string // a JSON array of the names of these buckets; empty for the one bucket ""
}

// isOfAll reports whether the user has the bucket "" and no other.
func (now Snapshot) isOfAll() bool {
	_, ok := now.Granted[""]
	return ok && len(now.Granted) == 1
}

// after returns the cursor of a client that has received the records of the snapshot.
func (now Snapshot) after(at buckets.Cursor) buckets.Cursor {
	if now.More {
		at.Reach(now.Reached)
	} else {
		at.Settle(now.Seq)
	}
	return at
}

// MemberChange is a change of a membership that a client asks for.
type MemberChange struct {
	By     Sender
	Member // with an empty role, the membership ends
	// Permit decides, given the actor with the present roles and the present members of the bucket.
	Permit func(a Actor, members []Member) error
}

// Budget is what the sender of a push may use. A push is charged once for what it reads and writes, before
// it is stored. The zero Budget has no limit.
type Budget struct {
	quotas          *quotas
	workspace, user string
}

// Charge counts a cost in bytes, or refuses the push.
func (b Budget) Charge(cost int) error {
	if b.quotas == nil {
		return nil
	}
	return b.quotas.charge(b.workspace, b.user, float64(cost))
}

// CostOfItem is what a push is charged for each item, and for each scope that a record enters or leaves, in
// bytes.
const CostOfItem = costOfItem
