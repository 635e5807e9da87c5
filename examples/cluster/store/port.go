package store

import "errors"

// MostPuts is the greatest number of puts in a batch. The server permits 1,000 messages, and one of
// them is the head. A put of KindState counts as Copies puts.
const MostPuts = 999

// MostBytes is the greatest size of the data of a batch, in bytes. One message holds up to 8 MB less
// its headers.
const MostBytes = 24 << 20

// Copies is the number of messages in which an entry of KindState is stored: see copies.go.
const Copies = 32

// An Entry is a message as it is stored. With Seq 0, no message is stored under Key, and Data is
// nil. The receiver must not modify Data.
type Entry struct {
	Key  Key
	Seq  int64 // the sequence in the stream, which is also the position of a pull
	Data []byte
}

// A View is what Load has found. It is of one moment: it holds all puts of a batch or none.
type View struct {
	Entries []Entry // in the order of the keys that were asked for
	Head    int64   // the sequence of the last batch of the workspace, 0 before the first one
}

// A Put replaces one message.
type Put struct {
	Key   Key
	After int64 // the sequence of the message that it replaces, 0 if none is stored
	Data  []byte
	// Buckets names, for a record, the buckets in which something changed. Watch reports them.
	Buckets []string
}

// A Batch is stored as a whole or not at all. No key may stand in it twice, and all keys belong to
// its workspace. A batch without puts is permitted: it moves the head.
type Batch struct {
	Workspace string
	// ID is unique for each attempt, 1 to 64 characters from A to Z, a to z, 0 to 9, - and _.
	ID   string
	Puts []Put
	// If is the entry on which the batch depends but which it does not write, as Load returned it. The
	// commit conflicts if the entry has changed. With the zero Entry, the batch depends on nothing else.
	If Entry
}

// A Change reports that a workspace has a new head. Only hints are reported, which may repeat, and
// the later of two may stand for both.
type Change struct {
	Workspace string
	Seq       int64    // the new head
	Buckets   []string // the buckets in which something changed; nil if no record did
	Any       bool     // Buckets may be incomplete, or users or the state of the workspace changed
}

// A Page is a part of the records of a workspace, in the order of their sequences.
type Page struct {
	Entries []Entry // of KindRecord, each of them the present message of its key when it was read
	Reached int64   // the position after which to read next
	More    bool    // more records may follow; false at the head
}

// The errors of a Store. Each error that a method returns wraps one of them, or the error of the
// context, or is a *ConfigError.
var (
	// ErrConflict is returned if a put or the condition of a batch refers to a message that has been
	// replaced. Nothing was stored. Load again and retry, after a pause with jitter.
	ErrConflict = errors.New("another batch has changed an entry")
	// ErrUnknown is returned if the batch was sent and its answer did not arrive. It may be stored, now
	// or later. Load again: the batch is stored if an entry that it wrote carries its ID. If the entry
	// is unchanged, retry: only one of the attempts can succeed. It may be the first one, even if a
	// later Load did not find it, so keep the answers of all attempts until one has an outcome.
	ErrUnknown = errors.New("the outcome of the batch is unknown")
	// ErrTooLarge is returned for a batch or an entry above the limits. Nothing was stored, and a retry
	// fails too.
	ErrTooLarge = errors.New("the batch is too large")
	// ErrUnavailable is returned if no majority of the nodes answers in time. Nothing was stored.
	// Methods that read have retried before.
	ErrUnavailable = errors.New("no majority of the nodes answers")
	// ErrFull is returned if a node has no space left. Nothing was stored. Reading is still possible.
	ErrFull = errors.New("the cluster has no space left")
)
