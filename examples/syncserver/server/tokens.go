package server

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/clock"
)

const (
	tokenLife  = 30 * 24 * time.Hour // of a token
	renewable  = 90 * 24 * time.Hour // after the end of a token
	inviteLife = 7 * 24 * time.Hour  // of an invitation that names a user
)

// tokens creates and checks the tokens of a server that has no Options.Authenticate. A token contains
// the workspace, the user, the client, and when it was issued and ends, and is signed, so the server
// does not need to store it:
//
//	demo.USER.CLIENT.1767225600000000.1769817600000000.SIGNATURE
//
// Servers of an earlier version issued tokens that contain only the workspace and the client. They
// remain valid, without an end, until the secret of the database changes. Their user has the ID of the
// client.
type tokens struct {
	key []byte
	now func() time.Time
}

// bearer returns the token in the header Authorization, or "".
func bearer(r *http.Request) string {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return token
	}
	return ""
}

// account returns the account that a token names, as Options.Authenticate does.
func (t tokens) account(r *http.Request) (Account, error) {
	token := bearer(r)
	if token == "" {
		return Account{}, errors.New("there is no token in the header Authorization")
	}
	end := max(strings.LastIndexByte(token, '.'), 0)
	text, signature := token[:end], strings.TrimPrefix(token[end:], ".")
	if !hmac.Equal([]byte(signature), []byte(t.sign("token", text))) {
		return Account{}, errors.New("the signature of the token is wrong")
	}
	parts := strings.Split(text, ".")
	switch len(parts) {
	case 2: // of an earlier version
		client, err := clock.ParseClientID(parts[1])
		return Account{Workspace: parts[0], User: client.String(), Client: client}, err
	case 5:
		client, err := clock.ParseClientID(parts[2])
		issued, err2 := parseMicros(parts[3])
		ends, err3 := parseMicros(parts[4])
		return Account{Workspace: parts[0], User: parts[1], Client: client, Issued: issued, Ends: ends}, errors.Join(err, err2, err3)
	}
	return Account{}, errors.New("the token has an unknown form")
}

// of returns the token of an account.
func (t tokens) of(a Account) string {
	text := strings.Join([]string{a.Workspace, a.User, a.Client.String(), formatMicros(a.Issued), formatMicros(a.Ends)}, ".")
	return text + "." + t.sign("token", text)
}

// parseMicros reads a time in a token.
func parseMicros(text string) (time.Time, error) {
	micros, err := strconv.ParseInt(text, 10, 64)
	return timeOf(micros), err
}

// formatMicros returns a time as in a token.
func formatMicros(at time.Time) string { return strconv.FormatInt(microsOf(at), 10) }

// Invitation returns the invitation that a new user needs to join a workspace that is not open.
func (s *Frontend) Invitation(workspace string) (string, error) {
	if err := checkWorkspace(workspace); err != nil {
		return "", err
	}
	return s.tokens.sign("invitation", workspace), nil
}

// InvitationFor returns an invitation with which a device joins a workspace as the given user. It is valid
// for 7 days, any number of times. The user may be new; the name consists of 1 to 64 characters from a-z,
// 0-9 and -. Who has the invitation can act as the user, so treat it like a password.
func (s *Frontend) InvitationFor(workspace, user string) (string, error) {
	if err := errors.Join(checkWorkspace(workspace), checkName("user", user)); err != nil {
		return "", err
	}
	text := user + "." + formatMicros(s.now().Add(inviteLife))
	return text + "." + s.tokens.sign("invitation", workspace+"."+text), nil
}

// invites reports whether an invitation is valid for a workspace, and returns the user that it names, or
// "" if it names none.
func (t tokens) invites(invitation, workspace string) (user string, valid bool) {
	if hmac.Equal([]byte(invitation), []byte(t.sign("invitation", workspace))) {
		return "", true
	}
	user, rest, _ := strings.Cut(invitation, ".")
	end, signature, _ := strings.Cut(rest, ".")
	if !hmac.Equal([]byte(signature), []byte(t.sign("invitation", workspace+"."+user+"."+end))) {
		return "", false
	}
	at, err := parseMicros(end)
	return user, err == nil && t.now().Before(at)
}

// sign returns the signature of a text. The purpose is signed too, so that an invitation cannot be
// used as a token, or a token as an invitation.
func (t tokens) sign(purpose, text string) string {
	mac := hmac.New(sha256.New, t.key)
	mac.Write([]byte(purpose + " " + text))
	return hex.EncodeToString(mac.Sum(nil))
}

var plainName = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)

// checkWorkspace returns an error if name is not a valid workspace name.
func checkWorkspace(name string) error { return checkName("workspace", name) }

// checkName returns an error if name is not a valid name of a workspace, or of a user in an invitation.
func checkName(of, name string) error {
	if !plainName.MatchString(name) {
		return errors.New(of + ": the name must consist of 1 to 64 characters from a-z, 0-9 and -")
	}
	return nil
}
