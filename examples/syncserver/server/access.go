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

// member is the sender of a request: a client of a workspace.
type member struct {
	workspace string
	client    clock.ClientID
}

// serveJoin answers POST /v1/join with a new client ID and its token. The client keeps the client
// ID and the token for as long as it keeps its data.
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
		err := errors.New("the workspace needs an invitation: open an invitation link")
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

// addressOf returns the IP address from which a request came, according to its RemoteAddr. For IPv6
// it returns the /64 network, because one subscriber has all addresses of such a network. Behind a
// proxy, that is the address of the proxy, unless a wrapper of the handler sets RemoteAddr to the
// address that the proxy reports.
func addressOf(r *http.Request) string {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	bits := 32
	if !from.Addr().Unmap().Is4() {
		bits = 64
	}
	network, _ := from.Addr().Unmap().WithZone("").Prefix(bits) // cannot fail, because the address has at least that many bits
	return network.String()
}

// members returns an endpoint for clients that have a token. It takes the client and the
// workspace from the token, not from the rest of the request.
func (s *Server) members(f func(http.ResponseWriter, *http.Request, member) error) endpoint {
	return func(w http.ResponseWriter, r *http.Request) error {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		m, ok := s.tokens.member(token)
		if !ok {
			err := errors.New("the token is missing or invalid: join the workspace")
			return &failure{http.StatusUnauthorized, "unauthorized", err.Error(), err}
		}
		return f(w, r, m)
	}
}

// Invitation returns the invitation that a client needs to join a workspace that is not open.
func (s *Server) Invitation(workspace string) (string, error) {
	if err := checkWorkspace(workspace); err != nil {
		return "", err
	}
	return s.tokens.sign("invitation", workspace), nil
}

var workspaceName = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)

// checkWorkspace returns an error if name is not a valid workspace name.
func checkWorkspace(name string) error {
	if !workspaceName.MatchString(name) {
		return errors.New("workspace: the name must consist of 1 to 64 characters from a-z, 0-9 and -")
	}
	return nil
}

// tokens creates and checks tokens. A token contains the workspace and the client and is signed,
// so the server does not need to store tokens or look them up. A token stays valid until the
// secret of the database changes. A real server would have accounts, and sessions that expire.
type tokens struct{ key []byte }

// of returns the token of a member.
func (t tokens) of(m member) string {
	text := m.workspace + "." + m.client.String()
	return text + "." + t.sign("token", text)
}

// member returns the member to which a token was given, and whether the token is valid.
func (t tokens) member(token string) (member, bool) {
	workspace, rest, _ := strings.Cut(token, ".")
	text, signature, _ := strings.Cut(rest, ".")
	client, err := clock.ParseClientID(text)
	m := member{workspace, client}
	return m, err == nil && hmac.Equal([]byte(signature), []byte(t.sign("token", m.workspace+"."+text)))
}

// invites reports whether an invitation is valid for a workspace.
func (t tokens) invites(invitation, workspace string) bool {
	return hmac.Equal([]byte(invitation), []byte(t.sign("invitation", workspace)))
}

// sign returns the signature of a text. The purpose is signed too, so that an invitation cannot be
// used as a token, or a token as an invitation.
func (t tokens) sign(purpose, text string) string {
	mac := hmac.New(sha256.New, t.key)
	mac.Write([]byte(purpose + " " + text))
	return hex.EncodeToString(mac.Sum(nil))
}
