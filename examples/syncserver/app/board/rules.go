package board

import (
	"github.com/fieldlww/fieldlww/examples/roombooking/rooms"
	"github.com/fieldlww/fieldlww/violation"
)

// RulesVersion names the version of [Rules]. Change it whenever the rules change: a server that
// starts with another version audits all workspaces once.
const RulesVersion = "1"

// Rules returns the checker with the rules of the app. Its only rule is that two meetings must
// not overlap in one room. To add a rule, give it a new name in Checker.Rules; see package
// violation.
func Rules() *violation.Checker { return rooms.Checker() }
