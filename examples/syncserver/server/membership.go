package server

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
)

// maxMembers is the maximum number of members in an answer.
const maxMembers = 5000

// serveMembers answers GET /v1/members with the members of the buckets of the user, or of one of these
// buckets with ?bucket=B. The first are the rows of the user. There are at most maxMembers.
func (s *Server) serveMembers(w http.ResponseWriter, r *http.Request, m member) error {
	if err := s.chargePull(m); err != nil {
		return err
	}
	all, err := s.database.membersFor(r.Context(), m, r.URL.Query())
	if err != nil {
		return unavailable(err)
	}
	s.pulls.count(m.workspace, m.user, float64(len(all)*maxUser))
	return writeJSON(w, struct {
		User    string   `json:"user"` // who asks
		Members []Member `json:"members"`
	}{m.user, all})
}

// membersFor returns what serveMembers answers. The others are read bucket by bucket, up to the maximum: all of them may
// be many more.
func (d *Database) membersFor(ctx context.Context, m member, query url.Values) ([]Member, error) {
	args := []any{m.workspace, m.user, !query.Has("bucket"), query.Get("bucket")}
	rows, err := d.db.QueryContext(ctx, `
		SELECT "user", bucket, role FROM members WHERE workspace = $1 AND "user" = $2 AND ($3 OR bucket = $4) ORDER BY bucket`, args...)
	own, err := membersOf(rows, err)
	if err != nil {
		return nil, err
	}
	rows, err = d.db.QueryContext(ctx, d.rows(`
		SELECT k."user", k.bucket, k.role
		FROM (SELECT bucket FROM members WHERE workspace = $1 AND "user" = $2 AND ($3 OR bucket = $4) ORDER BY bucket) AS o
		LOOKUP members AS k ON k.workspace = $1 AND k.bucket = o.bucket AND k."user" <> $2
		LIMIT $5`), append(args, max(maxMembers-len(own), 0))...)
	others, err := membersOf(rows, err)
	slices.SortFunc(others, func(a, b Member) int { // an order in the statement would read all of them
		return cmp.Or(cmp.Compare(a.Bucket, b.Bucket), cmp.Compare(a.User, b.User))
	})
	return append(own, others...), err
}

// serveGrant answers POST /v1/members, whose body is a Member, by making a user a member of a bucket, or
// by changing the role, if Options.MayGrant permits it. The user must have used the workspace before.
func (s *Server) serveGrant(w http.ResponseWriter, r *http.Request, m member) error {
	body, err := readAll(bodyOf(w, r, 4<<10))
	if err != nil {
		return err
	}
	var asked Member
	if err := json.Unmarshal(body, &asked); err != nil {
		return malformed(err)
	}
	if err := checkRoles(map[string]string{asked.Bucket: asked.Role}); err != nil {
		return malformed(err)
	}
	return s.serveChange(w, r, m, asked)
}

// serveRevoke answers DELETE /v1/members?user=U&bucket=B by ending a membership, if Options.MayGrant
// permits it.
func (s *Server) serveRevoke(w http.ResponseWriter, r *http.Request, m member) error {
	query := r.URL.Query()
	if !query.Has("bucket") {
		return malformed(errors.New("bucket: must be in the query; it may be empty"))
	}
	return s.serveChange(w, r, m, Member{User: query.Get("user"), Bucket: query.Get("bucket")})
}

// serveChange changes a membership, and answers with it. An empty role ends the membership.
func (s *Server) serveChange(w http.ResponseWriter, r *http.Request, m member, asked Member) error {
	if err := checkUser(asked.User); err != nil {
		return malformed(err)
	}
	done, err := s.own.enter(r.Context(), m.workspace+"/"+m.user)
	if err != nil {
		return err
	}
	defer done()
	if err := s.pushes.admit(m.workspace, m.user); err != nil {
		return err
	}
	err = s.changeMember(r.Context(), m.workspace, func(tx *session) error {
		if err := s.mayGrant(r.Context(), tx, m, asked); err != nil {
			return err
		}
		c := change{take: []string{asked.Bucket}, issued: s.now()}
		if asked.Role != "" {
			c = change{give: map[string]string{asked.Bucket: asked.Role}, issued: s.now()}
		}
		return tx.change(r.Context(), asked.User, c)
	})
	if err != nil {
		return unavailable(err)
	}
	return writeJSON(w, asked)
}

// mayGrant returns an error if a client may not change a membership, or the user does not exist. It
// charges the client for reading the members of the bucket.
func (s *Server) mayGrant(ctx context.Context, tx *session, m member, asked Member) error {
	if s.options.MayGrant == nil {
		return mayNotGrant(errors.New("this server changes no membership by request"))
	}
	have, err := tx.rights(ctx, m.user)
	if err != nil {
		return err
	}
	rows, err := tx.tx.QueryContext(ctx, `SELECT "user", bucket, role FROM members WHERE workspace = $1 AND bucket = $2`, m.workspace, asked.Bucket)
	members, err := membersOf(rows, err)
	if err != nil {
		return err
	}
	if err := s.pushes.charge(m.workspace, m.user, float64(costOfItem+len(members)*maxUser)); err != nil {
		return err
	}
	g := Grant{User: asked.User, Bucket: asked.Bucket, Role: asked.Role, Members: make(map[string]string, len(members))}
	for _, k := range members {
		g.Members[k.User] = k.Role
	}
	if err := s.options.MayGrant(actorOf(m, have), g); err != nil {
		return mayNotGrant(err)
	}
	return tx.checkExists(ctx, asked.User)
}

// mayNotGrant returns the failure for a change of membership that is not permitted.
func mayNotGrant(err error) error {
	return &failure{http.StatusForbidden, "may_not_grant", err.Error(), err}
}

// actorOf returns a member with the roles of the user.
func actorOf(m member, have map[string]right) Actor {
	a := Actor{User: m.user, Client: m.client, Roles: make(map[string]string, len(have))}
	for bucket, r := range have {
		a.Roles[bucket] = r.role
	}
	return a
}

// checkExists returns an error if a user never used the workspace.
func (s *session) checkExists(ctx context.Context, user string) error {
	var found int
	err := s.tx.QueryRowContext(ctx, `SELECT count(*) FROM users WHERE workspace = $1 AND "user" = $2`, s.workspace, user).Scan(&found)
	if err != nil {
		return fmt.Errorf("look up a user: %w", err)
	}
	if found == 0 {
		err := errors.New("the user never used this workspace")
		return &failure{http.StatusNotFound, "unknown_user", err.Error(), err}
	}
	return nil
}
