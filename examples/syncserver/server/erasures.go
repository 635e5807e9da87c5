package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// erasure is a line of the file Options.Erasures, which remembers the erasures outside the backups of
// the database. The erased form of the record has this stamp.
type erasure struct {
	Workspace string      `json:"workspace"`
	Table     string      `json:"table"`
	ID        string      `json:"id"`
	Stamp     clock.Stamp `json:"stamp"`
}

// appendErasures appends lines to a file and syncs it to disk. It creates the file if it does not
// exist. Each call writes all its lines at once. It starts with a line break if the last call was cut
// off by a power failure.
func appendErasures(name string, all []erasure) error {
	if len(all) == 0 {
		return nil
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("remember the erasures: %w", err)
	}
	defer f.Close()
	var lines []byte
	last := make([]byte, 1)
	if end, err := f.Seek(-1, io.SeekEnd); err == nil { // the file is not empty
		if _, err := f.ReadAt(last, end); err != nil {
			return fmt.Errorf("remember the erasures: %w", err)
		}
		if last[0] != '\n' {
			lines = append(lines, '\n')
		}
	}
	for _, one := range all {
		text, err := json.Marshal(one)
		if err != nil {
			return err
		}
		lines = append(append(lines, text...), '\n')
	}
	_, err = f.Write(lines)
	if err := errors.Join(err, f.Sync(), syncFolder(name)); err != nil {
		return fmt.Errorf("remember the erasures: %w", err)
	}
	return nil
}

// syncFolder syncs the folder of a file to disk, so that a new file keeps its name.
func syncFolder(name string) error {
	folder, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	defer folder.Close()
	folder.Sync() // some systems cannot sync a folder
	return nil
}

// readErasures returns the greatest stamp of each erasure in a file, by workspace and record. A line
// that cannot be read is an error, because an erasure could be lost with it.
func readErasures(name string) (map[string]map[record.Key]clock.Stamp, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read the erasures: %w", err)
	}
	all := make(map[string]map[record.Key]clock.Stamp)
	n := 0
	for line := range bytes.Lines(text) {
		n++
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		var one erasure
		err := json.Unmarshal(line, &one)
		key := record.Key{Table: one.Table, ID: one.ID}
		if err == nil {
			err = errors.Join(key.Check(), checkWorkspace(one.Workspace))
		}
		if err == nil && !one.Stamp.Valid() {
			err = errors.New("the stamp is missing")
		}
		if err != nil {
			return nil, fmt.Errorf("line %d of %s is not an erasure: if the line was cut off, erase the record again and then remove the line: %w", n, name, err)
		}
		if all[one.Workspace] == nil {
			all[one.Workspace] = make(map[record.Key]clock.Stamp)
		}
		if at := all[one.Workspace][key]; one.Stamp.Compare(at) > 0 {
			all[one.Workspace][key] = one.Stamp
		}
	}
	return all, nil
}
