package board

import (
	"strings"

	"github.com/fieldlww/fieldlww/record"
)

// PrivatePrefix begins the ID of each private project. The records of other projects are for all
// members of the workspace.
const PrivatePrefix = "private-"

// Everyone is the bucket of the records that are for all members of the workspace.
const Everyone = ""

// BucketsVersion names the version of [Buckets]. Change it whenever the function changes.
const BucketsVersion = "1"

// projectBucket begins the name of the bucket of each private project.
const projectBucket = "project/"

// Buckets returns the bucket of a record: the bucket of its private project for a task and for the
// record of the project itself, or else [Everyone]. It is a buckets.Func.
func Buckets(r record.Record) []string {
	var project string
	switch key := r.Key(); key.Table {
	case Projects:
		project = key.ID
	case Tasks:
		w, _ := r.Get(Project)
		project, _ = w.Value.Text()
	}
	if !strings.HasPrefix(project, PrivatePrefix) {
		return []string{Everyone}
	}
	return []string{projectBucket + project}
}
