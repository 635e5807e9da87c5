package listen

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
)

// Metrics serves the metrics of a program, at an address of their own that clients need not reach. A nil Metrics serves
// nothing.
type Metrics struct {
	site     Site
	listener net.Listener
	running  sync.WaitGroup
	stop     context.CancelFunc // nil if nothing is served
}

// ListenMetrics listens on the address of the flag -metrics, for the metrics of the program of a site. If the address is
// empty, it returns nil.
func (s Site) ListenMetrics(address string) (*Metrics, error) {
	if address == "" {
		return nil, nil
	}
	site := Site{Name: s.Name, Address: address, Flag: "metrics", Hosts: s.Hosts}
	listener, err := site.Listen()
	if err != nil {
		return nil, err
	}
	return &Metrics{site: site, listener: listener}, nil
}

// Serve begins to answer GET /metrics with a handler, and prints where. If it fails later, it prints why, and clients of the
// site are served without it. Call it once.
func (m *Metrics) Serve(handler http.Handler, out io.Writer) {
	if m == nil {
		return
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", handler)
	m.site.Handler = mux
	var ctx context.Context
	ctx, m.stop = context.WithCancel(context.Background())
	fmt.Fprintf(out, "%s: metrics at http://%s/metrics\n", m.site.Name, m.listener.Addr())
	m.running.Go(func() {
		if err := m.site.Serve(ctx, m.listener, io.Discard); err != nil {
			fmt.Fprintf(out, "%s: metrics are no longer served: %v\n", m.site.Name, err)
		}
	})
}

// Close ends Serve, and stops listening.
func (m *Metrics) Close() {
	if m == nil {
		return
	}
	if m.stop != nil {
		m.stop()
	}
	m.running.Wait()
	m.listener.Close()
}
