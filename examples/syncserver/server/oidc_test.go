package server

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
)

// openIDAccounts returns an Options.Authenticate for the ID tokens that an OpenID Connect issuer signs
// for an audience. The claim "workspace" has the workspace, and the claim "buckets", if there is one, has
// the buckets with their roles. The client sends the token in the header Authorization, and its client ID
// in the header Client-Id.
func openIDAccounts(ctx context.Context, issuer, audience string) (func(*http.Request) (Account, error), error) {
	provider, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		return nil, err
	}
	var found struct {
		Keys string `json:"jwks_uri"`
	}
	if err := provider.Claims(&found); err != nil {
		return nil, err
	}
	verifier := oidc.NewVerifier(issuer, issuerKeys{oidc.NewRemoteKeySet(ctx, found.Keys)}, &oidc.Config{
		ClientID: audience, SupportedSigningAlgs: []string{oidc.RS256, oidc.ES256},
	})
	return func(r *http.Request) (Account, error) {
		raw, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		var noKeys error
		token, err := verifier.Verify(context.WithValue(r.Context(), noKeysKey{}, &noKeys), raw)
		expired := new(oidc.TokenExpiredError)
		switch {
		case noKeys != nil:
			return Account{}, fmt.Errorf("%w: %w", ErrUnavailable, noKeys)
		case errors.As(err, &expired):
			return Account{}, fmt.Errorf("%w: %w", ErrTokenEnded, err)
		case err != nil:
			return Account{}, err
		}
		var claims struct {
			Workspace string            `json:"workspace"`
			Buckets   map[string]string `json:"buckets"`
		}
		if err := token.Claims(&claims); err != nil {
			return Account{}, err
		}
		return Account{
			User: token.Subject, Workspace: claims.Workspace, Rights: claims.Buckets, Issued: token.IssuedAt, Ends: token.Expiry,
		}, nil
	}, nil
}

// issuerKeys are the keys of an issuer. The verifier reports an invalid signature and keys that cannot be
// fetched by the same error, so issuerKeys stores the second one in the context.
type issuerKeys struct{ oidc.KeySet }

type noKeysKey struct{}

// VerifySignature implements oidc.KeySet.
func (k issuerKeys) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	payload, err := k.KeySet.VerifySignature(ctx, jwt)
	if err != nil && strings.HasPrefix(err.Error(), "fetching keys") {
		*ctx.Value(noKeysKey{}).(*error) = err
	}
	return payload, err
}

// issuer is a local OpenID Connect issuer.
type issuer struct {
	*httptest.Server
	mu      sync.Mutex
	keys    []jose.JSONWebKey // public
	down    bool
	fetched int
}

func newIssuer(t *testing.T) *issuer {
	s := new(issuer)
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(map[string]any{
			"issuer": s.URL, "jwks_uri": s.URL + "/keys", "authorization_endpoint": s.URL + "/auth", "token_endpoint": s.URL + "/token",
			"id_token_signing_alg_values_supported": []string{"RS256", "ES256"},
		})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.fetched++; s.down {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: s.keys})
	})
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// publish makes the issuer publish the public keys of some signers.
func (s *issuer) publish(signers ...signer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = nil
	for _, k := range signers {
		s.keys = append(s.keys, jose.JSONWebKey{Key: k.key.Public(), KeyID: k.id, Algorithm: string(k.algorithm), Use: "sig"})
	}
}

// signer is a private key of an issuer.
type signer struct {
	id        string
	algorithm jose.SignatureAlgorithm
	key       crypto.Signer
}

func newSigner(t *testing.T, id string, algorithm jose.SignatureAlgorithm) (s signer) {
	t.Helper()
	s.id, s.algorithm = id, algorithm
	var err error
	if algorithm == jose.ES256 {
		s.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	} else {
		s.key, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	require.NoError(t, err)
	return s
}

// sign returns a token with some claims.
func (s signer) sign(t *testing.T, claims map[string]any) string {
	t.Helper()
	return signed(t, jose.SigningKey{Algorithm: s.algorithm, Key: jose.JSONWebKey{Key: s.key, KeyID: s.id}}, claims)
}

func signed(t *testing.T, key jose.SigningKey, claims map[string]any) string {
	t.Helper()
	by, err := jose.NewSigner(key, nil)
	require.NoError(t, err)
	text, err := json.Marshal(claims)
	require.NoError(t, err)
	token, err := by.Sign(text)
	require.NoError(t, err)
	compact, err := token.CompactSerialize()
	require.NoError(t, err)
	return compact
}

// TestOpenIDConnect checks which ID tokens of a local issuer the server accepts, while the issuer changes
// its keys and while it cannot be reached.
func TestOpenIDConnect(t *testing.T) {
	from := newIssuer(t)
	first, second, third, stranger := newSigner(t, "1", jose.RS256), newSigner(t, "2", jose.ES256), newSigner(t, "3", jose.ES256), newSigner(t, "1", jose.RS256)
	from.publish(first, second)
	s := open(t, databasetest.SQLite(t))
	var err error
	s.options.Authenticate, err = openIDAccounts(t.Context(), from.URL, "board")
	require.NoError(t, err)
	c := &client{t: t, url: listen(t, s)}
	phone, laptop := uuid.NewString(), uuid.NewString()

	issued := time.Now().Add(-time.Minute)
	claims := func(change map[string]any) map[string]any {
		all := map[string]any{
			"iss": from.URL, "aud": "board", "sub": "auth0|ana", "workspace": "demo", "buckets": map[string]string{"project/1": "writer"},
			"iat": issued.Unix(), "exp": issued.Add(time.Hour).Unix(),
		}
		for name, value := range change {
			all[name] = value
		}
		return all
	}
	known, err := x509.MarshalPKIXPublicKey(first.key.Public())
	require.NoError(t, err)
	none := strings.Split(first.sign(t, claims(nil)), ".")
	for _, step := range []struct {
		what, token, client string
		status              int
		code                string
	}{
		{"RS256", first.sign(t, claims(nil)), phone, 200, ""},
		{"ES256", second.sign(t, claims(nil)), laptop, 200, ""},
		{"several audiences", second.sign(t, claims(map[string]any{"aud": []string{"x", "board"}})), phone, 200, ""},
		{"another audience", first.sign(t, claims(map[string]any{"aud": "mail"})), phone, 401, "unauthorized"},
		{"another issuer", first.sign(t, claims(map[string]any{"iss": "https://evil.example"})), phone, 401, "unauthorized"},
		{"expired", first.sign(t, claims(map[string]any{"exp": time.Now().Add(-time.Second).Unix()})), phone, 401, "token_ended"},
		{"not valid yet", first.sign(t, claims(map[string]any{"nbf": time.Now().Add(time.Hour).Unix()})), phone, 401, "unauthorized"},
		{"a key of another signer", stranger.sign(t, claims(nil)), phone, 401, "unauthorized"},
		{"the public key as a shared secret", signed(t, jose.SigningKey{Algorithm: jose.HS256, Key: known}, claims(nil)), phone, 401, "unauthorized"},
		{"another payload", none[0] + "." + strings.Split(first.sign(t, claims(map[string]any{"sub": "ben"})), ".")[1] + "." + none[2], phone, 401, "unauthorized"},
		{"no signature", "eyJhbGciOiJub25lIn0." + none[1] + ".", phone, 401, "unauthorized"},
		{"no token", "", phone, 401, "unauthorized"},
		{"a device of another user", first.sign(t, claims(map[string]any{"sub": "ben"})), phone, 403, "client_taken"},
		{"no client ID", first.sign(t, claims(nil)), "", 400, "invalid_client_id"},
	} {
		status, code := c.as(step.token, step.client, "GET", "/v1/pull?cursor=")
		require.Equal(t, [2]any{step.status, step.code}, [2]any{status, code}, step.what)
	}
	grants, _ := s.granted(t, "auth0|ana")
	require.Equal(t, map[string]int64{"project/1 writer": 1}, grants)

	issued = time.Now()
	later := claims(map[string]any{"buckets": map[string]string{"project/2": "reader"}})
	status, code := c.as(third.sign(t, later), phone, "GET", "/v1/pull?cursor=")
	require.Equal(t, [2]any{401, "unauthorized"}, [2]any{status, code}, "the key is not published yet")
	from.publish(second, third)
	// For a moment after a fetch, the key set of the library still gives the keys of the fetch before.
	eventually := func(want int, token string) {
		require.Eventually(t, func() bool {
			status, code = c.as(token, phone, "GET", "/v1/pull?cursor=")
			return status == want
		}, time.Minute, 10*time.Millisecond)
	}
	eventually(200, third.sign(t, later))
	grants, _ = s.granted(t, "auth0|ana")
	require.Equal(t, map[string]int64{"project/2 reader": 2}, grants)
	eventually(401, first.sign(t, claims(nil)))
	require.Equal(t, "unauthorized", code, "the key was withdrawn")

	from.mu.Lock()
	from.down = true
	from.mu.Unlock()
	status, code = c.as(third.sign(t, later), phone, "GET", "/v1/pull?cursor=")
	require.Equal(t, 200, status, "the keys are known: %s", code)
	status, code = c.as(newSigner(t, "4", jose.RS256).sign(t, later), phone, "GET", "/v1/pull?cursor=")
	require.Equal(t, [2]any{503, "unavailable"}, [2]any{status, code}, "a client would be logged out by an outage")
}

// TestStreamEndsWithTheIDToken checks that an event stream ends when the ID token ends.
func TestStreamEndsWithTheIDToken(t *testing.T) {
	from, by := newIssuer(t), newSigner(t, "1", jose.ES256)
	from.publish(by)
	s := open(t, databasetest.SQLite(t))
	var err error
	s.options.Authenticate, err = openIDAccounts(t.Context(), from.URL, "board")
	require.NoError(t, err)
	ends := time.Now().Truncate(time.Second).Add(time.Hour)
	now := ends.Add(-time.Second / 2) // when the stream begins, however long the request takes
	s.at(&now)
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	r, err := http.NewRequestWithContext(ctx, "GET", listen(t, s)+"/v1/events", nil)
	require.NoError(t, err)
	r.Header.Set("Client-Id", uuid.NewString())
	r.Header.Set("Authorization", "Bearer "+by.sign(t, map[string]any{
		"iss": from.URL, "aud": "board", "sub": "ana", "workspace": "demo", "iat": time.Now().Unix(), "exp": ends.Unix(),
	}))
	next := streamOf(t, r)
	require.Equal(t, "data: 0", next())
	require.Equal(t, "ended: <nil>", next())
	require.NoError(t, ctx.Err())
}
