package listen

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
)

// TestForeignHostNamesAreRefused checks that a server answers under localhost, its own addresses
// and its configured names, and under no other name, even if that name resolves to the server.
func TestForeignHostNamesAreRefused(t *testing.T) {
	const here, elsewhere = "192.0.2.7", "192.0.2.8"
	everywhere := &net.TCPAddr{IP: net.IPv4zero, Port: 8080}
	for _, c := range []struct {
		listens         *net.TCPAddr
		address         string
		names           []string
		allowed, denied []string
	}{
		{
			&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}, "127.0.0.1:8080", nil,
			[]string{"localhost", "LOCALHOST:8080", "localhost.", "127.0.0.1:8080", "127.1.2.3", "[::1]:8080", "[::ffff:127.0.0.1]"},
			[]string{"", "evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", here, elsewhere, "0.0.0.0:8080"},
		},
		{
			everywhere, "0.0.0.0:8080", nil,
			[]string{"localhost:8080", "127.0.0.1:8080", here, here + ":8080", "[::ffff:" + here + "]:8080"},
			[]string{"", "evil.example", "evil.example:8080", elsewhere, "[2001:db8::1]:8080", here + ".evil.example"},
		},
		{
			everywhere, ":8080", []string{"board.example", "Team.Example:443"},
			[]string{"board.example", "BOARD.example:8080", "team.example", "localhost", here},
			[]string{"", "evil.example", "x.board.example", "board.example.evil.example", elsewhere},
		},
		{
			&net.TCPAddr{IP: net.ParseIP(here), Port: 8080}, "my-desk:8080", nil,
			[]string{"my-desk:8080", "my-desk", here + ":8080", "localhost"},
			[]string{"evil.example", elsewhere},
		},
		{everywhere, ":8080", []string{"*"}, []string{"evil.example", elsewhere, ""}, nil},
	} {
		h := newHosts(c.listens, Site{Address: c.address, Hosts: c.names}).only(http.NotFoundHandler())
		answer := func(host string) *httptest.ResponseRecorder {
			r := httptest.NewRequest("GET", "/", nil)
			r.Host = host
			ctx := context.WithValue(r.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.ParseIP(here), Port: 8080})
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r.WithContext(ctx))
			return w
		}
		for _, host := range c.allowed {
			require.Equal(t, http.StatusNotFound, answer(host).Code, "%s: %s", c.address, host)
		}
		for _, host := range c.denied {
			w := answer(host)
			require.Equal(t, http.StatusMisdirectedRequest, w.Code, "%s: %s", c.address, host)
			var failure struct{ Code, Detail string }
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &failure))
			require.Equal(t, "wrong_host", failure.Code)
			at, err := clock.ParseTimestamp(w.Header().Get("Server-Time"))
			require.NoError(t, err)
			require.InDelta(t, time.Now().Unix(), at.Time().Unix(), 60)
		}
	}
}

// TestInterfaceAddressesAreAllowed checks that the server answers under each address of its
// network interfaces.
func TestInterfaceAddressesAreAllowed(t *testing.T) {
	h := newHosts(&net.TCPAddr{IP: net.IPv6zero}, Site{Address: ":0"})
	all, err := net.InterfaceAddrs()
	require.NoError(t, err)
	require.NotEmpty(t, all)
	for _, a := range all {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = net.JoinHostPort(a.(*net.IPNet).IP.String(), "8080")
		require.True(t, h.allow(r), r.Host)
	}
}

// TestOnlyTheLastForwardedAddressIsUsed checks that a client cannot forge its address: only the
// last entry counts, which the proxy adds.
func TestOnlyTheLastForwardedAddressIsUsed(t *testing.T) {
	for _, c := range []struct {
		headers []string
		want    string
	}{
		{nil, "198.51.100.1:1234"},
		{[]string{"192.0.2.7"}, "192.0.2.7:0"},
		{[]string{"10.0.0.1, 192.0.2.7"}, "192.0.2.7:0"},
		{[]string{"10.0.0.1", "192.0.2.7"}, "192.0.2.7:0"},
		{[]string{"2001:db8::7"}, "[2001:db8::7]:0"},
		{[]string{"unknown"}, "198.51.100.1:1234"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = "198.51.100.1:1234"
		r.Header["X-Forwarded-For"] = c.headers
		forwarded(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			require.Equal(t, c.want, r.RemoteAddr)
		})).ServeHTTP(httptest.NewRecorder(), r)
	}
}
