package mergetest

import (
	"strings"
	"unicode/utf8"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// unreadable names the law that is broken by a pull that cannot be read.
func (j *judge) unreadable(format string, args ...any) {
	l := law.Readable
	if j.last.damage == j.sendings {
		l = law.Damaged
	}
	j.broken(l, format, args...)
}

// judgeText looks for names of which a part was replaced since it could not be read.
func (j *judge) judgeText(r record.Record) {
	if j.last.damage != j.sendings {
		return
	}
	names := []string{r.Key().Table, r.Key().ID}
	for name := range r.All() {
		names = append(names, name)
	}
	for _, name := range names {
		if strings.ContainsRune(name, utf8.RuneError) {
			j.broken(law.Damaged, "a pull returned %q, which nobody sent", name)
		}
	}
}
