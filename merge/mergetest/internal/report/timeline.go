package report

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/sim"
)

// Timeline returns events in three columns, below a header line.
func Timeline(events []sim.Event) string {
	var b strings.Builder
	after, width := len("after     "), 0
	for _, e := range events {
		after = max(after, len(e.At.String()))
		width = max(width, min(utf8.RuneCountInString(e.Does), 44))
	}
	fmt.Fprintf(&b, "  %-*s  what happens; times are since %s\n", after, "after", schedule.Start().Format(time.RFC3339))
	for _, e := range events {
		pad := max(0, width-utf8.RuneCountInString(e.Does))
		for i, sees := range strings.Split(e.Sees, "\n") {
			line := fmt.Sprintf("  %-*s  %s%s   %s", after, e.At, e.Does, strings.Repeat(" ", pad), sees)
			if i > 0 {
				line = strings.Repeat(" ", 2+after+2+width+3) + sees
			}
			b.WriteString(strings.TrimRight(line, " ") + "\n")
		}
	}
	return b.String()
}
