package main

import (
	"database/sql"
	"net/url"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver pgx
	_ "modernc.org/sqlite"             // registers the driver sqlite
)

// openSQLite opens a database file. Transactions begin IMMEDIATE, except for read-only
// ones, so a writer has the database to itself from its first read on. A deferred
// transaction that has read can no longer write once another transaction has written.
func openSQLite(path string) (*sql.DB, error) {
	options := url.Values{
		"_txlock": {"immediate"},
		"_pragma": {"busy_timeout(30000)", "journal_mode(WAL)"},
	}
	return sql.Open("sqlite", "file:"+path+"?"+options.Encode())
}

// openPostgres opens a database by its URL.
func openPostgres(url string) (*sql.DB, error) {
	return sql.Open("pgx", url)
}

// sqliteLayouts returns the three layouts for SQLite.
func sqliteLayouts() []layout {
	return []layout{fields(fieldsSQLite()), columns(columnsSQLite()), documents(documentsSQLite())}
}

// postgresLayouts returns the three layouts for PostgreSQL.
func postgresLayouts() []layout {
	return []layout{fields(fieldsPostgres()), columns(columnsPostgres()), documents(documentsPostgres())}
}
