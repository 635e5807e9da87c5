package check

import (
	"strings"
	"unicode/utf8"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// Unreadable names the law that is broken by a pull that cannot be read.
func (j *Judge) Unreadable(format string, args ...any) {
	l := law.Readable
	if j.Last.Damage == j.Sendings {
		l = law.Damaged
	}
	j.Broken(l, format, args...)
}

// JudgeText looks for names with a part that was replaced because it could not be read.
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
