// Storage implements the push and the pull handler of a sync server over three layouts
// of records in SQLite and in PostgreSQL:
//
//   - one row for each field (layout_fields.go),
//   - shadow columns next to ordinary ones (layout_columns.go),
//   - one JSON document for each record (layout_documents.go).
//
// The handlers, in push.go and pull.go, are the same for all layouts. The program plays a
// short story on SQLite, which ends with the same digest for each of the three layouts.
//
// The server writes records of its own with the same locks and above the stored stamps: see
// write.go. With shadow columns, programs that do not know of sync may write to the table as well:
// triggers notice them (columns_triggers.go), pulls and pushes see the stamped values
// (columns_rows.go), and the server stamps the others (foreign.go). A server over a table that cannot
// hold what devices push does not start (columns_check.go).
//
// A server may flag violations as well: violations.go keeps an index of the scopes of
// documents and checks them in the push, and violations_view.go reads that index.
//
// A server may also give each client only a part of the records: buckets.go keeps a log of the
// buckets of records and the rights of clients, buckets_pull.go pulls by them, and
// buckets_sql.go has their SQL. buckets_device.go is a client of such a server.
//
// The tests show the traps in storing merged records in a database: what goes wrong the obvious
// way, and what works. Run the tests that need PostgreSQL with
//
//	./postgres.sh go test ./...
package main
