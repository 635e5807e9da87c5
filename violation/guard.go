package violation

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// Guard returns a guard that lets clients write to a table of violations what is theirs
// to write, FieldAcknowledged, FieldDismissed and FieldNote, and refuses all else: what
// is derived is nobody's to write. The other tables it leaves to the next guard, which
// may be nil, and which is asked about the table of violations as well. A table "" is
// DefaultTable, as in a Checker.
func Guard(table string, next merge.Guard) merge.Guard {
	table = cmp.Or(table, DefaultTable)
	return func(actor clock.ClientID, m record.Mutation) error {
		if m.Data.Key().Table == table {
			for name := range m.Data.All() {
				if !isOfPeople(name) {
					return &merge.Refusal{Code: Derived, Path: "data." + record.PathName(name), Err: errDerived}
				}
			}
		}
		if next == nil {
			return nil
		}
		return next(actor, m)
	}
}

// Derived is the code of the refusal of a push that names a derived field of a
// violation.
const Derived merge.Code = "derived_field"

var errDerived = fmt.Errorf("violation: only %s may be written", strings.Join([]string{FieldAcknowledged, FieldDismissed, FieldNote}, ", "))
