// Package violationtest tests implementations of [violation.View], as testing/fstest
// tests file systems.
//
// A view that leaves something out fails silently: violations are missed, or closed without
// evidence. Run the test on your own view, against a real database:
//
//	func TestMyView(t *testing.T) {
//		err := violationtest.TestView(func(c *violation.Checker, records []record.Record) (violation.View, error) {
//			db := newDatabase(t)
//			for _, r := range records {
//				if err := db.Store(c, r); err != nil { // replaces the stored record
//					return nil, err
//				}
//			}
//			return db.View(), nil
//		})
//		if err != nil {
//			t.Fatal(err)
//		}
//	}
//
// [TestView] has rules and records of its own, with names that many databases mishandle. For
// a view that is made for the tables of one application, use [TestViewOf] with the rules and
// records of that application.
//
// The test compares the answers of the view with the answers of a [violation.Memory]:
//
//   - the members of a scope are the records that Rule.Scopes places in it, including deleted
//     records and records in several scopes; an updated record is in its new scopes and in no
//     others;
//   - the rows of a scope are the open rows of that rule and scope; a closed row is not among
//     them;
//   - if Checker.Buckets is set, as it is in [TestView], the rows of a scope of
//     [violation.BucketsRule] are all rows about one record, also the closed ones;
//   - a record that does not exist has no fields, and is not unknown;
//   - there is one answer for each question, in the order of the questions; this holds for a
//     question that is asked twice, for no questions, and for 5,000 at once;
//   - names are compared byte by byte: case, spaces, accents and wildcards count;
//   - the same call returns the same answer again.
//
// The package imports only the standard library and this module.
package violationtest
