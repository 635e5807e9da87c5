package main

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/examples/syncserver/replica/remote"
)

// unreadPulls lets clients pull everything and read nothing, and prints how much memory that
// takes.
func (r *run) unreadPulls(ctx context.Context) error {
	if r.process == nil || r.unread == 0 {
		return nil
	}
	before := r.process.Memory()
	var d *remote.Client
	for i := range r.unread {
		if i%4 == 0 { // as many pulls as a client may have at once
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
		_, err = fmt.Fprintf(conn, "GET /v1/pull?limit=10000 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n", d.Token)
		if err != nil {
			return err
		}
	}
	after := before
	for quiet := 0; quiet < 5; quiet++ { // seconds in which the memory does not grow
		time.Sleep(time.Second)
		if now := r.process.Memory(); now > after {
			after, quiet = now, 0
		}
	}
	fmt.Printf("%d pulls that are not read: the memory of the server went from %d to %d MB\n", r.unread, before, after)
	return nil
}
