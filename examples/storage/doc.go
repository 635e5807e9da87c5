// Storage is the push and the pull handler of a sync server, over three ways of
// keeping records in SQLite and in PostgreSQL:
//
//   - one row for each field (layout_fields.go),
//   - shadow columns beside ordinary ones (layout_columns.go),
//   - one JSON document for each record (layout_documents.go).
//
// The handlers, in push.go and pull.go, are the same for all of them. Run it for a
// short story on SQLite that ends with the same digest three times.
//
// A server may flag violations as well: violations.go keeps an index of the scopes of
// documents and checks in the push, and violations_view.go looks up by that index.
//
// The tests show the traps that lie between a merge and a database: what goes wrong
// the obvious way, and what holds. Those that need PostgreSQL run with
//
//	./postgres.sh go test ./...
package main
