package main

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/clock"
)

// hosts are the names and addresses under which the server answers. Under any other name it
// would be a site of somebody else's: a web page that has its own name resolved to the
// address of this machine is of the same origin as what that name answers, and could read it.
type hosts struct {
	local bool            // only this machine can reach the server
	any   bool            // a proxy checks names
	names map[string]bool // in lower case
}

// newHosts returns the hosts of a server that listens on an address: this machine by
// localhost or by one of its addresses, what -addr says, and what -host adds.
func newHosts(listens net.Addr, s settings) hosts {
	h := hosts{names: map[string]bool{"localhost": true}}
	if tcp, ok := listens.(*net.TCPAddr); ok {
		h.local = tcp.IP.IsLoopback()
	}
	if host, _, err := net.SplitHostPort(s.address); err == nil {
		h.names[canonical(host)] = true
	}
	for name := range strings.SplitSeq(s.hosts, ",") {
		h.any = h.any || strings.TrimSpace(name) == "*"
		h.names[canonical(name)] = true
	}
	delete(h.names, "")
	return h
}

// canonical returns one spelling of a host, without its port.
func canonical(host string) string {
	host = strings.ToLower(strings.TrimSpace(host))
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.TrimSuffix(strings.Trim(host, "[]"), ".")
}

// allow reports whether a request is for this server.
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

// arrivedAt returns the address of this machine that a request was sent to.
func arrivedAt(r *http.Request) netip.Addr {
	if tcp, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}

// isOfThisMachine reports whether an address is one of this machine's, which change.
func isOfThisMachine(address netip.Addr) bool {
	all, _ := net.InterfaceAddrs() // none is found if that fails
	for _, a := range all {
		if ip, ok := a.(*net.IPNet); ok {
			if own, ok := netip.AddrFromSlice(ip.IP); ok && own.Unmap() == address {
				return true
			}
		}
	}
	return false
}

// only keeps requests for other hosts out.
func (h hosts) only(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.allow(r) {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Server-Time", clock.TimestampOf(time.Now()).String())
		w.WriteHeader(http.StatusMisdirectedRequest)
		w.Write([]byte(`{"code":"wrong_host","detail":"this server does not answer under this name: see its flags -addr and -host"}` + "\n"))
	})
}
