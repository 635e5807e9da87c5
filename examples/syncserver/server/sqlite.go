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
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// file is an SQLite database file, and the connector for it.
type file struct {
	name     string
	source   string        // the data source name for the driver
	opened   os.FileInfo   // the file that had this name when the database was opened
	logFiles []string      // files that must exist while the database is open
	wait     time.Duration // how long Connect waits for a lock
}

// openFile opens a database file, and creates it if it does not exist. Only the owner may read
// the file, because it contains the secret.
//
// A transaction locks the database for writing when it begins; otherwise its first write would
// fail if another transaction had written since its first read. Each commit is synced to disk
// before it is acknowledged. If the file disappears, no connection creates a new one, because the
// server would then continue without the records that it has acknowledged.
func openFile(name string, t timeouts) (*file, error) {
	if strings.HasPrefix(name, ":") || strings.Contains(name, "=") {
		return nil, errors.New("the database is neither a file name nor a URL postgres://…: a file name must not begin with : or contain =")
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
			"secure_delete(ON)",            // overwrites deleted data; see Database.Rewrite
			"journal_size_limit(67108864)", // truncates a log that has grown during a long read
		},
	}
	f := &file{name: name, wait: t.lock, source: (&url.URL{Scheme: "file", Opaque: url.PathEscape(name), RawQuery: options.Encode()}).String()}
	f.opened, err = os.Stat(name)
	return f, err
}

// Connect returns a connection to the file, or an error if the file was removed or replaced since
// openFile opened it.
//
// The first connection to a new file switches it to a write-ahead log. If another process does the
// same at that moment, SQLite fails at once instead of waiting for busy_timeout, because each may
// wait for the other. So Connect tries again.
func (f *file) Connect(ctx context.Context) (driver.Conn, error) {
	for begun := time.Now(); ; {
		if err := f.check(); err != nil {
			return nil, err
		}
		c, err := f.Driver().Open(f.source)
		if err == nil {
			return &preparedConn{c.(sqliteConn), make(map[string]driver.Stmt)}, nil
		}
		if !isBusy(err) || time.Since(begun) > f.wait {
			return nil, err
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			return nil, err
		}
	}
}

// isBusy reports whether an error means that SQLite could not get a lock.
func isBusy(err error) bool {
	failed := new(sqlite.Error)
	return errors.As(err, &failed) && failed.Code()&0xff == sqlite3.SQLITE_BUSY
}

// Driver returns the driver for SQLite.
func (f *file) Driver() driver.Driver { return new(sqlite.Driver) }

// watchLog makes check look at the files of the write-ahead log as well, if the journal mode is
// "wal". A network file system may not support that mode.
func (f *file) watchLog(mode string) error {
	if mode != "wal" {
		return nil
	}
	name, err := filepath.EvalSymlinks(f.name) // SQLite does the same
	f.logFiles = []string{name + "-wal", name + "-shm"}
	return err
}

// errFile reports that writes are lost: the open files no longer have a name, and disappear when
// the last process closes them.
var errFile = errors.New("the database file was removed or replaced while it was open: stop the server, restore the file, and start the server again")

// check returns an error if the file or its log was removed, or if the file was replaced. It
// takes a few microseconds.
func (f *file) check() error {
	info, err := os.Stat(f.name)
	if err != nil {
		return fmt.Errorf("%w: %w", errFile, err)
	}
	if !os.SameFile(info, f.opened) {
		return errFile
	}
	for _, name := range f.logFiles {
		if _, err := os.Stat(name); err != nil {
			return fmt.Errorf("%w: %w", errFile, err)
		}
	}
	return nil
}
