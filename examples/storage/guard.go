package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// onlyTasks is the Guard of the server: it knows one table, and refuses all others.
func onlyTasks(_ clock.ClientID, m record.Mutation) error {
	if m.Data.Key().Table != tasksTable {
		return &merge.Refusal{Code: "unknown_table", Path: "table"}
	}
	return nil
}

// errNUL is the reason of withoutNUL.
var errNUL = errors.New("text with U+0000")

// withoutNUL is a Guard that refuses text with U+0000. JSONB cannot store it, and
// JSON stores it, but fails in every query that looks into such a document.
func withoutNUL(_ clock.ClientID, m record.Mutation) error {
	for name, w := range m.Data.All() {
		// Canonical JSON writes U+0000 as \u0000. What follows an escaped backslash only
		// looks like it, so these go first.
		if strings.Contains(strings.ReplaceAll(w.Value.JSON(), `\\`, ""), `\u0000`) {
			path := fmt.Sprintf("data.%s.value", record.PathName(name))
			return &merge.Refusal{Code: "unsupported_text", Path: path, Err: errNUL}
		}
	}
	return nil
}
