package check

import (
	"strings"
	"unicode/utf8"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// Unreadable reports the law that an unreadable pull breaks.
func (j *Judge) Unreadable(format string, args ...any) {
	l := law.Readable
	if j.Last.Damage == j.Sendings {
		l = law.Damaged
	}
	j.Broken(l, format, args...)
}

// JudgeText looks for names in which damaged text was replaced by U+FFFD.
func (j *Judge) JudgeText(r record.Record) {
	if j.Last.Damage != j.Sendings {
		return
	}
	names := []string{r.Key().Table, r.Key().ID}
	for name := range r.All() {
		names = append(names, name)
	}
	for _, name := range names {
		if strings.ContainsRune(name, utf8.RuneError) {
			j.Broken(law.Damaged, "a pull returned %q, which was never sent", name)
		}
	}
}
