package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
)

// request is a request of an attacker.
type request struct {
	method, path string
	body         []byte
	header       map[string]string
}

// String returns the request as a text.
func (r request) String() string { return fmt.Sprintf("%s %s %s", r.method, r.path, r.body) }

// do sends a request to one of the servers, checks all that arrives, and returns the status, or 0 if the
// server was killed.
func (d *device) do(r request) (status int, text []byte, when span) {
	asked, err := http.NewRequest(r.method, "http://"+d.addresses[rand.IntN(2)]+r.path, bytes.NewReader(r.body))
	if err != nil {
		return 0, nil, when
	}
	asked.Header.Set("Authorization", "Bearer "+d.token)
	asked.Header.Set("Accept-Encoding", []string{"identity", "gzip", "zstd"}[rand.IntN(3)])
	for name, value := range r.header {
		asked.Header.Set(name, value)
	}
	d.sends(d.id, r.String())
	when.from = time.Now()
	response, err := http.DefaultTransport.RoundTrip(asked)
	if err != nil {
		return 0, nil, when
	}
	defer response.Body.Close()
	text = plain(response)
	when.to = time.Now()
	a := answer{d.user, d.id, when, r.String(), append(bytes.Clone(text), fmt.Sprint("\n", response.Header)...)}
	d.check(a)
	return response.StatusCode, text, when
}

// get sends a GET.
func (d *device) get(path string) ([]byte, error) {
	status, text, _ := d.do(request{method: "GET", path: path})
	if status != http.StatusOK {
		return nil, fmt.Errorf("status %d", status)
	}
	return text, nil
}

// slowly sends a pull, waits until the answer begins, and returns a function that reads and checks the
// rest, as an answer to a request of that moment.
func (d *device) slowly(path string) (rest func() (size int)) {
	dialer := net.Dialer{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) { syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096) })
	}}
	transport := &http.Transport{DialContext: dialer.DialContext, DisableCompression: true, ReadBufferSize: 512}
	asked, err := http.NewRequest("GET", "http://"+d.addresses[0]+path, nil)
	require.NoError(d.t, err)
	asked.Header.Set("Authorization", "Bearer "+d.token)
	response, err := transport.RoundTrip(asked)
	require.NoError(d.t, err)
	first := make([]byte, 100)
	_, err = io.ReadFull(response.Body, first)
	require.NoError(d.t, err)
	from := time.Now()
	return func() int {
		defer transport.CloseIdleConnections()
		defer response.Body.Close()
		text := append(first, plain(response)...)
		d.check(answer{d.user, d.id, span{from, time.Now()}, path, text})
		return len(text)
	}
}

// plain returns the body of a response without compression, up to where it was cut off.
func plain(response *http.Response) []byte {
	var from io.Reader = response.Body
	switch response.Header.Get("Content-Encoding") {
	case "gzip":
		z, err := gzip.NewReader(from)
		if err != nil {
			return nil
		}
		from = z
	case "zstd":
		z, err := zstd.NewReader(from)
		if err != nil {
			return nil
		}
		defer z.Close()
		from = z
	}
	var text bytes.Buffer
	text.ReadFrom(from)
	return text.Bytes()
}
