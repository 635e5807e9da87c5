package violation

import (
	"context"

	"github.com/fieldlww/fieldlww/record"
)

// View is a read-only look at the storage of a server or client, within the
// transaction that is about to store, or after it. Look-ups come in batches: a check
// makes two calls for each rule at most, whatever the number of changes. Answers are
// in the order of the questions.
//
// A view is used by one goroutine at a time. What it returns is not changed.
type View interface {
	// Groups returns, for each of the named scopes of a rule, the records and the rows of
	// violations that stand in it by Checker.ScopesOf: records of the rule, also deleted ones
	// for which the rule names scopes, and open rows.
	Groups(ctx context.Context, rule string, names []string) ([]ScopeRecords, error)

	// Get returns the record of each key. One that does not exist has no fields.
	Get(ctx context.Context, keys []record.Key) ([]Lookup, error)
}

// ScopeRecords are the records and rows of one scope that a View has, in any order.
type ScopeRecords struct {
	Records []record.Record
	// Rows are the rows of violations that were found in this scope and are stored as
	// open. Others among them do no harm.
	Rows []record.Record
	// Err says why the scope was not read, such as ErrTooLarge; then Records and Rows do
	// not count. The scope is reported as unchecked, and the others are checked. A view
	// that reads from a database should bound what it reads of one scope, and of all
	// together, since users decide how many records a scope has.
	Err error
	// Partial says that other records may belong to the scope as well.
	Partial bool
}

// Lookup is the result of looking up one key.
type Lookup struct {
	// Record is the record, deleted or not, and one without fields if there is none.
	Record record.Record
	// Unknown says that it cannot be told whether there is one, as on a client that
	// does not hold the table.
	Unknown bool
}
