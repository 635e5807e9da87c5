package board

import (
	"github.com/fieldlww/fieldlww/examples/roombooking/rooms"
	"github.com/fieldlww/fieldlww/violation"
)

// RulesVersion names the version of Rules. Change it with them: a server that starts with
// another version audits all workspaces once.
const RulesVersion = "1"

// Rules returns the rules that merged records may break: no two meetings in one room at one
// time. To add a rule, give it a name of its own in Checker.Rules; see package violation.
func Rules() *violation.Checker { return rooms.Checker() }
