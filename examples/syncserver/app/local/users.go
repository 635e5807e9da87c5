package local

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/buckets"
)

const (
	maxText = 255 // bytes of a user or a role
	maxMost = 5000
)

// Member is the membership of a user in a bucket.
type Member struct {
	User   string `json:"user"`
	Bucket string `json:"bucket"`
	Role   string `json:"role"`
}

// Change is a change of a membership that a client asks for.
type Change struct {
	By string // the user who asks
	Member
	Members map[string]string // role by user, for the members of the bucket before the change
}

// joined is the answer to a join.
type joined struct {
	Workspace string         `json:"workspace"`
	User      string         `json:"user"`
	ClientID  clock.ClientID `json:"clientId"`
	Token     string         `json:"token"`
}

// join makes a new client, of the user of the token or else of a new user. A client that names its ID gets a new token in
// place of its former one if the ID belongs to the same user.
func (s *Server) join(r Request) ([]byte, error) {
	var asked struct {
		Workspace string
		ClientID  clock.ClientID
	}
	if err := json.Unmarshal(r.Body, &asked); err != nil {
		return nil, malformed(err)
	}
	if asked.Workspace != s.o.Workspace {
		return nil, &failure{403, "not_invited", "this server has no other workspace than " + s.o.Workspace}
	}
	d := s.devices[r.Token]
	switch known := asked.ClientID; {
	case known.IsZero():
		rand.Read(d.client[:])
		d.client[6], d.client[8] = 0x40|d.client[6]&0x0f, 0x80|d.client[8]&0x3f // a UUID of version 4
	case d.user != "" && s.owns(d.user, known):
		d.client = known
	default:
		return nil, &failure{403, "client_taken", "the client ID belongs to another user: use another client ID"}
	}
	if d.user == "" {
		d.user = d.client.String()
	}
	if s.members[d.user] == nil && s.o.NewRole != "" {
		s.putMember(Member{d.user, "", s.o.NewRole}, s.seq)
	}
	token := rand.Text()
	maps.DeleteFunc(s.devices, func(_ string, other device) bool { return other.client == d.client })
	s.devices[token] = d
	s.saveDevice(token)
	return json.Marshal(joined{s.o.Workspace, d.user, d.client, token})
}

func (s *Server) owns(user string, client clock.ClientID) bool {
	for _, d := range s.devices {
		if d.client == client {
			return d.user == user
		}
	}
	return false
}

// serveMembers answers with the members of the buckets of the user: the rows of the user first, then the others by bucket.
func (s *Server) serveMembers(d device, r Request) ([]byte, error) {
	wanted, one := r.Query["bucket"]
	own, others := []Member{}, []Member{}
	users := slices.Sorted(maps.Keys(s.members))
	for _, bucket := range slices.Sorted(maps.Keys(s.members[d.user])) {
		if one && bucket != wanted {
			continue
		}
		for _, user := range users {
			right, in := s.members[user][bucket]
			switch {
			case !in:
			case user == d.user:
				own = append(own, Member{user, bucket, right.Role})
			default:
				others = append(others, Member{user, bucket, right.Role})
			}
		}
	}
	all := append(own, others...)
	return json.Marshal(struct {
		User    string   `json:"user"`
		Members []Member `json:"members"`
	}{d.user, all[:min(len(all), maxMost)]})
}

// grant makes a user a member of a bucket, or changes the role.
func (s *Server) grant(d device, r Request) ([]byte, error) {
	var asked Member
	if err := json.Unmarshal(r.Body, &asked); err != nil {
		return nil, malformed(err)
	}
	if asked.Role == "" || len(asked.Role) > maxText {
		return nil, malformed(errors.New("role: must be 1 to 255 bytes"))
	}
	return s.change(d, asked)
}

// revoke ends a membership.
func (s *Server) revoke(d device, r Request) ([]byte, error) {
	bucket, ok := r.Query["bucket"]
	if !ok {
		return nil, malformed(errors.New("bucket: must be in the query; it may be empty"))
	}
	return s.change(d, Member{User: r.Query["user"], Bucket: bucket})
}

func (s *Server) change(d device, asked Member) ([]byte, error) {
	if asked.User == "" || len(asked.User) > maxText || !buckets.Valid(asked.Bucket) {
		return nil, malformed(errors.New("user or bucket: invalid"))
	}
	members := make(map[string]string)
	for user, all := range s.members {
		if have, ok := all[asked.Bucket]; ok {
			members[user] = have.Role
		}
	}
	err := errors.New("this server changes no membership")
	if s.o.MayGrant != nil {
		err = s.o.MayGrant(Change{d.user, asked, members})
	}
	if err != nil {
		return nil, &failure{403, "may_not_grant", err.Error()}
	}
	if !s.exists(asked.User) {
		return nil, &failure{404, "unknown_user", "the user never used this workspace"}
	}
	if len(s.members[asked.User]) >= maxMost && asked.Role != "" {
		return nil, &failure{403, "too_many_buckets", "the user has too many buckets"}
	}
	s.setMember(asked)
	return json.Marshal(asked)
}

func (s *Server) exists(user string) bool {
	for _, d := range s.devices {
		if d.user == user {
			return true
		}
	}
	return false
}

// setMember changes a membership. A new one takes a sequence, so that the clients of the user load the bucket. An empty
// role ends the membership. If nothing changes, the sequence stays.
func (s *Server) setMember(m Member) {
	had, ok := s.members[m.User][m.Bucket]
	if had.Role == m.Role {
		return
	}
	s.seq++ // also without a new membership, so that the clients of the user are told
	if !ok {
		had.Granted = s.seq
	}
	s.putMember(m, had.Granted)
	s.saveState()
}

// putMember stores a membership. The empty list of a user who has lost all buckets stays.
func (s *Server) putMember(m Member, granted int64) {
	if s.members[m.User] == nil {
		s.members[m.User] = make(map[string]right)
	}
	if s.members[m.User][m.Bucket] = (right{m.Role, granted}); m.Role == "" {
		delete(s.members[m.User], m.Bucket)
	}
	s.saveMembers(m.User)
}

// rolesOf returns the roles by bucket.
func rolesOf(have map[string]right) map[string]string {
	roles := make(map[string]string, len(have))
	for bucket, r := range have {
		roles[bucket] = r.Role
	}
	return roles
}
