package listen

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"
)

// Site is a handler to serve to the network. Name, Address and Handler are required.
type Site struct {
	Name    string   // of the program, for messages
	Address string   // host and port
	Flag    string   // that sets the Address, for messages; empty means addr
	Hosts   []string // further host names under which the site answers; "*" stands for any
	// Proxy says that all requests come from a proxy, which appends the address of each client to the header
	// X-Forwarded-For.
	Proxy   bool
	Handler http.Handler
	// Watch runs while the site is served, until its context ends. Nil does nothing. It must end open event streams
	// when it ends, because a stop waits for them.
	Watch func(context.Context)
	// Stopping is called when a stop begins, which then waits for the requests under way, for 20 s at most. Nil does
	// nothing.
	Stopping func()
}

// grace is how long a stop waits for requests.
const grace = 20 * time.Second

// Listen listens on the address. Its errors say what to do.
func (s Site) Listen() (net.Listener, error) {
	listener, err := net.Listen("tcp", s.Address)
	flag := cmp.Or(s.Flag, "addr")
	switch {
	case err == nil:
		return listener, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("another program listens on %s, perhaps another %s: choose another address, such as -%s 127.0.0.1:8081: %w", s.Address, s.Name, flag, err)
	}
	return nil, fmt.Errorf("cannot listen on %q: -%s takes a host of this machine and a port, such as 127.0.0.1:8080: %w", s.Address, flag, err)
}

// Serve answers clients until the context ends. Then it accepts no further requests, and returns when the current
// requests have been answered or, after 20 seconds, cut off. It prints the addresses of the site, and closes the
// listener.
func (s Site) Serve(ctx context.Context, listener net.Listener, out io.Writer) error {
	handler := newHosts(listener.Addr(), s).only(s.Handler)
	if s.Proxy {
		handler = forwarded(handler)
	}
	h := &http.Server{
		Handler:        handler,
		MaxHeaderBytes: 16 << 10, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ReadTimeout: time.Minute, WriteTimeout: time.Minute, // the handlers extend both while a client makes progress
	}
	watching, stopWatching := context.WithCancel(context.Background())
	defer stopWatching()
	if s.Watch != nil {
		go s.Watch(watching)
	}
	h.RegisterOnShutdown(stopWatching) // ends the event streams, which Shutdown would wait for

	s.announce(out, listener.Addr().String())
	failed := make(chan error, 1)
	go func() { failed <- h.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	if s.Stopping != nil {
		s.Stopping()
	}
	ending, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if err := h.Shutdown(ending); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return h.Close() // cuts off requests that take longer, which their clients send again
}

// announce prints the addresses of the site.
func (s Site) announce(out io.Writer, address string) {
	all := Links(address)
	fmt.Fprintf(out, "%s: open %s\n", s.Name, all[0])
	for _, other := range all[1:] {
		fmt.Fprintf(out, "%s: or, from other machines, %s\n", s.Name, other)
	}
}

// forwarded sets the remote address of each request to the address that the proxy reports, which is
// the last entry of X-Forwarded-For. The client could have sent the earlier entries itself.
func forwarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		all := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		if address, err := netip.ParseAddr(strings.TrimSpace(all[len(all)-1])); err == nil {
			r.RemoteAddr = netip.AddrPortFrom(address, 0).String()
		}
		next.ServeHTTP(w, r)
	})
}

// Links returns the URLs to open in a browser, for an address on which a site listens. If the
// site listens on all addresses of this machine, the first URL has the host localhost, and the
// others have the addresses that other machines can use.
func Links(address string) []string {
	host, port, err := net.SplitHostPort(address)
	if err != nil || host != "" && !net.ParseIP(host).IsUnspecified() {
		return []string{"http://" + address}
	}
	all := []string{"http://" + net.JoinHostPort("localhost", port)}
	addresses, _ := net.InterfaceAddrs() // after an error the list is empty
	for _, a := range addresses {
		if ip, ok := a.(*net.IPNet); ok && ip.IP.To4() != nil && ip.IP.IsGlobalUnicast() {
			all = append(all, "http://"+net.JoinHostPort(ip.IP.String(), port))
		}
	}
	return all
}
