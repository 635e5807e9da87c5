package server

import (
	"context"
	"crypto/rand"
	"fmt"
)

// Restored gives each workspace a new epoch, after the database was restored from a backup.
// Call it before servers run on the database again. Each client that pulls with a cursor is then
// told to forget what came from the server, and sends again its own writes that the backup lacks.
// The result is the number of workspaces with records.
//
// Without Restored, only a client whose cursor is above the restored sequence does so.
func (d *Database) Restored(ctx context.Context) (workspaces int, err error) {
	names, err := d.workspaces(ctx, `TRUE`)
	for _, name := range names {
		_, err := d.locked(ctx, name, func(tx *session) error {
			tx.epoch = rand.Text()
			tx.seq++ // so that clients that listen for changes pull
			return nil
		})
		if err != nil {
			return workspaces, fmt.Errorf("renew the epoch of the workspace %q: %w", name, err)
		}
		workspaces++
	}
	if err == nil {
		// Clients may also have the epoch of a workspace that had no records when the backup was made.
		// Its next transaction gives it another one.
		_, err = d.db.ExecContext(ctx, `UPDATE workspaces SET epoch = '' WHERE seq = 0`)
	}
	return workspaces, err
}
