package violation

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// Guard returns a guard that lets clients write only FieldAcknowledged, FieldDismissed and
// FieldNote to a table of violations, each with a value of at most MaxUserField bytes. The
// other fields are derived, so it refuses them. Items that it does not refuse, in any table, go
// to the next guard, which may be nil. A table "" means DefaultTable, as in a Checker.
func Guard(table string, next merge.Guard) merge.Guard {
	table = cmp.Or(table, DefaultTable)
	return func(actor clock.ClientID, m record.Mutation) error {
		if m.Data.Key().Table == table {
			for name, w := range m.Data.All() {
				path := "data." + record.PathName(name)
				if !isUserField(name) {
					return &merge.Refusal{Code: CodeDerivedField, Path: path, Err: errDerived}
				}
				if len(w.Value.JSON()) > MaxUserField {
					return &merge.Refusal{Code: merge.LimitExceeded, Path: path, Err: errWritten}
				}
			}
		}
		if next == nil {
			return nil
		}
		return next(actor, m)
	}
}

// CodeDerivedField is the code with which Guard refuses an item that writes a derived field of
// a row.
const CodeDerivedField merge.Code = "derived_field"

// MaxUserField is the maximum size of a value that a client may write to a row, in bytes of
// JSON. A check reads all open rows of a scope, so their size is limited.
const MaxUserField = 4096

var errWritten = fmt.Errorf("the value has more than %d bytes: shorten it", MaxUserField)

var errDerived = fmt.Errorf("only %s may be written: the other fields of a row are derived", strings.Join([]string{FieldAcknowledged, FieldDismissed, FieldNote}, ", "))
