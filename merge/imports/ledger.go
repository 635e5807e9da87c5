package imports

import (
	"crypto/sha256"
	"database/sql/driver"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/lens"
)

// Ledger is what the runs of one import have seen of one row: for each field, the hash of the value
// in the source, and the number of the run that last saw something new. The zero Ledger belongs to
// a row that no run has seen.
//
// A Ledger is immutable and compares with ==. Store its text in a table with one row for each import
// and key, next to the records, and in the same backups. Its text is JSON, with the names sorted:
//
//	{"run":2,"hashes":{"due":"dCNOmK_nSY-12vHzasLXig","title":"83Ayr7KRyXxI5YfLtJRRnQ"}}
//
// An empty hash belongs to a value that a Lens has changed; see [Ledger.Up].
type Ledger struct {
	text string
}

// Closed returns the Ledger of a row that no run writes again. Store it in place of the ledgers of
// a record that is erased: it contains no hashes, from which short values could be guessed.
func Closed() Ledger { return Ledger{`{"closed":true}`} }

// Up returns the Ledger of a row whose record was translated by a Lens, so that later runs of the import
// give the new names and values. Store it in the transaction that translates the records. Otherwise,
// the next run takes each renamed field for one that no run has seen, and brings back what people
// deleted.
//
// The hash of a field goes with its name. It does not show what the function of a Field or Split
// makes of the value. So the next run takes the value that it finds in such a field for the one that was
// seen, and brings no deleted field or record back for it.
func (l Ledger) Up(by lens.Lens, table string) Ledger {
	before := l.entries()
	if len(before.Hashes) == 0 {
		return l
	}
	after := entries{Run: before.Run, Hashes: make(map[string]string)}
	for name, was := range before.Hashes {
		if !by.KeepsValues(table, name) {
			was = unknown
		}
		for _, now := range by.NewNames(table, name) {
			if other, ok := after.Hashes[now]; ok && other != was { // two fields become one
				was = unknown
			}
			after.Hashes[now] = was
		}
	}
	return after.ledger()
}

// unknown stands for the hash of a value that a run has seen in another form.
const unknown = ""

// hash is the first half of the SHA-256 of the canonical JSON of a value, in base64 without padding.
func hash(v record.Value) string {
	sum := sha256.Sum256([]byte(v.JSON()))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// entries are the parts of a Ledger.
type entries struct {
	Run    int64             `json:"run,omitempty"`
	Hashes map[string]string `json:"hashes,omitempty"`
	Closed bool              `json:"closed,omitempty"`
}

// entries returns the parts of l. UnmarshalText has checked the text.
func (l Ledger) entries() (e entries) {
	_ = json.Unmarshal([]byte(l.text), &e)
	return e
}

// ledger returns the Ledger with the parts e.
func (e entries) ledger() Ledger {
	text, _ := json.Marshal(e) // e holds strings and numbers only
	return Ledger{string(text)}
}

// MarshalText returns the text of l, which is empty for the zero Ledger. The error is always nil.
func (l Ledger) MarshalText() ([]byte, error) { return []byte(l.text), nil }

// UnmarshalText sets l to the Ledger with a text that MarshalText returned. For any other text it
// returns an error that wraps ErrLedger, and does not change l.
func (l *Ledger) UnmarshalText(text []byte) error {
	read := Ledger{string(text)}
	if read != (Ledger{}) && read != Closed() {
		if e := read.entries(); e.Run < 1 || e.Closed || e.ledger() != read {
			return ErrLedger
		}
	}
	*l = read
	return nil
}

// Value returns the text of l, for a column of text. The error is always nil.
func (l Ledger) Value() (driver.Value, error) { return l.text, nil }

// Scan sets l from a column of text. NULL is the zero Ledger. The error wraps ErrLedger.
func (l *Ledger) Scan(src any) error {
	switch src := src.(type) {
	case nil:
		*l = Ledger{}
		return nil
	case string:
		return l.UnmarshalText([]byte(src))
	case []byte:
		return l.UnmarshalText(src)
	}
	return fmt.Errorf("%w: a %T", ErrLedger, src)
}
