package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/page"
)

// serve answers clients until the context ends. Then it takes no more requests, and ends
// when those that it has are answered. It listens before it opens the database, so a server
// that cannot listen leaves no database behind.
func serve(ctx context.Context, s settings) error {
	listener, err := listen(s.address)
	if err != nil {
		return err
	}
	defer listener.Close()
	database, srv, err := open(ctx, s)
	if err != nil {
		return err
	}
	defer database.Close()
	mux := http.NewServeMux()
	mux.Handle("/v1/", srv.Handler())
	mux.Handle("/", page.Handler())
	handler := newHosts(listener.Addr(), s).only(mux)
	if s.proxy {
		handler = forwarded(handler)
	}
	h := &http.Server{
		Handler:        handler,
		MaxHeaderBytes: 16 << 10, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ReadTimeout: time.Minute, WriteTimeout: time.Minute, // the handlers extend both while a client makes progress
	}

	watching, stopWatching := context.WithCancel(context.Background())
	defer stopWatching()
	go srv.Watch(watching)
	h.RegisterOnShutdown(stopWatching) // event streams would not end by themselves

	all := links(listener.Addr().String())
	fmt.Printf("syncserver: open %s\n", all[0])
	for _, other := range all[1:] {
		fmt.Printf("syncserver: or, from other machines, %s\n", other)
	}
	failed := make(chan error, 1)
	go func() { failed <- h.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := h.Shutdown(grace); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return h.Close() // clients that are so slow send the same again
}

// listen listens on an address, or says what to do.
func listen(address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	switch {
	case err == nil:
		return listener, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("another program listens on %s, perhaps a server that runs already: name another address, such as -addr 127.0.0.1:8081: %w", address, err)
	}
	return nil, fmt.Errorf("cannot listen on %q: -addr takes a host of this machine and a port, such as 127.0.0.1:8080: %w", address, err)
}

// forwarded gives requests the address that a proxy says they came from. Entries before the
// last one are what the client says.
func forwarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		all := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		if address, err := netip.ParseAddr(strings.TrimSpace(all[len(all)-1])); err == nil {
			r.RemoteAddr = netip.AddrPortFrom(address, 0).String()
		}
		next.ServeHTTP(w, r)
	})
}

// links returns what to open in a browser, given an address to listen on. If that is all the
// addresses that this machine has, it is localhost here, and elsewhere one of those that
// follow.
func links(address string) []string {
	host, port, err := net.SplitHostPort(address)
	if err != nil || host != "" && !net.ParseIP(host).IsUnspecified() {
		return []string{"http://" + address}
	}
	all := []string{"http://" + net.JoinHostPort("localhost", port)}
	addresses, _ := net.InterfaceAddrs() // none is found if that fails
	for _, a := range addresses {
		if ip, ok := a.(*net.IPNet); ok && ip.IP.To4() != nil && ip.IP.IsGlobalUnicast() {
			all = append(all, "http://"+net.JoinHostPort(ip.IP.String(), port))
		}
	}
	return all
}
