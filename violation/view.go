package violation

import (
	"context"

	"github.com/fieldlww/fieldlww/record"
)

// View is a read-only view of the storage of a server or client, within the transaction that
// is about to store changes, or after that transaction. Look-ups are batched: a check makes at
// most two calls for each rule, and two more if Checker.Buckets is set, whatever the number of
// changes. Answers are in the order of the questions.
//
// Only one goroutine uses a View at a time. A check does not modify the slices that a View
// returns.
type View interface {
	// Groups returns, for each named scope of a rule, the records and rows that
	// Checker.ScopesOf places in it: records of the rule, including deleted ones for which it
	// names scopes, and open rows of violations. If Checker.Buckets is set, it is also asked for
	// scopes of BucketsRule, which hold rows of any status and no records.
	Groups(ctx context.Context, rule string, names []string) ([]ScopeRecords, error)

	// Get returns the record of each key. A record that does not exist has no fields.
	Get(ctx context.Context, keys []record.Key) ([]Lookup, error)
}

// ScopeRecords holds the records and rows of one scope in a View, in any order.
type ScopeRecords struct {
	Records []record.Record
	// Rows are the rows of violations that were found in this scope and are stored as open or,
	// for a scope of BucketsRule, all rows about one record. Other rows among them do no harm.
	Rows []record.Record
	// Err is the reason why the scope was not read, such as ErrTooLarge; Records and Rows are
	// then ignored. The scope is reported as unchecked, and the others are checked. A view
	// that reads from a database should limit what it reads from one scope and from all
	// scopes of a call together, because users decide how many records a scope has.
	Err error
	// Partial reports that other records may belong to the scope as well.
	Partial bool
}

// Lookup is the result of looking up one key.
type Lookup struct {
	// Record is the record, deleted or not, or a record without fields if there is none.
	Record record.Record
	// Unknown reports that the view cannot tell whether the record exists, as on a client that
	// does not hold the table.
	Unknown bool
}
