package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "storage:", err)
		os.Exit(1)
	}
}

// run plays the story on each layout, in a SQLite database that it removes at the end.
// The events are the same on all layouts, so it prints them once.
func run(out io.Writer) error {
	dir, err := os.MkdirTemp("", "fieldlww-storage-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var told []string
	var ends []string
	for i, l := range sqliteLayouts() {
		t, err := tellOn(l, filepath.Join(dir, fmt.Sprint(i, ".db")))
		if err != nil {
			return fmt.Errorf("%s: %w", l.name, err)
		}
		if told == nil {
			told = t.lines
		}
		if !slices.Equal(told, t.lines) {
			return fmt.Errorf("the story on %s differs from the first one: %q", l.name, t.lines)
		}
		ends = append(ends, fmt.Sprintf("%-18s %s", l.name, t.digest))
	}
	for _, line := range append(append(told, "", "the digest of the state in each layout:"), ends...) {
		fmt.Fprintln(out, line)
	}
	return nil
}

// tellOn plays the story on one layout, in a database file of its own.
func tellOn(l layout, path string) (*story, error) {
	db, err := openSQLite(path)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	t := &story{}
	t.server, err = newServer(db, l, t.wall)
	if err != nil {
		return nil, err
	}
	return t, t.play()
}
