package server

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/fieldlww/fieldlww/merge/imports"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// check returns an error for an invalid source or workspace.
func (from Source) check(workspace string) error {
	if err := checkWorkspace(workspace); err != nil {
		return err
	}
	if n := len(from.Name); n == 0 || n > 100 || !utf8.ValidString(from.Name) || strings.ContainsRune(from.Name, 0) {
		return errors.New("the name of an import must have 1 to 100 bytes of UTF-8")
	}
	return nil
}

// checkRows returns an error for the first row that no import may write.
func (s *Server) checkRows(rows []imports.Row) error {
	for i, row := range rows {
		var e *record.Error
		if errors.As(s.options.checkRow(row), &e) {
			e.Path = fmt.Sprintf("[%d].%s", i, e.Path)
			return e
		}
	}
	return imports.CheckRows(rows)
}

// checkRow returns a *record.Error for a row of a table that the server writes, and for an old name of a field.
func (o Options) checkRow(row imports.Row) error {
	if table := row.Key.Table; table == violation.DefaultTable || table == ImportsTable {
		return &record.Error{Path: "table", Offset: -1, Err: fmt.Errorf("%w: the server writes the table %s", record.ErrName, table)}
	}
	if len(o.Lenses) == 0 {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(row.Fields)) {
		if err := o.refuseOldName(row.Key.Table, name); err != nil {
			return err
		}
	}
	return nil
}
