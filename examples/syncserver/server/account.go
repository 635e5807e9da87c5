package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/buckets"
)

// Account says who sends a request: a user, on a device of the user, in a workspace. It is what
// Options.Authenticate returns.
type Account struct {
	// User identifies the user within the workspace, for example by the subject of an ID token: 1 to
	// 255 bytes of UTF-8.
	User string
	// Workspace is the workspace of the request. The user may pull from it and push to it, within the
	// rights below.
	Workspace string
	// Client is the ID with which the device stamps its writes. If it is zero, the server takes it from
	// the header Client-Id of the request. The first request with a client ID binds it to the user and
	// the workspace.
	Client clock.ClientID
	// Rights has the buckets that the user may read, each with the role of the user. Nil means the
	// buckets that Server.Grant has granted. Otherwise the buckets of the user become these, if Issued is
	// later than the last token whose rights were followed, and later than the last call to Grant or
	// Revoke for the user.
	Rights map[string]string
	// Issued is when the token was issued. It must not be zero if there are Rights.
	Issued time.Time
	// Ends is when the token ends; zero means never. Later requests are refused, and open event streams
	// end at that time.
	Ends time.Time
}

// Actor is the author of a push, or the user who gives or takes membership. Roles are read in the
// transaction that uses them. The Actor must not be changed.
type Actor struct {
	User   string
	Client clock.ClientID
	Roles  map[string]string // role by bucket, for the buckets of the user
	server bool              // whether the server itself writes, which has all rights
}

// Grant is a change of the membership of a user in a bucket.
type Grant struct {
	User, Bucket string
	Role         string            // empty if the membership is to end
	Members      map[string]string // role by user, for the members of the bucket before the change
}

// ErrUnavailable is for Options.Authenticate: an error that wraps it says that the account cannot be
// found out now, for example because the keys of an issuer cannot be fetched. The request is then
// refused with the status 503 instead of 401, so the client tries again and stays logged in.
var ErrUnavailable = errors.New("the account cannot be checked now")

// ErrTokenEnded is for Options.Authenticate: an error that wraps it says that the token was valid and has
// ended. The code of the refusal is then token_ended, so the client gets another token and keeps its data.
var ErrTokenEnded = errors.New("the token has ended")

const (
	maxUser = 255 // bytes
	maxRole = 64  // bytes
)

// authenticated returns an endpoint for clients that have a token. It takes the user, the client and
// the workspace from the account, not from the rest of the request.
func (s *Frontend) authenticated(f func(http.ResponseWriter, *http.Request, Sender) error) endpoint {
	return func(w http.ResponseWriter, r *http.Request) error {
		m, err := s.authenticate(r)
		if err != nil {
			return err
		}
		return f(w, r, m)
	}
}

// authenticate returns the sender of a request, and follows the rights in its token.
func (s *Frontend) authenticate(r *http.Request) (Sender, error) {
	find := s.options.Authenticate
	if find == nil {
		find = s.tokens.account
	}
	account, err := find(r)
	switch {
	case errors.Is(err, ErrUnavailable):
		return Sender{}, Unavailable(err)
	case errors.Is(err, ErrTokenEnded):
		return Sender{}, tokenEnded()
	case err != nil:
		return Sender{}, unauthorized(err)
	}
	if account.Client.IsZero() {
		if account.Client, err = clock.ParseClientID(r.Header.Get("Client-Id")); err != nil {
			err = fmt.Errorf("the header Client-Id must be a client ID: %w", err)
			return Sender{}, &failure{http.StatusBadRequest, "invalid_client_id", err.Error(), err}
		}
	}
	if err := account.check(); err != nil {
		return Sender{}, err
	}
	if !account.Ends.IsZero() && !s.now().Before(account.Ends) {
		return Sender{}, tokenEnded()
	}
	m := Sender{account.Workspace, account.User, account.Client, account.Ends}
	return m, s.admitted(r.Context(), account)
}

// admitted returns an error if the backend does not admit an account.
func (s *Frontend) admitted(ctx context.Context, a Account) error {
	if err := s.backend.Admit(ctx, a); err != nil {
		return Unavailable(err)
	}
	return nil
}

// unauthorized returns the failure for a request without a valid token. Only the log gets the cause.
func unauthorized(err error) error {
	return &failure{http.StatusUnauthorized, "unauthorized", "the token is missing or invalid: join the workspace", err}
}

// tokenEnded returns the failure for a request whose token has ended. The client gets another token,
// and keeps its client ID, its data and its outbox.
func tokenEnded() error {
	err := fmt.Errorf("%w: renew it, or log in again", ErrTokenEnded)
	return &failure{http.StatusUnauthorized, "token_ended", err.Error(), err}
}

// check returns an error if the account is not valid. That is a mistake of Options.Authenticate.
func (a Account) check() error {
	if err := checkWorkspace(a.Workspace); err != nil {
		return err
	}
	if err := checkUser(a.User); err != nil {
		return err
	}
	if a.Rights == nil {
		return nil
	}
	if a.Issued.IsZero() {
		return errors.New("account: Rights need the time Issued")
	}
	return checkRoles(a.Rights)
}

// checkUser returns an error if a text is not a valid user.
func checkUser(user string) error {
	if user == "" || !isText(user, maxUser) {
		return fmt.Errorf("user: must be 1 to %d bytes of UTF-8 without U+0000", maxUser)
	}
	return nil
}

// checkRoles returns an error if a name or a role is not valid.
func checkRoles(roles map[string]string) error {
	if len(roles) > MaxBuckets {
		return TooManyBuckets()
	}
	for bucket, role := range roles {
		if !buckets.Valid(bucket) {
			return fmt.Errorf("bucket: must be at most %d bytes of UTF-8 without U+0000", buckets.MaxName)
		}
		if role == "" || !isText(role, maxRole) {
			return fmt.Errorf("role: must be 1 to %d bytes of UTF-8 without U+0000", maxRole)
		}
	}
	return nil
}

// isText reports whether a text is valid in both databases and has at most the given number of bytes.
func isText(text string, most int) bool {
	return len(text) <= most && utf8.ValidString(text) && !strings.Contains(text, "\x00")
}
