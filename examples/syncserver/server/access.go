package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fieldlww/fieldlww/clock"
)

// membership is the answer to a join or a renewal. The client keeps it for as long as it keeps its data.
type membership struct {
	Workspace string          `json:"workspace"`
	User      string          `json:"user"`
	ClientID  clock.ClientID  `json:"clientId"`
	Token     string          `json:"token"`
	Ends      clock.Timestamp `json:"ends"` // of the token
}

// joining is the body of a join.
type joining struct {
	Workspace string
	Invite    string         // not needed for the open workspace
	ClientID  clock.ClientID // that the user has already; zero for a new one
}

// serveJoin answers POST /v1/join with a client ID and its token. The client belongs to
//
//   - the user of the token, if the request has a token: so a user adds a device;
//   - otherwise the user that the invitation names, if it names one; see Server.InvitationFor;
//   - otherwise a new user, who gets the ID of this first client.
//
// A device whose token can no longer be renewed asks for the client ID that it has, so it keeps its
// outbox. It needs an invitation that names its user, or a token of the user.
func (s *Frontend) serveJoin(w http.ResponseWriter, r *http.Request) error {
	body, err := readAll(bodyOf(w, r, 4<<10))
	if err != nil {
		return err
	}
	var asked joining
	if err := json.Unmarshal(body, &asked); err != nil {
		return Malformed(err)
	}
	if err := checkWorkspace(asked.Workspace); err != nil {
		return Malformed(err)
	}
	user, err := s.userOf(r, asked)
	if err != nil {
		return err
	}
	address := addressOf(r)
	if err := s.joins.admit("", address); err != nil {
		return err
	}
	s.joins.count("", address, 1)
	client := asked.ClientID
	if client.IsZero() {
		client = clock.ClientID(uuid.New())
	} else if err := s.checkOwn(r.Context(), asked, user); err != nil {
		return err
	}
	if user == "" {
		user = client.String()
	}
	account := Account{Workspace: asked.Workspace, User: user, Client: client, Issued: s.now()}
	if err := s.admitted(r.Context(), account); err != nil {
		return err
	}
	return s.writeMembership(w, account)
}

// userOf returns the user who joins a workspace, or "" for a new user.
func (s *Frontend) userOf(r *http.Request, asked joining) (string, error) {
	if bearer(r) != "" {
		m, err := s.authenticate(r)
		if err == nil && m.Workspace != asked.Workspace {
			err = unauthorized(errors.New("the token is for another workspace"))
		}
		return m.User, err
	}
	user, invited := s.tokens.invites(asked.Invite, asked.Workspace)
	if invited || asked.Workspace == s.options.Open && !strings.Contains(asked.Invite, ".") {
		return user, nil
	}
	err := errors.New("the workspace needs an invitation: open an invitation link")
	return "", &failure{http.StatusForbidden, "not_invited", err.Error(), err}
}

// checkOwn returns an error if the client ID that a join asks for is not bound to the user.
func (s *Frontend) checkOwn(ctx context.Context, asked joining, user string) error {
	wanted := Account{Workspace: asked.Workspace, User: user, Client: asked.ClientID}
	is, err := s.backend.Owns(ctx, wanted)
	if err != nil {
		return Unavailable(err)
	}
	if !is {
		return ClientTaken()
	}
	return nil
}

// serveRenew answers POST /v1/renew with a new token for the client of the token in the request. A token
// can also be renewed for renewable after its end, so a device that was away keeps its client ID.
func (s *Frontend) serveRenew(w http.ResponseWriter, r *http.Request) error {
	account, err := s.tokens.account(r)
	if err != nil {
		return unauthorized(err)
	}
	if !account.Ends.IsZero() && !s.now().Before(account.Ends.Add(renewable)) {
		return unauthorized(errors.New("the token ended long ago"))
	}
	if err := s.admitted(r.Context(), account); err != nil {
		return err
	}
	return s.writeMembership(w, account)
}

// writeMembership answers with a new token.
func (s *Frontend) writeMembership(w http.ResponseWriter, a Account) error {
	a.Issued = s.now()
	a.Ends = a.Issued.Add(tokenLife).Truncate(time.Millisecond) // as in the answer
	return writeJSON(w, membership{a.Workspace, a.User, a.Client, s.tokens.of(a), clock.TimestampOf(a.Ends)})
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
