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
// The tests show the traps that lie between a merge and a database: what goes wrong
// the obvious way, and what holds. Those that need PostgreSQL run with
//
//	./postgres.sh go test ./...
package main
