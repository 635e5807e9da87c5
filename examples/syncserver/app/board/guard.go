package board

import (
	"slices"
	"unicode/utf8"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/roombooking/rooms"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// The codes of what the board refuses, beside those of package merge.
const (
	UnknownTable merge.Code = "unknown_table"
	OtherDevice  merge.Code = "other_device"
	TitleTooLong merge.Code = "title_too_long"
	UnknownField merge.Code = "unknown_field"
)

// Guard says who may write what: all members of a workspace may write all of it, but no
// other tables, no device but their own, and no title that is no text or too long. Of
// violations they write that they have seen them, and not whether they are there.
//
// It looks at what is written and at nothing else. Who belongs to which workspace is
// decided before, and a record of another workspace cannot even be named.
func Guard() merge.Guard { return violation.Guard(violation.DefaultTable, permit) }

// meetingFields returns the fields that a meeting may have.
func meetingFields() []string {
	return []string{rooms.FieldTitle, rooms.FieldHost, rooms.FieldSlot, record.DeletedField}
}

func permit(actor clock.ClientID, m record.Mutation) error {
	key := m.Data.Key()
	if !slices.Contains(Tables(), key.Table) {
		return &merge.Refusal{Code: UnknownTable, Path: "table"}
	}
	if key.Table == Devices && key.ID != actor.String() {
		return &merge.Refusal{Code: OtherDevice, Path: "id"}
	}
	if title, ok := m.Data.Get(Title); ok {
		text, isText := title.Value.Text()
		if kind := title.Value.Kind(); !isText && kind != record.KindNull && !title.Deleted() {
			return &merge.Refusal{Code: merge.Invalid, Path: "data." + Title}
		}
		if utf8.RuneCountInString(text) > MaxTitle {
			return &merge.Refusal{Code: TitleTooLong, Path: "data." + Title}
		}
	}
	if key.Table == Meetings {
		// A meeting has little room, and fields that were deleted take some as well.
		for name := range m.Data.All() {
			if !slices.Contains(meetingFields(), name) {
				return &merge.Refusal{Code: UnknownField, Path: "data." + record.PathName(name)}
			}
		}
	}
	// What a rule reads again at each change must be small.
	if slot, ok := m.Data.Get(rooms.FieldSlot); ok && len(slot.Value.JSON()) > MaxSlot {
		return &merge.Refusal{Code: merge.LimitExceeded, Path: "data." + rooms.FieldSlot}
	}
	return nil
}
