package board

import (
	"errors"
	"slices"
	"unicode/utf8"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/roombooking/rooms"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/fields"
	"github.com/fieldlww/fieldlww/violation"
)

// The codes with which the board refuses items, in addition to the codes of package merge.
const (
	UnknownTable merge.Code = "unknown_table"
	OtherDevice  merge.Code = "other_device"
	TitleTooLong merge.Code = "title_too_long"
	UnknownField merge.Code = "unknown_field"
)

// Guard returns the guard that decides who may write what. A member of a workspace may write all
// records of the workspace, within these bounds:
//
//   - The table is one of [Tables].
//   - A device record belongs to the client that writes it.
//   - A title is null, deleted, or a text of at most [MaxTitle] characters.
//   - The position of a task is null, deleted, a number, as some apps number their lists, or a
//     position of package fields with at most [MaxPosition] characters.
//   - A tag of a task is true or deleted, and has 1 to [MaxTag] characters.
//   - A meeting has no unknown fields.
//   - A slot has at most [MaxSlot] bytes.
//   - In a violation, users may write acknowledgements, dismissals and notes, but no derived
//     fields.
//
// The guard looks only at the pushed item. The server has already checked that the client is a
// member of the workspace, and an item cannot name a record of another workspace.
func Guard() merge.Guard { return violation.Guard(violation.DefaultTable, permit) }

// meetingFields returns the fields that a meeting may have.
func meetingFields() []string {
	return []string{rooms.FieldTitle, rooms.FieldHost, rooms.FieldSlot, record.DeletedField}
}

func permit(actor clock.ClientID, m record.Mutation) error {
	key := m.Data.Key()
	if !slices.Contains(Tables(), key.Table) {
		return &merge.Refusal{Code: UnknownTable, Path: "table", Err: errors.New("no such table")}
	}
	if key.Table == Devices && key.ID != actor.String() {
		return &merge.Refusal{Code: OtherDevice, Path: "id"}
	}
	if title, ok := m.Data.Get(Title); ok {
		text, isText := title.Value.Text()
		if kind := title.Value.Kind(); !isText && kind != record.KindNull && !title.Deleted() {
			return &merge.Refusal{Code: merge.Invalid, Path: "data." + Title, Err: errors.New("must be a text")}
		}
		if utf8.RuneCountInString(text) > MaxTitle {
			return &merge.Refusal{Code: TitleTooLong, Path: "data." + Title, Err: errors.New("more than 80 characters")}
		}
	}
	if key.Table == Tasks && !hasPlace(m.Data) {
		return &merge.Refusal{Code: merge.Invalid, Path: "data." + Position, Err: errors.New("must be a position or a number")}
	}
	if key.Table == Tasks {
		if err := permitTags(m.Data); err != nil {
			return err
		}
	}
	if key.Table == Meetings {
		// The size of a meeting is limited, so unknown fields are refused even if they are deleted:
		// their tombstones would count too.
		for name := range m.Data.All() {
			if !slices.Contains(meetingFields(), name) {
				return &merge.Refusal{Code: UnknownField, Path: "data." + record.PathName(name), Err: errors.New("no such field")}
			}
		}
	}
	// The rule for rooms reads the slots of a room at each change, so they must be small.
	if slot, ok := m.Data.Get(rooms.FieldSlot); ok && len(slot.Value.JSON()) > MaxSlot {
		return &merge.Refusal{Code: merge.LimitExceeded, Path: "data." + rooms.FieldSlot, Err: errors.New("too large")}
	}
	return nil
}

// hasPlace reports whether other tasks can be put next to a task, or sorted with it, by its position.
func hasPlace(task record.Record) bool {
	position, _ := task.Get(Position)
	text, isText := position.Value.Text()
	if !isText {
		kind := position.Value.Kind()
		return kind == record.KindNumber || kind == record.KindNull || position.Deleted()
	}
	return len(text) <= MaxPosition && fields.IsPosition(text)
}
