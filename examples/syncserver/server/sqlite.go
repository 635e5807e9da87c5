package server

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
)

// file is a database file of SQLite. It is what connections are made from.
type file struct {
	name   string
	source string      // what the driver opens
	opened os.FileInfo // the file that had this name when it was opened
	beside []string    // files that are there as long as it is open
}

// openFile opens a file, and makes it if there is none. Nobody else may read it: the secret
// is in there.
//
// A transaction that is going to write has the database for itself from its first read
// on; else it could not write after somebody else did. What is acknowledged is on the
// disk. If the file goes away, no connection makes a new one, or the server would go on
// with less than it has acknowledged.
func openFile(name string, t timeouts) (*file, error) {
	if strings.HasPrefix(name, ":") || strings.Contains(name, "=") {
		return nil, errors.New("neither the name of a file nor a URL postgres://…: a file name must not begin with : or contain =")
	}
	made, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := made.Close(); err != nil {
		return nil, err
	}
	options := url.Values{
		"mode":    {"rw"},
		"_txlock": {"immediate"},
		"_pragma": {
			fmt.Sprintf("busy_timeout(%d)", t.lock.Milliseconds()), "journal_mode(WAL)", "synchronous(FULL)",
			"journal_size_limit(67108864)", // of a log that has grown while somebody was reading for long
		},
	}
	f := &file{name: name, source: (&url.URL{Scheme: "file", Opaque: url.PathEscape(name), RawQuery: options.Encode()}).String()}
	f.opened, err = os.Stat(name)
	return f, err
}

// Connect returns a connection to the file that was opened at first.
func (f *file) Connect(context.Context) (driver.Conn, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	return f.Driver().Open(f.source)
}

// Driver returns the driver for SQLite.
func (f *file) Driver() driver.Driver { return new(sqlite.Driver) }

// watchLog looks after the files of the write-ahead log as well, given the journal mode: a file
// system of a network may not allow that mode.
func (f *file) watchLog(mode string) error {
	if mode != "wal" {
		return nil
	}
	name, err := filepath.EvalSymlinks(f.name) // as SQLite does
	f.beside = []string{name + "-wal", name + "-shm"}
	return err
}

// errFile says that writes go nowhere: the open files have no name any more, and are gone when
// the last process closes them.
var errFile = errors.New("the database file was removed or replaced while it was open: stop the server, and start it with the right file")

// check returns an error if the file or its log was removed, or is another one. It costs a few
// microseconds.
func (f *file) check() error {
	info, err := os.Stat(f.name)
	if err != nil {
		return fmt.Errorf("%w: %w", errFile, err)
	}
	if !os.SameFile(info, f.opened) {
		return errFile
	}
	for _, name := range f.beside {
		if _, err := os.Stat(name); err != nil {
			return fmt.Errorf("%w: %w", errFile, err)
		}
	}
	return nil
}
