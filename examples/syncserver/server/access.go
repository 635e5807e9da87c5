package server

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"regexp"
	"strings"

	"github.com/google/uuid"

	"github.com/fieldlww/fieldlww/clock"
)

// member is who has sent a request: one client of one workspace.
type member struct {
	workspace string
	client    clock.ClientID
}

// serveJoin answers POST /v1/join with a client ID, which nobody else has, and the token
// that goes with it. The client keeps both for as long as it keeps its data.
func (s *Server) serveJoin(w http.ResponseWriter, r *http.Request) error {
	body, err := readAll(bodyOf(w, r, 4<<10))
	if err != nil {
		return err
	}
	var asked struct{ Workspace, Invite string }
	if err := json.Unmarshal(body, &asked); err != nil {
		return malformed(err)
	}
	if err := checkWorkspace(asked.Workspace); err != nil {
		return malformed(err)
	}
	if asked.Workspace != s.options.Open && !s.tokens.invites(asked.Invite, asked.Workspace) {
		err := errors.New("this workspace needs an invitation")
		return &failure{http.StatusForbidden, "not_invited", err.Error(), err}
	}
	address := addressOf(r)
	if err := s.joins.admit("", address); err != nil {
		return err
	}
	s.joins.count("", address, 1)
	m := member{asked.Workspace, clock.ClientID(uuid.New())}
	return writeJSON(w, struct {
		Workspace string         `json:"workspace"`
		ClientID  clock.ClientID `json:"clientId"`
		Token     string         `json:"token"`
	}{m.workspace, m.client, s.tokens.of(m)})
}

// addressOf returns the IP address that a request came from, by its RemoteAddr. For IPv6 it is
// the network, since a subscriber has all addresses of one. Behind a proxy all requests come
// from one address, unless what wraps the handler sets RemoteAddr to what the proxy says.
func addressOf(r *http.Request) string {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	bits := 32
	if !from.Addr().Unmap().Is4() {
		bits = 64
	}
	network, _ := from.Addr().Unmap().WithZone("").Prefix(bits) // the address has that many bits
	return network.String()
}

// members makes an endpoint for clients that have a token. Which client they are, and of
// which workspace, is read from the token and not from what they say.
func (s *Server) members(f func(http.ResponseWriter, *http.Request, member) error) endpoint {
	return func(w http.ResponseWriter, r *http.Request) error {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		m, ok := s.tokens.member(token)
		if !ok {
			err := errors.New("no token, or none of this server")
			return &failure{http.StatusUnauthorized, "unauthorized", err.Error(), err}
		}
		return f(w, r, m)
	}
}

// Invitation returns what a client needs to join a workspace that is not open.
func (s *Server) Invitation(workspace string) (string, error) {
	if err := checkWorkspace(workspace); err != nil {
		return "", err
	}
	return s.tokens.sign("invitation", workspace), nil
}

var workspaceName = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)

// checkWorkspace refuses what is not the name of a workspace.
func checkWorkspace(name string) error {
	if !workspaceName.MatchString(name) {
		return errors.New("workspace: 1 to 64 of a-z, 0-9 and -")
	}
	return nil
}

// tokens makes and checks tokens. A token names the workspace and the client, and is
// signed, so that there is nothing to store or to look up. It is good until the secret of
// the database is another one: a real server has accounts, and sessions that end.
type tokens struct{ key []byte }

// of returns the token of a member.
func (t tokens) of(m member) string {
	text := m.workspace + "." + m.client.String()
	return text + "." + t.sign("token", text)
}

// member returns who has been given a token.
func (t tokens) member(token string) (member, bool) {
	workspace, rest, _ := strings.Cut(token, ".")
	text, signature, _ := strings.Cut(rest, ".")
	client, err := clock.ParseClientID(text)
	m := member{workspace, client}
	return m, err == nil && hmac.Equal([]byte(signature), []byte(t.sign("token", m.workspace+"."+text)))
}

// invites reports whether an invitation is one to a workspace.
func (t tokens) invites(invitation, workspace string) bool {
	return hmac.Equal([]byte(invitation), []byte(t.sign("invitation", workspace)))
}

// sign returns a signature. The purpose keeps one kind from being taken for another.
func (t tokens) sign(purpose, text string) string {
	mac := hmac.New(sha256.New, t.key)
	mac.Write([]byte(purpose + " " + text))
	return hex.EncodeToString(mac.Sum(nil))
}
