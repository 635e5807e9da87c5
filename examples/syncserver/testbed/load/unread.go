package main

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/examples/syncserver/replica/remote"
)

// unreadPulls starts pulls without reading the answers, and prints how much memory they take in
// the server.
func (r *run) unreadPulls(ctx context.Context) error {
	if r.process == nil || r.unread == 0 {
		return nil
	}
	before := r.process.Memory()
	var d *remote.Client
	for i := range r.unread {
		if i%4 == 0 { // a client may have four pulls at once
			var err error
			if d, err = r.join(ctx); err != nil {
				return err
			}
		}
		conn, err := net.Dial("tcp", strings.TrimPrefix(r.server.URL, "http://"))
		if err != nil {
			return err
		}
		defer conn.Close()
		if err := conn.(*net.TCPConn).SetReadBuffer(4096); err != nil {
			return err
		}
		_, err = fmt.Fprintf(conn, "GET /v1/pull?limit=10000&cursor= HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n", d.Token)
		if err != nil {
			return err
		}
	}
	after := before
	for quiet := 0; quiet < 5; quiet++ { // until the memory has not grown for 5 seconds
		time.Sleep(time.Second)
		if now := r.process.Memory(); now > after {
			after, quiet = now, 0
		}
	}
	fmt.Printf("%d unread pulls: the memory of the server grew from %d to %d MB\n", r.unread, before, after)
	return nil
}
