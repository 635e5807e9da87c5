package server

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	_ "modernc.org/sqlite" // the driver sqlite
)

// openSQLite opens a file, and makes it if there is none. Nobody else may read it: the
// secret is in there.
//
// A transaction that is going to write has the database for itself from its first read
// on; else it could not write after somebody else did. What is acknowledged is on the
// disk. If the file goes away, no connection makes a new one, or the server would go on
// with less than it has acknowledged.
func openSQLite(name string, t timeouts) (*sql.DB, error) {
	if strings.HasPrefix(name, ":") || strings.Contains(name, "=") {
		return nil, errors.New("neither the name of a file nor a URL postgres://…: it begins with : or has a =")
	}
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := file.Close(); err != nil {
		return nil, err
	}
	options := url.Values{
		"mode":    {"rw"},
		"_txlock": {"immediate"},
		"_pragma": {fmt.Sprintf("busy_timeout(%d)", t.lock.Milliseconds()), "journal_mode(WAL)", "synchronous(FULL)"},
	}
	return sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: url.PathEscape(name), RawQuery: options.Encode()}).String())
}
