package server

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
)

// crossOrigin lets the web pages of Options.Origins use a handler. Browsers then send requests of these
// pages, and let them read the answers and some headers. The server needs no cookies, so the requests have
// none.
func (s *Frontend) crossOrigin(next http.Handler) http.Handler {
	if len(s.options.Origins) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Add("Vary", "Origin")
		origin := r.Header.Get("Origin")
		if !slices.Contains(s.options.Origins, origin) {
			next.ServeHTTP(w, r)
			return
		}
		h.Set("Access-Control-Allow-Origin", origin)
		if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
			h.Set("Access-Control-Expose-Headers", "Server-Time, Retry-After")
			next.ServeHTTP(w, r)
			return
		}
		// The browser asks whether it may send the real request.
		h.Set("Access-Control-Allow-Methods", "GET, POST, DELETE")
		h.Set("Access-Control-Allow-Headers", "Authorization, Client-Id, Content-Type")
		h.Set("Access-Control-Max-Age", "3600") // seconds
		h.Set("Server-Time", clock.TimestampOf(s.options.Now()).String())
		w.WriteHeader(http.StatusNoContent)
	})
}

// checkOrigins returns an error if a text is not an origin as browsers send it: a scheme and a host, and
// a port unless it is the default of the scheme.
func checkOrigins(origins []string) error {
	for _, origin := range origins {
		if u, err := url.Parse(origin); err != nil || u.Scheme == "" || u.Host == "" || u.Scheme+"://"+u.Host != origin {
			return fmt.Errorf("the origin %q must consist of a scheme and a host, such as https://app.example.com", origin)
		}
	}
	return nil
}
