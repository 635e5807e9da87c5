package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
)

// TestOnlyListedOriginsMayUseTheServer checks which headers an answer has for the pages of an origin. A
// browser reads an answer, or sends a request with a token, only if the headers name the origin.
func TestOnlyListedOriginsMayUseTheServer(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	const app = "https://app.example.com"
	for _, origin := range []string{"*", "", "null", "app.example.com", app + "/", app + "/page", "https://ana@app.example.com"} {
		_, err := New(t.Context(), s.database, Options{Origins: []string{app, origin}})
		require.ErrorContains(t, err, "origin", origin)
	}
	for _, c := range []struct {
		origins        []string
		method, origin string
		allowed        bool
		status         int
	}{
		{nil, "GET", app, false, 401},
		{nil, "OPTIONS", app, false, 405},
		{[]string{"https://a.example", app}, "GET", app, true, 401},
		{[]string{"https://a.example", app}, "OPTIONS", app, true, 204},
		{[]string{app}, "GET", "", false, 401},
		{[]string{app}, "OPTIONS", "", false, 405},
		{[]string{app}, "OPTIONS", "https://evil.example", false, 405},
		{[]string{app}, "OPTIONS", app + ".evil.example", false, 405},
		{[]string{app}, "OPTIONS", "http://app.example.com", false, 405},
		{[]string{app}, "OPTIONS", "null", false, 405},
	} {
		s.options.Origins = c.origins
		r := httptest.NewRequest(c.method, "/v1/pull", nil)
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		if c.method == "OPTIONS" {
			r.Header.Set("Access-Control-Request-Method", "GET")
			r.Header.Set("Access-Control-Request-Headers", "authorization,client-id")
		}
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		h := w.Header()
		require.Equal(t, c.status, w.Code, "%+v", c)
		require.NotEmpty(t, h.Get("Server-Time"), "%+v", c)
		require.Empty(t, h.Get("Access-Control-Allow-Credentials"))
		require.Equal(t, len(c.origins) > 0, strings.Contains(h.Get("Vary"), "Origin"), "a cache could give an answer to another origin: %+v", c)
		want := http.Header{}
		if c.allowed {
			want.Set("Access-Control-Allow-Origin", c.origin)
			if c.method == "OPTIONS" {
				want.Set("Access-Control-Allow-Methods", "GET, POST, DELETE")
				want.Set("Access-Control-Allow-Headers", "Authorization, Client-Id, Content-Type")
				want.Set("Access-Control-Max-Age", "3600")
			} else {
				want.Set("Access-Control-Expose-Headers", "Server-Time, Retry-After")
			}
		}
		for name := range h {
			if strings.HasPrefix(name, "Access-Control-") {
				require.Equal(t, want.Get(name), h.Get(name), "%s: %+v", name, c)
				want.Del(name)
			}
		}
		require.Empty(t, want, "%+v", c)
	}
}
