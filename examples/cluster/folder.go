package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// folder is the folder of the files of nodes, locked for this process.
type folder struct{ lock *os.File }

// marker is the file that says to which nodes a folder belongs. It is locked while they run.
const marker = "nodes"

// A FolderError reports a folder that belongs to other nodes. With their files, a node would take the place of
// another one and could lose acknowledged writes.
type FolderError struct{ Dir, Holds, Wanted string }

// Error names the folder and says what to do.
func (e *FolderError) Error() string {
	return fmt.Sprintf("the folder %s has the files of %s, not of %s: name another folder with -dir", e.Dir, e.Holds, e.Wanted)
}

// errInUse reports a folder that another process has locked.
var errInUse = errors.New("another process uses the folder")

// errNone reports a folder in which a command finds no cluster.
var errNone = errors.New("there is no cluster in the folder")

// openFolder locks a folder for some nodes. Only the server itself creates a folder: a command would report success
// about an empty cluster.
func openFolder(dir, of string, create bool) (*folder, error) {
	name := filepath.Join(dir, marker)
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) && !create {
		return nil, fmt.Errorf("%w %s: name the folder of the nodes with -dir, or running nodes with -nats", errNone, dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
		if others, err := os.ReadDir(dir); err != nil || len(others) > 0 {
			return nil, errors.Join(err, &FolderError{dir, "something else", of})
		}
	}
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lock(file); err != nil {
		file.Close()
		return nil, fmt.Errorf("%w %s: stop it, or name another folder with -dir; a command can use nodes that run with -client, and then needs -nats", err, dir)
	}
	text, err := os.ReadFile(name)
	switch holds := strings.TrimSpace(string(text)); {
	case err != nil:
	case holds == "":
		_, err = fmt.Fprintln(file, of)
	case holds != of:
		err = &FolderError{dir, holds, of}
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return &folder{file}, nil
}

// close unlocks the folder.
func (f *folder) close() { f.lock.Close() }
