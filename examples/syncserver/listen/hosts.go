package listen

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/clock"
)

// hosts contains the host names and addresses under which the server answers. Restricting them
// prevents DNS rebinding: the owner of a web page can make its host name resolve to the address of
// this machine. If the server answered under that name, browsers would treat the server and that
// web page as one origin, and the web page could read the answers.
type hosts struct {
	local bool            // only this machine can reach the server
	any   bool            // any name is allowed, because a proxy checks it
	names map[string]bool // the allowed names, in lower case
}

// newHosts returns the hosts of a site: localhost, the addresses of this machine, the host of the address on which
// the site listens, and further names.
func newHosts(listens net.Addr, s Site) hosts {
	h := hosts{names: map[string]bool{"localhost": true}}
	if tcp, ok := listens.(*net.TCPAddr); ok {
		h.local = tcp.IP.IsLoopback()
	}
	if host, _, err := net.SplitHostPort(s.Address); err == nil {
		h.names[canonical(host)] = true
	}
	for _, name := range s.Hosts {
		h.any = h.any || name == "*"
		h.names[canonical(name)] = true
	}
	delete(h.names, "")
	return h
}

// canonical returns the canonical spelling of a host, without its port.
func canonical(host string) string {
	host = strings.ToLower(strings.TrimSpace(host))
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.TrimSuffix(strings.Trim(host, "[]"), ".")
}

// allow reports whether a request names a host of this server.
func (h hosts) allow(r *http.Request) bool {
	host := canonical(r.Host)
	if h.any || h.names[host] {
		return true
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	address = address.Unmap().WithZone("")
	return address.IsLoopback() || !h.local && (address == arrivedAt(r) || isOfThisMachine(address))
}

// arrivedAt returns the local address at which a request arrived.
func arrivedAt(r *http.Request) netip.Addr {
	if tcp, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}

// isOfThisMachine reports whether an address belongs to this machine. It asks the system at each
// call, because the addresses of a machine change.
func isOfThisMachine(address netip.Addr) bool {
	all, _ := net.InterfaceAddrs() // after an error, the list is empty and the answer is false
	for _, a := range all {
		if ip, ok := a.(*net.IPNet); ok {
			if own, ok := netip.AddrFromSlice(ip.IP); ok && own.Unmap() == address {
				return true
			}
		}
	}
	return false
}

// only returns a handler that refuses requests for other hosts.
func (h hosts) only(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.allow(r) {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Server-Time", clock.TimestampOf(time.Now()).String())
		w.WriteHeader(http.StatusMisdirectedRequest)
		w.Write([]byte(`{"code":"wrong_host","detail":"this server does not answer under this host name: to allow the name, restart the server with it in -host"}` + "\n"))
	})
}
