package boardserver

import (
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/lens"
)

// The names of the versions of the board, for the option Schema of a server, and for clients, which state theirs.
const (
	Version1 = "1"
	Version2 = "2" // of package board
)

// The fields of a task that had other names in version 1.
const (
	Deadline = "deadline" // is Due now
	Label    = "label"    // is Tag now; label/urgent is tag/urgent
	Text     = "text"     // is Title, its first line, and Notes, the lines after it
)

// FromVersion1 returns the lens from version 1 of the board. In that version, the status of a task was open, started or
// closed, and the fields Deadline, Label and Text had not got their present names. The error is always nil unless the
// names are changed.
func FromVersion1() (lens.Lens, error) {
	return lens.New(lens.Table{
		Name: board.Tasks,
		Fields: []lens.Field{
			{Old: Deadline, New: board.Due},
			{Old: Label, New: board.Tag},
			{Old: board.Status, New: board.Status, Up: swapStatus, Down: swapStatus},
		},
		Splits: []lens.Split{{Old: Text, New: []string{board.Title, board.Notes}, Up: textUp, Down: textDown}},
	})
}

// swapStatus is its own inverse. The words of one version are not in use in the other one, but a client may have
// written them, and each value must come back as it was. A status that a later version adds reaches old clients as it
// is.
func swapStatus(v record.Value) (record.Value, error) {
	words := []string{"open", "todo", "started", "doing", "closed", "done"} // of version 1 and 2, in turns
	text, _ := v.Text()
	if i := slices.Index(words, text); i >= 0 {
		return record.MustOf(words[i^1]), nil
	}
	return v, nil
}

// textUp cuts a text after its first line. A value that has one line, or is not a text, has no notes.
func textUp(v record.Value) ([]record.Value, error) {
	text, _ := v.Text()
	title, notes, ok := strings.Cut(text, "\n")
	if !ok {
		return []record.Value{v, {}}, nil
	}
	return []record.Value{record.MustOf(title), record.MustOf(notes)}, nil
}

// textDown is given null for a part without a value.
func textDown(parts []record.Value) (record.Value, error) {
	notes, ok := parts[1].Text()
	if !ok {
		return parts[0], nil
	}
	title, _ := parts[0].Text()
	return record.MustOf(title + "\n" + notes), nil
}
