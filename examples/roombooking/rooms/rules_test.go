package rooms_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/roombooking/rooms"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// stamp returns the stamp of a minute after noon.
func stamp(minute int) clock.Stamp {
	return clock.Stamp{Time: clock.TimestampOf(noon.Add(time.Duration(minute) * time.Minute)), Client: clock.ClientID{1}}
}

// meeting returns a meeting with the given value in its slot. The first digit of the ID is
// the minute of its stamp.
func meeting(t *testing.T, id string, slot any) record.Record {
	m, err := record.New(record.Key{Table: rooms.Table, ID: id}).Edit(stamp(int(id[0]-'0'))).
		Set(rooms.FieldTitle, strings.ToUpper(id)).Set(rooms.FieldSlot, slot).Mutation()
	require.NoError(t, err)
	return m.Data
}

// in returns a slot that begins and ends the given numbers of minutes after noon.
func in(room string, from, to int) rooms.Slot {
	return rooms.Slot{Room: room, Start: noon.Add(time.Duration(from) * time.Minute), End: noon.Add(time.Duration(to) * time.Minute)}
}

// TestOverlappingSlotsOfOneRoomConflict: two meetings conflict only if both have a slot in one
// room and the slots overlap.
func TestOverlappingSlotsOfOneRoomConflict(t *testing.T) {
	for _, c := range []struct {
		name string
		a, b any
		want string
	}{
		{"the same hour", in("Room B", 120, 180), in("Room B", 120, 180), `Your meeting "2B" conflicts with "1A" in Room B at 2 PM`},
		{"later, and longer", in("Room B", 120, 180), in("Room B", 150, 300), `Your meeting "2B" conflicts with "1A" in Room B at 2:30 PM`},
		{"earlier, and longer", in("Room B", 120, 180), in("Room B", 0, 300), `Your meeting "2B" conflicts with "1A" in Room B at 2 PM`},
		{"another room", in("Room B", 120, 180), in("Room C", 120, 180), ""},
		{"one after the other", in("Room B", 120, 180), in("Room B", 180, 240), ""},
		{"a slot of zero length", in("Room B", 120, 180), in("Room B", 150, 150), ""},
		{"no room", in("", 120, 180), in("", 120, 180), ""},
		{"no slot", in("Room B", 120, 180), record.Deletion(), ""},
		{"a slot in the form of a newer version", in("Room B", 120, 180), "Room B, 2 PM", ""},
	} {
		open, err := rooms.Find(merge.Collect(meeting(t, "1a", c.a), meeting(t, "2b", c.b)))
		require.NoError(t, err, c.name)
		var got string
		for _, v := range open {
			got += v.Description
		}
		require.Equal(t, c.want, got, c.name)
	}
}

// TestUserWritesKeepsOnlyUserFieldsOfViolations: UserWrites keeps the user-written fields of a
// violation, and leaves out a violation without any. The fields that it keeps are enough to
// derive the row again.
func TestUserWritesKeepsOnlyUserFieldsOfViolations(t *testing.T) {
	meetings := merge.Collect(meeting(t, "1a", in("Room B", 120, 180)), meeting(t, "2b", in("Room B", 120, 180)))
	row := rooms.Checker().Audit(meetings, 0).Updates[0].After
	require.Equal(t, meetings, rooms.UserWrites(merge.Join(meetings, merge.Collect(row))))

	note, err := row.Edit(stamp(3)).Set(violation.FieldNote, "Can you move?").Mutation()
	require.NoError(t, err)
	row, err = merge.Records(row, note.Data)
	require.NoError(t, err)
	all := merge.Join(meetings, merge.Collect(row))
	require.Equal(t, merge.Join(meetings, merge.Collect(note.Data)), rooms.UserWrites(all))

	open, err := rooms.Find(all)
	require.NoError(t, err)
	v, err := violation.Parse(row)
	require.NoError(t, err)
	require.Equal(t, []violation.Violation{v}, open)
	require.Equal(t, "Can you move?", v.Note)
}

// ExampleFindJSON shows the JSON form of a violation that an app gets.
func ExampleFindJSON() {
	found, err := rooms.FindJSON([]byte(
		`{"table":"meetings","id":"budget","data":{` +
			`"slot":{"value":{"room":"Room B","start":"2026-03-02T14:00:00Z","end":"2026-03-02T15:00:00Z"},"updatedAt":"2026-03-02T11:00:00Z","clientId":"91aa04d7-53f0-4d6e-9a4f-6c2b8e7f5a20"},` +
			`"title":{"value":"Budget","updatedAt":"2026-03-02T11:00:00Z","clientId":"91aa04d7-53f0-4d6e-9a4f-6c2b8e7f5a20"}}}` + "\n" +
			`{"table":"meetings","id":"design-review","data":{` +
			`"slot":{"value":{"room":"Room B","start":"2026-03-02T14:00:00Z","end":"2026-03-02T15:00:00Z"},"updatedAt":"2026-03-02T11:05:00Z","clientId":"7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10"},` +
			`"title":{"value":"Design review","updatedAt":"2026-03-02T11:05:00Z","clientId":"7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10"}}}` + "\n"))
	fmt.Println(strings.ReplaceAll(string(found), `,"`, ",\n  \""), err)
	// Output:
	// [{"id":"nblg3qv27mmlr59uhlrvam78t4",
	//   "type":"scheduling_conflict",
	//   "rule":"room_taken",
	//   "scope":"Room B/2026-03",
	//   "table":"meetings",
	//   "recordId":"design-review",
	//   "conflictingTable":"meetings",
	//   "conflictingRecords":["budget"],
	//   "description":"Your meeting \"Design review\" conflicts with \"Budget\" in Room B at 2 PM",
	//   "total":1,
	//   "detectedAt":"2026-03-02T11:05:00.000000000Z",
	//   "evidence":"r3qin53mjp4d38ja0lruer46n4",
	//   "relevantUntil":"2026-03-02T15:00:00.000000000Z",
	//   "status":"open",
	//   "acknowledged":false,
	//   "dismissed":false}] <nil>
}

// TestFindJSONRefusesInvalidRecords: an invalid record is an error, and FindJSON returns nothing.
func TestFindJSONRefusesInvalidRecords(t *testing.T) {
	for _, lines := range []string{"x", "{}", `{"table":"meetings","id":"1","data":{"slot":{"value":1}}}`} {
		found, err := rooms.FindJSON([]byte(lines))
		require.Error(t, err, lines)
		require.Nil(t, found)
	}
	found, err := rooms.FindJSON(nil)
	require.NoError(t, err)
	require.Equal(t, "[]", string(found))
}
