package check

import (
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// JudgeDerived lets the backend derive everything again. Nothing may change.
func (j *Judge) JudgeDerived() {
	if !j.Able.Can(CanAudit) || j.Breach != nil {
		return
	}
	j.Count("audits")
	changed := j.Lab.Derived()
	slices.SortFunc(changed, record.Key.Compare)
	var names []string
	for _, key := range changed {
		names = append(names, key.String())
	}
	if len(names) > 0 {
		j.Broken(law.Derived, "an audit over all records changed %s", strings.Join(Elided(names, 5), ", "))
	}
}
