package main

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// throttle is a proxy on the loopback interface that delays what a server sends.
type throttle struct {
	url      string
	network  network
	server   string
	listener net.Listener
	sent     atomic.Int64 // bytes from the server

	mu   sync.Mutex
	free time.Time // when the line has sent all that it has accepted
	open []net.Conn
}

// throttled starts a proxy for a server.
func throttled(url string, n network) (*throttle, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	t := &throttle{url: "http://" + listener.Addr().String(), network: n, server: strings.TrimPrefix(url, "http://"), listener: listener}
	go t.accept()
	return t, nil
}

// close ends the proxy, and returns how many bytes the server has sent through it.
func (t *throttle) close() int64 {
	t.listener.Close()
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range t.open {
		c.Close()
	}
	return t.sent.Load()
}

func (t *throttle) accept() {
	for {
		device, err := t.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", t.server)
		if err != nil {
			device.Close()
			continue
		}
		t.mu.Lock()
		t.open = append(t.open, device, server)
		t.mu.Unlock()
		go io.Copy(server, device)
		go t.forward(device, server)
	}
}

// packet is what the server has sent, and when the device gets it.
type packet struct {
	text []byte
	at   time.Time
}

// forward copies what the server sends. The delay of a packet does not delay the packets after it.
func (t *throttle) forward(device, server net.Conn) {
	line := make(chan packet, 1<<16)
	go func() {
		defer device.Close()
		for p := range line {
			time.Sleep(time.Until(p.at))
			if _, err := device.Write(p.text); err != nil {
				return
			}
		}
	}()
	defer close(line)
	for {
		text := make([]byte, 4<<10)
		n, err := server.Read(text)
		if n > 0 {
			line <- packet{text[:n], t.arrival(n)}
		}
		if err != nil && !errors.Is(err, io.ErrNoProgress) {
			return
		}
	}
}

// arrival returns when the next n bytes arrive at the device. All connections share the line.
func (t *throttle) arrival(n int) time.Time {
	t.sent.Add(int64(n))
	t.mu.Lock()
	defer t.mu.Unlock()
	if now := time.Now(); t.free.Before(now) {
		t.free = now
	}
	if t.network.bytes > 0 {
		t.free = t.free.Add(time.Duration(n) * time.Second / time.Duration(t.network.bytes))
	}
	return t.free.Add(t.network.latency)
}
