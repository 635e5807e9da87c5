// Package board defines the example app, a team's tasks and meeting rooms: the tables, who may
// read and write which records, and the rules that merged records may break. The server and the client share
// this package. To build another app, replace this package and little else.
//
// Clients create the records and use UUIDs as IDs. Each client has one record in the table of
// devices, with the client ID as its ID.
package board

import (
	"github.com/fieldlww/fieldlww/examples/roombooking/rooms"
	"github.com/fieldlww/fieldlww/violation"
)

// The tables that clients write. Package rooms defines the fields of a meeting.
const (
	Tasks    = "tasks"
	Projects = "projects"
	Users    = "users"
	Devices  = "devices"
	Meetings = rooms.Table
)

// Tables returns the names of all tables: the tables that clients write, and the table of
// violations.
func Tables() []string {
	return []string{Tasks, Projects, Users, Devices, Meetings, violation.DefaultTable}
}

// The fields of a task. Tag is a set and Votes a counter of package fields: each tag has its own
// field, such as tag/urgent, with the value true, and so has each vote, with an integer. The page
// writes 1 and -1. So people can tag and vote concurrently.
const (
	Title    = "title"
	Status   = "status" // todo, doing or done
	Due      = "due"    // a date: 2026-03-02
	Assignee = "assignee"
	Project  = "project"
	Notes    = "notes"
	Position = "position" // of package fields: one order over all tasks, whose last task is on top
	Tag      = "tag"
	Votes    = "votes"
)

// Keep is the Keep of the server's Options. It names the notes of a task, which may be long: when two
// people write them at once, both texts are kept.
func Keep(table, field string) bool { return table == Tasks && field == Notes }

// Name is the field that holds the displayed name of a project, a user or a device.
const Name = "name"

// MaxTitle, MaxTag and MaxPosition are the maximum lengths of a title, a tag and the position of a
// task, in characters. A page sorts all tasks by their positions each time it draws them, and shortens
// positions long before the maximum. MaxVotes is the maximum number of votes of a task that no reset
// has deleted, counting votes taken back; one item can reset that many. MaxSlot is the maximum size of
// the slot of a meeting, and MaxMeeting the maximum size of a meeting with all its fields, both in
// bytes of JSON.
const (
	MaxTitle    = 80
	MaxTag      = 40
	MaxPosition = 256
	MaxVotes    = 100
	MaxSlot     = 1000
	MaxMeeting  = 4 << 10
)

// MaxRecords returns the maximum size of a record, by table. The rule for rooms reads all meetings
// of a room in a month, so a meeting must not grow large through fields that the rule does not use.
func MaxRecords() map[string]int { return map[string]int{Meetings: MaxMeeting} }
