package lawtest

import "github.com/fieldlww/fieldlww/merge/buckets"

// viewRules are the rules of the protocol. The zero viewRules are the right ones, and a mutant
// changes one.
type viewRules struct {
	// The server.

	// begin begins a chunk; nil is buckets.Cursor.Begin.
	begin func(c *buckets.Cursor, s buckets.Snapshot) ([]buckets.Reset, bool)
	// position returns which rows of a bucket are sent; nil is buckets.Cursor.Range.
	position func(c buckets.Cursor, granted int64) (after, begun int64)
	// after changes the cursor at the end of a chunk; nil leaves it.
	after func(c *viewCursor)

	// judge answers a push; nil is merge.Push with buckets.Rights.
	judge func(e *viewEngine, q viewPush) viewAnswer

	rightsOnce bool // the rights are read once for all pages
	notesTold  bool // the server, and not the cursor, notes which buckets it told
	anyLeft    bool // a departure from one bucket is sent as left, whatever the other buckets
	grantFree  bool // a grant takes no sequence
	firstGrant bool // a bucket that is granted again has the sequence of its first grant

	departsByFlag   bool // a row is a departure if the write that stored it says so
	deadGetSequence bool // a new life or an erasure gives the rows of a dead record a new sequence
	entersOnly      bool // a write stores rows only in the buckets that the record enters or leaves
	noDepartures    bool // a write stores no row in a bucket that the record leaves
	purgesDeadSoon  bool // a dead record and its rows are purged whatever their sequence

	rowStays      bool // a derived row does not move with its record
	rowShares     bool // it has the sequence of its record
	rowAtSweep    bool // it leaves when its record is swept, not when it is deleted
	rowOfClient   bool // it is in the bucket a of one client, and its values are left out by rights
	rowAfterGrant bool // such a row is sent again after a grant
	rowAfterMove  bool // such a row is sent again after a move of its record

	// The client.

	noSelfPurge  bool // it does not purge what it holds
	adds         bool // a line adds its buckets to those in which the record was held
	deletes      bool // forgetting a record deletes it
	joinsOwn     bool // an accepted item is joined with what is held
	showsLeft    bool // an item that creates a record is shown after the record has left
	anyChunk     bool // a late chunk is applied whatever the cursor of the store
	greater      bool // a late chunk is applied if its cursor is not below the store's
	ownCursor    bool // each tab has its own cursor
	anySettled   bool // any settled pull ends an overlay
	keepsOverlay bool // no pull ends an overlay
}

// beginChunk begins a chunk.
func (r *viewRules) beginChunk(c *buckets.Cursor, s buckets.Snapshot) ([]buckets.Reset, bool) {
	if r.begin != nil {
		return r.begin(c, s)
	}
	return c.Begin(s)
}

// positionIn returns which rows of a bucket are sent.
func (r *viewRules) positionIn(c buckets.Cursor, granted int64) (after, begun int64) {
	if r.position != nil {
		return r.position(c, granted)
	}
	return c.Range(granted)
}
