package board

import (
	"github.com/fieldlww/fieldlww/examples/roombooking/rooms"
	"github.com/fieldlww/fieldlww/violation"
)

// Rules returns what makes no sense although it merges: two meetings in one room at one
// time.
func Rules() *violation.Checker { return rooms.Checker() }
