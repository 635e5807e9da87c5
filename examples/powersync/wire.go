package powersync

import (
	"encoding/json"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
)

// MaxTransactions is the greatest number of transactions in one Batch.
const MaxTransactions = 50

// MaxEntries is the greatest number of entries in all transactions of one Batch. The answer may name each of them.
const MaxEntries = 20_000

// Batch is the body of an upload: transactions of one device, in the order of its queue.
type Batch struct {
	Transactions []Transaction `json:"transactions"`
}

// entries returns the number of entries in all transactions.
func (b Batch) entries() (n int) {
	for _, t := range b.Transactions {
		n += len(t.Crud)
	}
	return n
}

// Transaction is one local transaction of a device.
type Transaction struct {
	// ID is the number that the device gave to the transaction. Numbers rise, and are never used again
	// by the same database. It is needed for entries without a stamp only.
	ID *int64 `json:"transaction_id"`
	// Crud holds the operations, in their order.
	Crud []Entry `json:"crud"`
}

// Entry is one queued operation on one row.
type Entry struct {
	Op    string `json:"op"` // PUT for INSERT, PATCH for UPDATE, or DELETE
	Table string `json:"table"`
	ID    string `json:"id"`
	// Data holds, by column, the values that are not NULL for a PUT, and the changed values for a PATCH.
	Data map[string]json.RawMessage `json:"op_data,omitempty"`
	// Metadata is what the app wrote to the column _metadata in the same statement; see Metadata.
	Metadata string `json:"metadata,omitempty"`
}

// Results is the body of an answer: one Result for each transaction, in the order of the Batch.
type Results struct {
	Results []Result `json:"results"`
}

// The statuses of a Result.
const (
	// Success: all entries are accepted. The client completes the transaction.
	Success = "success"
	// Retryable: the client keeps the transaction, and sends it again later.
	Retryable = "retryable_error"
	// Fatal: some entries are refused permanently, and all others are accepted. The client completes
	// the transaction, and tells the user what was dropped.
	Fatal = "fatal_error"
	// NotAttempted: an earlier transaction of the batch is retryable, so this one was not looked at.
	NotAttempted = "not_attempted"
)

// Result is the answer about one transaction. Notices, ServerTime and Ahead are additions to the
// reference API, whose clients ignore them.
type Result struct {
	Status  string `json:"status"`
	Message string `json:"message,omitempty"`
	// RetryAfter is when a Retryable transaction should be sent again, in milliseconds.
	RetryAfter int64 `json:"retry_after_ms,omitempty"`
	// ServerTime is set if an entry is stamped too far ahead: the client corrects its clock, stamps
	// the entries again whose stamps are at or above the one of the entry Ahead, and retries.
	ServerTime clock.Timestamp `json:"server_time,omitzero"`
	Ahead      *int            `json:"ahead,omitempty"`
	// Refusal is set if Status is Fatal.
	*Refusal
	// Notices are what the user should be told.
	Notices []Notice `json:"notices,omitempty"`
}

// Refusal is the part of a Result that the reference API requires of a fatal error.
type Refusal struct {
	// ClientHandling is always false: a client that waits for a decision of its user blocks its queue.
	ClientHandling bool `json:"requires_client_handling"`
	// Failed is the first refused entry. Notices has all of them.
	Failed Failed `json:"failed_operation"`
}

// Failed describes a refused entry.
type Failed struct {
	Code    merge.Code `json:"error_code"`
	Message string     `json:"message,omitempty"` // for people, without values
	Index   int        `json:"operation_index"`
}

// Notice reports a refused entry, or a note about an accepted one, such as a lost edit.
type Notice struct {
	Index   int        `json:"operation_index"` // position of the entry in its transaction
	Table   string     `json:"table"`
	ID      string     `json:"id"`
	Code    merge.Code `json:"code"`
	Dropped bool       `json:"dropped"` // the entry was refused
	Path    string     `json:"path,omitempty"`
	Advice  string     `json:"advice,omitempty"`
}
