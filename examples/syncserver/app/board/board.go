// Package board is the app that the server serves: a team's tasks and its meeting rooms.
// It says what the tables are, who may write what, and what makes no sense. Server and
// client share it; another app replaces this package and little else.
//
// Records are made by clients, with a UUID as their ID. A device is the record of a
// client, and has the client's ID as its own.
package board

import (
	"github.com/fieldlww/fieldlww/examples/roombooking/rooms"
	"github.com/fieldlww/fieldlww/violation"
)

// The tables that clients write. Of meetings, package rooms says what their fields are.
const (
	Tasks    = "tasks"
	Projects = "projects"
	Users    = "users"
	Devices  = "devices"
	Meetings = rooms.Table
)

// Tables returns the names of all tables: those that clients write, and the violations.
func Tables() []string {
	return []string{Tasks, Projects, Users, Devices, Meetings, violation.DefaultTable}
}

// The fields of a task. A tag is a field of its own, tag/urgent for instance, with the
// value true, so that people add and remove tags side by side.
const (
	Title    = "title"
	Status   = "status" // todo, doing or done
	Due      = "due"    // a date: 2026-03-02
	Assignee = "assignee"
	Project  = "project"
	Notes    = "notes"
)

// Name is the field of a project, a user and a device that people call it by.
const Name = "name"

// MaxTitle is how long a title may be, in characters. MaxSlot is how long the slot of a meeting
// may be, and MaxMeeting a meeting with all its fields, in bytes of JSON.
const (
	MaxTitle   = 80
	MaxSlot    = 1000
	MaxMeeting = 4 << 10
)

// MaxRecords returns how large the records of some tables may become. The rule for rooms reads
// all meetings of a room and a month, so fields that it does not know must not fill them.
func MaxRecords() map[string]int { return map[string]int{Meetings: MaxMeeting} }
