package server

import (
	"context"
	"fmt"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
)

// actor reads the roles of the author of a push and the watermark of its client, in one statement.
func (s *session) actor(ctx context.Context, m Sender) (Actor, []clock.Stamp, error) {
	if a, ok := s.pre.actors[sender{m.User, m.Client}]; ok {
		return a, []clock.Stamp{s.pre.marks[m.Client]}, nil
	}
	a := Actor{User: m.User, Client: m.Client, Roles: make(map[string]string)}
	mark := clock.Stamp{Client: m.Client}
	rows, err := s.tx.QueryContext(ctx, `
		SELECT k.at, r.bucket, r.role
		FROM (SELECT max(at) AS at FROM marks WHERE client = $1) AS k
		LEFT JOIN members AS r ON r.workspace = $2 AND r."user" = $3`, m.Client, s.workspace, m.User)
	if err != nil {
		return a, nil, fmt.Errorf("read the roles of a user: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var bucket, role *string // both are NULL if the user has no bucket
		// If no write was accepted yet, the watermark is NULL and scans as zero.
		if err := rows.Scan(&mark.Time, &bucket, &role); err != nil {
			return a, nil, fmt.Errorf("read the roles of a user: %w", err)
		}
		if bucket != nil {
			a.Roles[*bucket] = *role
		}
	}
	return a, []clock.Stamp{mark}, rows.Err()
}

// rightsOf returns the functions of merge.Stored that decide what an actor may read and write. Both are
// nil if there is only the one bucket "", the user has it, and there is no Options.MayWrite. The server itself may
// read and write everything. If the storage
// is full, an item may not put a record into a further bucket, because the log would grow.
func (s *Server) rightsOf(tx *session, a Actor, full bool) (mayRead func(record.Record) bool, mayWrite func(seen, after record.Record, m record.Mutation) error) {
	rights := buckets.Rights{Of: tx.of, Fence: tx.fence.stamp, Read: func(name string) bool {
		if client, of, ok := cutLoserBucket(name); ok && s.options.LostEdits {
			if name = of; client != a.Client {
				return false
			}
		}
		_, ok := a.Roles[name]
		return ok
	}}
	if !a.server && (tx.of != nil || !rights.Read("")) {
		mayRead, mayWrite = rights.MayRead, rights.MayWrite
	}
	grows := full && tx.of != nil
	asks := s.options.MayWrite != nil && !a.server
	if !asks && !grows {
		return mayRead, mayWrite
	}
	byRights := mayWrite
	return mayRead, func(seen, after record.Record, m record.Mutation) error {
		if byRights != nil {
			if err := byRights(seen, after, m); err != nil {
				return err
			}
		}
		if asks {
			if err := s.options.MayWrite(a, seen, after, m); err != nil {
				return err
			}
		}
		if _, added := tx.of.Moves(merge.Update{Before: after, After: seen}, tx.fence.stamp); grows && len(added) > 0 {
			return &merge.Refusal{Code: merge.StorageFull, Retryable: true}
		}
		return nil
	}
}

// readable returns those updates after which an actor may read the record. A nil function permits all.
func readable(updates []merge.Update, mayRead func(record.Record) bool) (all []merge.Update) {
	for _, u := range updates {
		if mayRead == nil || mayRead(u.After) {
			all = append(all, u)
		}
	}
	return all
}
