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

// serve answers clients until the context ends. Then it accepts no further requests, and returns
// when the current requests have been answered or cut off. It listens before it opens the database,
// so a server that cannot listen creates no database file.
func serve(ctx context.Context, s settings) error {
	listener, err := listen(s.address)
	if err != nil {
		return err
	}
	defer listener.Close()
	site, err := page.Handler()
	if err != nil {
		return err
	}
	database, srv, err := open(ctx, s)
	if err != nil {
		return err
	}
	defer database.Close()
	mux := http.NewServeMux()
	mux.Handle("/v1/", srv.Handler())
	mux.Handle("/", site)
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
	h.RegisterOnShutdown(stopWatching) // ends the event streams, which Shutdown would wait for

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
	return h.Close() // cuts off requests that take longer, which their clients send again
}

// listen listens on an address. Its errors say what to do.
func listen(address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	switch {
	case err == nil:
		return listener, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("another program listens on %s, perhaps another syncserver: choose another address, such as -addr 127.0.0.1:8081: %w", address, err)
	}
	return nil, fmt.Errorf("cannot listen on %q: -addr takes a host of this machine and a port, such as 127.0.0.1:8080: %w", address, err)
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

// links returns the URLs to open in a browser, for an address on which the server listens. If the
// server listens on all addresses of this machine, the first URL has the host localhost, and the
// others have the addresses that other machines can use.
func links(address string) []string {
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
