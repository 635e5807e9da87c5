package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// onlyTasks is the Guard of the server: it allows the table tasks and refuses all
// others.
func onlyTasks(_ clock.ClientID, m record.Mutation) error {
	if m.Data.Key().Table != tasksTable {
		return &merge.Refusal{Code: "unknown_table", Path: "table"}
	}
	return nil
}

// errNUL is the error with which withoutNUL refuses an item.
var errNUL = errors.New("text contains U+0000, which JSONB cannot store")

// withoutNUL is a Guard that refuses text with U+0000. JSONB cannot store such text.
// JSON stores it, but then every query that looks into the document fails.
func withoutNUL(_ clock.ClientID, m record.Mutation) error {
	for name, w := range m.Data.All() {
		// Canonical JSON writes U+0000 as \u0000. After an escaped backslash, u0000 is
		// plain text, so the escaped backslashes are removed first.
		if strings.Contains(strings.ReplaceAll(w.Value.JSON(), `\\`, ""), `\u0000`) {
			path := fmt.Sprintf("data.%s.value", record.PathName(name))
			return &merge.Refusal{Code: "unsupported_text", Path: path, Err: errNUL}
		}
	}
	return nil
}
