package server

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// MaxBuckets is the maximum number of buckets of a user in a workspace.
const MaxBuckets = 5000

// right is the membership of a user in a bucket.
type right struct {
	role    string
	granted int64 // the sequence of the grant: a client with an earlier cursor loads the bucket
}

// Grant makes a user a member of some buckets of a workspace, each with a role. The roles are texts of 1
// to 64 bytes that only the app understands, such as "reader" and "writer". The user need not exist yet.
//
// Each new membership takes a sequence of its own, under the lock of the workspace, so the clients of
// the user load the bucket with their next pull. If the user is a member already, Grant changes the role
// and nothing is loaded; with the same role, it does nothing. A user has at most 5,000 buckets.
func (s *Server) Grant(ctx context.Context, workspace, user string, roles map[string]string) error {
	if err := errors.Join(checkMember(workspace, user), checkRoles(roles)); err != nil {
		return err
	}
	return s.changeMember(ctx, workspace, func(tx *session) error {
		return tx.change(ctx, user, change{give: roles, issued: s.now()})
	})
}

// Revoke ends the membership of a user in some buckets of a workspace, or in all buckets if none are
// named. With their next pull, the clients of the user forget the records that are in no other bucket of
// the user. A client that does not pull keeps what it has.
func (s *Server) Revoke(ctx context.Context, workspace, user string, buckets ...string) error {
	if err := checkMember(workspace, user); err != nil {
		return err
	}
	return s.changeMember(ctx, workspace, func(tx *session) error {
		if len(buckets) == 0 {
			have, err := tx.rights(ctx, user)
			if err != nil {
				return err
			}
			buckets = slices.Collect(maps.Keys(have))
		}
		return tx.change(ctx, user, change{take: buckets, issued: s.now()})
	})
}

// SignOut refuses all tokens that were issued to a user until now, and ends the event streams of the
// user. The user keeps the membership in buckets, and may log in again. Other processes notice within a
// second.
func (s *Server) SignOut(ctx context.Context, workspace, user string) error {
	if err := checkMember(workspace, user); err != nil {
		return err
	}
	return s.changeMember(ctx, workspace, func(tx *session) error {
		return tx.change(ctx, user, change{ended: s.now()})
	})
}

// HasUser reports whether a user has used a workspace, or was granted something in it.
func (s *Server) HasUser(ctx context.Context, workspace, user string) (has bool, err error) {
	if err := errors.Join(checkMember(workspace, user), s.database.check()); err != nil {
		return false, err
	}
	err = s.database.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM users WHERE workspace = $1 AND "user" = $2)`, workspace, user).Scan(&has)
	if err != nil {
		err = fmt.Errorf("look up a user: %w", err)
	}
	return has, err
}

// Member is the membership of a user in a bucket.
type Member struct {
	User   string `json:"user"`
	Bucket string `json:"bucket"`
	Role   string `json:"role"`
}

// Members returns all memberships in a workspace, by user and bucket.
func (s *Server) Members(ctx context.Context, workspace string) ([]Member, error) {
	if err := checkWorkspace(workspace); err != nil {
		return nil, err
	}
	if err := s.database.check(); err != nil {
		return nil, err
	}
	rows, err := s.database.db.QueryContext(ctx, `SELECT "user", bucket, role FROM members WHERE workspace = $1 ORDER BY "user", bucket`, workspace)
	return membersOf(rows, err)
}

// membersOf reads the rows of a query for members.
func membersOf(rows *sql.Rows, err error) ([]Member, error) {
	if err != nil {
		return nil, fmt.Errorf("read the members: %w", err)
	}
	defer rows.Close()
	all := []Member{}
	for rows.Next() {
		var m Member
		if err := rows.Scan(&m.User, &m.Bucket, &m.Role); err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, rows.Err()
}

// checkMember returns an error if a workspace or a user is not valid.
func checkMember(workspace, user string) error {
	return errors.Join(checkWorkspace(workspace), checkUser(user))
}

// follow gives a user the buckets of a token, unless a later token was followed.
func (s *Server) follow(ctx context.Context, a Account) error {
	return s.changeMember(ctx, a.Workspace, func(tx *session) error {
		var issued int64
		err := tx.tx.QueryRowContext(ctx, `SELECT issued FROM users WHERE workspace = $1 AND "user" = $2`, a.Workspace, a.User).Scan(&issued)
		if err != nil || a.Issued.UnixMicro() <= issued {
			return err
		}
		have, err := tx.rights(ctx, a.User)
		if err != nil {
			return err
		}
		maps.DeleteFunc(have, func(bucket string, _ right) bool { return a.Rights[bucket] != "" })
		return tx.change(ctx, a.User, change{give: a.Rights, take: slices.Collect(maps.Keys(have)), issued: a.Issued})
	})
}

// changeMember runs f with a workspace locked.
func (s *Server) changeMember(ctx context.Context, workspace string, f func(*session) error) error {
	defer s.users.forget()
	return s.maintain(ctx, workspace, f)
}

// change is a change of what a user may do.
type change struct {
	give   map[string]string // roles by bucket
	take   []string          // buckets
	issued time.Time         // rights of tokens that were issued up to then are not followed any longer
	ended  time.Time         // tokens that were issued up to then are refused; zero changes nothing
}

// change changes the membership of a user. If anything changes, it stores the last sequence that it
// took with the user: other processes find the change by it.
func (s *session) change(ctx context.Context, user string, c change) error {
	if _, err := addUser(ctx, s.tx, s.workspace, user); err != nil {
		return err
	}
	have, err := s.rights(ctx, user)
	if err != nil {
		return err
	}
	before, changed := s.seq, !c.ended.IsZero()
	for _, bucket := range c.take {
		if _, ok := have[bucket]; ok {
			changed = true
			delete(have, bucket)
			if err := s.putMember(ctx, `DELETE FROM members WHERE workspace = $1 AND "user" = $2 AND bucket = $3`, user, bucket); err != nil {
				return err
			}
		}
	}
	for _, bucket := range slices.Sorted(maps.Keys(c.give)) {
		role := c.give[bucket]
		had, ok := have[bucket]
		if ok && had.role == role {
			continue
		}
		changed = true
		if !ok {
			s.seq++
			had.granted = s.seq
		}
		have[bucket] = right{role, had.granted}
		err := s.putMember(ctx, `
			INSERT INTO members (workspace, "user", bucket, role, granted) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (workspace, "user", bucket) DO UPDATE SET role = excluded.role`, user, bucket, role, had.granted)
		if err != nil {
			return err
		}
	}
	if len(have) > MaxBuckets {
		return TooManyBuckets()
	}
	if changed {
		s.moved[user] = true
		if s.seq == before {
			s.seq++
		}
	}
	return s.putMember(ctx, `
		UPDATE users SET issued = CASE WHEN issued < $3 THEN $3 ELSE issued END, ended = CASE WHEN ended < $4 THEN $4 ELSE ended END,
			changed = CASE WHEN $6 THEN $5 ELSE changed END
		WHERE workspace = $1 AND "user" = $2`, user, microsOf(c.issued), microsOf(c.ended), s.seq, changed)
}

// putMember runs a statement with the workspace as $1 and further arguments.
func (s *session) putMember(ctx context.Context, statement string, args ...any) error {
	if _, err := s.tx.ExecContext(ctx, statement, append([]any{s.workspace}, args...)...); err != nil {
		return fmt.Errorf("store the membership of a user: %w", err)
	}
	return nil
}

// rights returns the buckets of a user, as they are in the transaction.
func (s *session) rights(ctx context.Context, user string) (map[string]right, error) {
	rows, err := s.tx.QueryContext(ctx, `SELECT bucket, role, granted FROM members WHERE workspace = $1 AND "user" = $2`, s.workspace, user)
	if err != nil {
		return nil, fmt.Errorf("read the membership of a user: %w", err)
	}
	defer rows.Close()
	have := make(map[string]right)
	for rows.Next() {
		var bucket string
		var r right
		if err := rows.Scan(&bucket, &r.role, &r.granted); err != nil {
			return nil, fmt.Errorf("read the membership of a user: %w", err)
		}
		have[bucket] = r
	}
	return have, rows.Err()
}

// timeOf returns the time of a column with microseconds; zero means the zero time.
func timeOf(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros)
}

// microsOf undoes timeOf.
func microsOf(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}
