package imports

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Row is one row of the source.
type Row struct {
	// Key is the key of the record. The same row must have the same key in every run: derive it
	// from the primary key of the source, not from a position or from a value that people edit.
	Key record.Key
	// Fields holds the values by field name. A NULL is the value null, which is the zero Value. A
	// column that is not in the map writes nothing. No name may begin with $, and no value may be a
	// deletion: an import deletes nothing.
	Fields map[string]record.Value
}

// The reasons for refusing rows and runs. A *record.Error wraps them and names the place.
var (
	// ErrDuplicate: two rows of one run have the same key.
	ErrDuplicate = errors.New("duplicate key in one run")
	// ErrDeletion: the value of a field is a deletion.
	ErrDeletion = errors.New("an import deletes nothing: leave the field out, or use null")
	// ErrRun: the Run has no ID, or its number is not above the numbers of earlier runs.
	ErrRun = errors.New("invalid run")
	// ErrLedger: a text is not the text of a Ledger.
	ErrLedger = errors.New("not a ledger")
)

// CheckRows returns nil if rows can be the rows of one run: keys and names are valid, no key occurs
// twice, and no value is a deletion. Otherwise it returns a *record.Error for the first wrong row,
// whose path begins with the position of the row, such as [3].data.title. It wraps ErrDuplicate,
// ErrDeletion, or an error of package record. The rows of a run that is made in parts must have
// been checked together, or the duplicate keys of different parts are found only sometimes.
func CheckRows(rows []Row) error {
	first := make(map[record.Key]int, len(rows))
	for i, row := range rows {
		at := fmt.Sprintf("[%d]", i)
		if err := row.check(); err != nil {
			err.Path = at + "." + err.Path
			return err
		}
		if before, ok := first[row.Key]; ok {
			return refuse(at, fmt.Errorf("%w: see row %d", ErrDuplicate, before))
		}
		first[row.Key] = i
	}
	return nil
}

// check returns why a row cannot be imported, or nil. Of several wrong fields, it names the first.
func (row Row) check() *record.Error {
	var e *record.Error
	if errors.As(row.Key.Check(), &e) {
		return e
	}
	anyStamp := clock.Stamp{Time: 1, Client: clock.ClientID{1}} // to check names with
	for _, name := range row.names() {
		path, v := "data."+record.PathName(name), row.Fields[name]
		switch {
		case errors.As(record.FieldValue{Value: v, Stamp: anyStamp}.Check(name), &e):
			return refuse(path, e.Err)
		case record.Reserved(name):
			return refuse(path, record.ErrReserved)
		case v == record.Deletion():
			return refuse(path, ErrDeletion)
		}
	}
	return nil
}

// names returns the names of the fields, sorted.
func (row Row) names() []string { return slices.Sorted(maps.Keys(row.Fields)) }

func refuse(path string, err error) *record.Error {
	return &record.Error{Path: path, Offset: -1, Err: err}
}
