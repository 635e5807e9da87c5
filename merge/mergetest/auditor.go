package mergetest

import "github.com/fieldlww/fieldlww/record"

// Auditor is a Backend that derives data from its records with each write, for example the rows of package
// violation. The kit audits it after pushes, after each write of the server, import, purge and erasure, after a
// restart and a restore, and at the end of a run.
type Auditor interface {
	// Audit derives everything again from all records, as violation.Checker.Audit does, and returns the keys of the
	// derived records that it added, changed or removed. The law is that there are none. Audit may store the
	// derived records, which must not depend on the time. An error fails the test.
	Audit() (changed []record.Key, err error)
}
