// Package violationtest tests implementations of violation.View, as testing/fstest
// tests file systems.
//
// A view that leaves something out makes no noise: violations are missed, or closed
// without evidence. Run the test on your own view, against a real database:
//
//	func TestMyView(t *testing.T) {
//		err := violationtest.TestView(func(c *violation.Checker, records []record.Record) (violation.View, error) {
//			db := newDatabase(t)
//			for _, r := range records {
//				if err := db.Store(c, r); err != nil { // in place of what is there
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
// [TestView] has rules and records of its own, with names that databases trip over. A
// view that is made for the tables of one application is tested by [TestViewOf], with
// the rules and records of that application.
//
// What is tested, by comparing answers with those of [violation.Memory]:
//
//   - the members of a scope are those that Rule.Scopes says, deleted records included,
//     in several scopes at once, and after an update where they are now and nowhere else;
//   - the rows of a scope are the open rows of that rule and scope; a row that was closed
//     is not among them any longer;
//   - a record that does not exist has no fields, and is not unknown;
//   - answers come in the order of the questions, one for each, also for one that was
//     asked twice, for none, and for 5,000 at once;
//   - names are compared byte by byte: case, spaces, accents and wildcards count;
//   - asked again, the view answers the same.
//
// The package imports the standard library and this module, and nothing else.
package violationtest
