package server

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// MaxMembers is the maximum number of members in an answer.
const MaxMembers = 5000

// serveMembers answers GET /v1/members with the members of the buckets of the user, or of one of these
// buckets with ?bucket=B. The first are the rows of the user. There are at most MaxMembers.
func (s *Frontend) serveMembers(w http.ResponseWriter, r *http.Request, m Sender) error {
	if err := s.chargePull(m); err != nil {
		return err
	}
	var bucket *string
	if query := r.URL.Query(); query.Has("bucket") {
		name := query.Get("bucket")
		bucket = &name
	}
	all, err := s.backend.Members(r.Context(), m, bucket)
	if err != nil {
		return Unavailable(err)
	}
	s.pulls.count(m.Workspace, m.User, float64(len(all)*maxUser))
	return writeJSON(w, struct {
		User    string   `json:"user"` // who asks
		Members []Member `json:"members"`
	}{m.User, all})
}

// membersFor returns what serveMembers answers. The others are read bucket by bucket, up to the maximum: all of them may
// be many more.
func (d *Database) membersFor(ctx context.Context, m Sender, bucket *string) ([]Member, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	args := []any{m.Workspace, m.User, bucket == nil, ""}
	if bucket != nil {
		args[3] = *bucket
	}
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
		LIMIT $5`), append(args, max(MaxMembers-len(own), 0))...)
	others, err := membersOf(rows, err)
	slices.SortFunc(others, func(a, b Member) int { // an order in the statement would read all of them
		return cmp.Or(cmp.Compare(a.Bucket, b.Bucket), cmp.Compare(a.User, b.User))
	})
	return append(own, others...), err
}

// serveGrant answers POST /v1/members, whose body is a Member, by making a user a member of a bucket, or
// by changing the role, if Options.MayGrant permits it. The user must have used the workspace before.
func (s *Frontend) serveGrant(w http.ResponseWriter, r *http.Request, m Sender) error {
	body, err := readAll(bodyOf(w, r, 4<<10))
	if err != nil {
		return err
	}
	var asked Member
	if err := json.Unmarshal(body, &asked); err != nil {
		return Malformed(err)
	}
	if err := checkRoles(map[string]string{asked.Bucket: asked.Role}); err != nil {
		return Malformed(err)
	}
	return s.serveChange(w, r, m, asked)
}

// serveRevoke answers DELETE /v1/members?user=U&bucket=B by ending a membership, if Options.MayGrant
// permits it.
func (s *Frontend) serveRevoke(w http.ResponseWriter, r *http.Request, m Sender) error {
	query := r.URL.Query()
	if !query.Has("bucket") {
		return Malformed(errors.New("bucket: must be in the query; it may be empty"))
	}
	return s.serveChange(w, r, m, Member{User: query.Get("user"), Bucket: query.Get("bucket")})
}

// serveChange changes a membership, and answers with it. An empty role ends the membership.
func (s *Frontend) serveChange(w http.ResponseWriter, r *http.Request, m Sender, asked Member) error {
	if err := checkUser(asked.User); err != nil {
		return Malformed(err)
	}
	done, err := s.own.enter(r.Context(), m.Workspace+"/"+m.User)
	if err != nil {
		return err
	}
	defer done()
	if err := s.pushes.admit(m.Workspace, m.User); err != nil {
		return err
	}
	if s.options.MayGrant == nil {
		return mayNotGrant(errors.New("this server changes no membership by request"))
	}
	err = s.backend.ChangeMember(r.Context(), MemberChange{By: m, Member: asked, Permit: func(a Actor, members []Member) error {
		if err := s.pushes.charge(m.Workspace, m.User, float64(costOfItem+len(members)*maxUser)); err != nil {
			return err
		}
		g := Grant{User: asked.User, Bucket: asked.Bucket, Role: asked.Role, Members: make(map[string]string, len(members))}
		for _, k := range members {
			g.Members[k.User] = k.Role
		}
		if err := s.options.MayGrant(a, g); err != nil {
			return mayNotGrant(err)
		}
		return nil
	}})
	if err != nil {
		return Unavailable(err)
	}
	return writeJSON(w, asked)
}

// changeByRequest changes a membership if the request permits it, and the user exists.
func (s *Server) changeByRequest(ctx context.Context, c MemberChange) error {
	return s.changeMember(ctx, c.By.Workspace, func(tx *session) error {
		if err := tx.permit(ctx, c); err != nil {
			return err
		}
		if c.Role == "" {
			return tx.change(ctx, c.User, change{take: []string{c.Bucket}, issued: s.now()})
		}
		return tx.change(ctx, c.User, change{give: map[string]string{c.Bucket: c.Role}, issued: s.now()})
	})
}

// permit returns an error if a change of a membership is not permitted, or the user does not exist.
func (s *session) permit(ctx context.Context, c MemberChange) error {
	have, err := s.rights(ctx, c.By.User)
	if err != nil {
		return err
	}
	rows, err := s.tx.QueryContext(ctx, `SELECT "user", bucket, role FROM members WHERE workspace = $1 AND bucket = $2`, s.workspace, c.Bucket)
	members, err := membersOf(rows, err)
	if err != nil {
		return err
	}
	if err := c.Permit(actorOf(c.By, have), members); err != nil {
		return err
	}
	return s.checkExists(ctx, c.User)
}

// mayNotGrant returns the failure for a change of membership that is not permitted.
func mayNotGrant(err error) error {
	return &failure{http.StatusForbidden, "may_not_grant", err.Error(), err}
}

// actorOf returns a member with the roles of the user.
func actorOf(m Sender, have map[string]right) Actor {
	a := Actor{User: m.User, Client: m.Client, Roles: make(map[string]string, len(have))}
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
		return UnknownUser()
	}
	return nil
}
